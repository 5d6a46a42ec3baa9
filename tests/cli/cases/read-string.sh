"$KPEEK" read -s version "$IMAGES/fbsd-v3-kernel" "$IMAGES/fbsd-v3-kernel.elf"
