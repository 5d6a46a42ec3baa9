# What comes before the first byte that is not there is printed.
"$KPEEK" read -p 0x9fbe4 64 "$IMAGES/linux-elf-4level" 2>&1 | sed "s|$IMAGES/||;s/  *|.*//"
"$KPEEK" read -p --json 0x9fbf8 16 "$IMAGES/linux-elf-4level" 2>/dev/null | grep length
exec "$KPEEK" read -p 0x9fbf8 16 "$IMAGES/linux-elf-4level" >/dev/null 2>&1
