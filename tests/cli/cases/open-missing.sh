"$KPEEK" info /nonexistent 2>&1
