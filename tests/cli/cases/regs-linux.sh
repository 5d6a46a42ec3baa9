# All CPUs, one, and one that is not there.
"$KPEEK" regs "$IMAGES/linux-elf-4level"
"$KPEEK" regs -c 1 --json "$IMAGES/linux-elf-4level" | head -n 7
"$KPEEK" regs -c 7 "$IMAGES/linux-elf-4level" 2>/dev/null
