"$KPEEK" info "$IMAGES/fbsd-v3-kernel" "$IMAGES/fbsd-v3-kernel.elf" | sed "s|$IMAGES/||g"
