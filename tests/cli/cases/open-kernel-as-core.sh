"$KPEEK" info "$IMAGES/fbsd-v3-kernel.elf" 2>&1 | sed "s/.*: an ELF/an ELF/"
