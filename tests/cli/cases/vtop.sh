"$KPEEK" vtop 0xfffff80000001000 "$IMAGES/fbsd-v3-tiny" | head -n 2
