"$KPEEK" --help | head -n 1; "$KPEEK" sym --help | head -n 1
