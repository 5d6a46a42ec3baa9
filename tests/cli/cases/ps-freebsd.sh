"$KPEEK" ps "$IMAGES/fbsd-v2-kernel" "$IMAGES/fbsd-v2-kernel.elf"
"$KPEEK" ps -H -p 742 "$IMAGES/fbsd-v3-kernel" "$IMAGES/fbsd-v3-kernel.elf"
# Nothing tells where the ids of users are.
"$KPEEK" ps -U 0 "$IMAGES/fbsd-v3-kernel" "$IMAGES/fbsd-v3-kernel.elf" 2>&1 | sed "s|$IMAGES/||g"
