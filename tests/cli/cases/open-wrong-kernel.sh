"$KPEEK" info "$IMAGES/fbsd-v3-kernel" "$IMAGES/fbsd-elf-otherid" 2>&1 | sed "s|$IMAGES/||g"
