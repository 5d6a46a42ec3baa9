"$KPEEK" -M "$IMAGES/fbsd-v3-kernel" -N "$IMAGES/fbsd-v3-kernel.elf" sym version; "$KPEEK" sym -N "$IMAGES/fbsd-v3-kernel.elf" version "$IMAGES/fbsd-v3-kernel"
