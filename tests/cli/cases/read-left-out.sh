"$KPEEK" read fffff80000001000 8 "$IMAGES/fbsd-v3-kernel" 2>&1
