# Full dumps, and the kernel file of another kernel of the machine.
cd "$IMAGES"
for pair in 'full-mips state-mips' 'full-mips64 state-mips64' \
    'full-arm64 state-arm64' 'full-riscv state-riscv' \
    'full-i386-13 state-i386' 'full-arm state-arm'; do
	set -- $pair
	"$KPEEK" info -N "fbsd-$2.elf" "fbsd-$1" 2>&1 |
	    sed "s/0x[0-9a-f]*/0x.../g"
done
