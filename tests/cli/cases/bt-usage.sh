"$KPEEK" bt -a 1 "$IMAGES/linux-elf-4level" 2>&1
"$KPEEK" bt 0 "$IMAGES/linux-elf-4level" 2>&1
