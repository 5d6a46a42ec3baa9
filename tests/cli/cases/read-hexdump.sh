"$KPEEK" read version+4 20 "$IMAGES/fbsd-v3-kernel" "$IMAGES/fbsd-v3-kernel.elf"
