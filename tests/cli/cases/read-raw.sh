"$KPEEK" read -r version 12 "$IMAGES/fbsd-v3-kernel" "$IMAGES/fbsd-v3-kernel.elf"; echo
