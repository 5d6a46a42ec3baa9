"$KPEEK" sym 0xffffffff80400010 "$IMAGES/fbsd-v3-kernel" "$IMAGES/fbsd-v3-kernel.elf"
