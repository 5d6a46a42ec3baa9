"$KPEEK" info / 2>&1
