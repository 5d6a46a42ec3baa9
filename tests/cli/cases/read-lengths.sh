set -- -M "$IMAGES/fbsd-v3-kernel" -N "$IMAGES/fbsd-v3-kernel.elf"
# What was asked for, and not what stands for nothing said.
"$KPEEK" read version 0 "$@" 2>&1
echo $?
"$KPEEK" read version 5000000000 "$@" 2>&1
echo $?
# Whole words.
"$KPEEK" read -w version 1 "$@"
"$KPEEK" read -w version 9 "$@"
"$KPEEK" read -w --json version 9 "$@" | grep length
# The string's own.
"$KPEEK" read -s --json version "$@" | grep length
"$KPEEK" read -s --json version 7 "$@" | grep length
