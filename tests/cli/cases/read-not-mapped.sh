"$KPEEK" read 0x1000 8 "$IMAGES/linux-elf-4level" 2>&1 | sed "s/ (level.*//"
