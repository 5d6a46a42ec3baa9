"$KPEEK" read -M /dev/null 0xffffffff81000000 8 2>&1
