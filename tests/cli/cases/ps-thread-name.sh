# A thread without a name has its process's; long ones are whole.
"$KPEEK" ps -H -o pid,tid,tdname "$IMAGES/fbsd-state-amd64-v3" \
    "$IMAGES/fbsd-state-amd64.elf" | grep -E '100102|100111'
"$KPEEK" ps -H --json "$IMAGES/fbsd-state-amd64-v3" \
    "$IMAGES/fbsd-state-amd64.elf" | grep -A 8 -E '100102|100111' | grep comm
