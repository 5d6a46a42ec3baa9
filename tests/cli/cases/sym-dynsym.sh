"$KPEEK" sym version -M "$IMAGES/fbsd-v3-kernel" -N "$IMAGES/fbsd-elf-stripped"
