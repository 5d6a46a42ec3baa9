"$KPEEK" bt -a "$IMAGES/fbsd-state-amd64-full" "$IMAGES/fbsd-state-amd64.elf" 2>&1 >/dev/null
