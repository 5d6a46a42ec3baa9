set -- -M "$IMAGES/fbsd-v3-kernel" -N "$IMAGES/fbsd-v3-kernel.elf"
for what in "" +8 ffffffffffffffff+1 0x10000000000000000 nowhere+8; do
	"$KPEEK" read "$what" 8 "$@" 2>&1
	"$KPEEK" vtop "$what" "$@" 2>&1
done
"$KPEEK" sym "" "$@" 2>&1
# The dump alone is taken for the name.
"$KPEEK" read ./vmcore "$@" 2>&1
"$KPEEK" regs -c x "$@" 2>&1
"$KPEEK" sym "a$(printf '\033')[31m" "$@" 2>&1
