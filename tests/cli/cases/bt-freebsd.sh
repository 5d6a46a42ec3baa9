# The thread that panicked first, then what else ran; one that slept; one that left no stack.
# Where in a function is the compiler's business.
plain() { sed -E 's/ [0-9a-f]{16} / /; s|\+0x[0-9a-f]+/0x[0-9a-f]+||'; }
"$KPEEK" bt "$IMAGES/fbsd-state-amd64-v3" "$IMAGES/fbsd-state-amd64.elf" | plain
"$KPEEK" bt 742 "$IMAGES/fbsd-state-arm64-v3" "$IMAGES/fbsd-state-arm64.elf" | plain
"$KPEEK" bt 12 "$IMAGES/fbsd-state-riscv-v2" "$IMAGES/fbsd-state-riscv.elf" | plain
