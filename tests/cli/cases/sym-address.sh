"$KPEEK" sym 0xffffffff80400010 "$IMAGES/fbsd-v3-kernel" "$IMAGES/fbsd-v3-kernel.elf"
# None ends there, or lies anywhere near.
"$KPEEK" sym 0xffffffffffffffff "$IMAGES/fbsd-v3-kernel" "$IMAGES/fbsd-v3-kernel.elf" 2>&1
"$KPEEK" read -w allproc 8 "$IMAGES/fbsd-state-powerpc64-hpt-v2" "$IMAGES/fbsd-state-powerpc64.elf"
