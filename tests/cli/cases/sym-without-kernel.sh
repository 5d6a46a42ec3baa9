"$KPEEK" sym version "$IMAGES/fbsd-v3-kernel" 2>&1 | sed "s|$IMAGES/||g"
