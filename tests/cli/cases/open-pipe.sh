# Nothing waits for who might write into a pipe, nor into one that lies where a
# file is looked for.
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
cp "$IMAGES/vmcore_encrypted.0" "$IMAGES/fbsd-state-mips64.elf" "$dir"
cp "$IMAGES/fbsd-state-amd64.elf" "$dir/kernel"
for i in pipe key.0 fbsd-state-mips64.elf.debug if_em.ko; do
	mkfifo "$dir/$i"
done
kpeek() {
	timeout 20 "$KPEEK" "$@" 2>&1 | sed "s|$dir/||g; s|$IMAGES/||g"
}
kpeek info "$dir/pipe"
kpeek info "$IMAGES/fbsd-v3" "$dir/pipe"
kpeek info --with "$dir/pipe" "$IMAGES/fbsd-v3"
kpeek save "$dir/pipe" "$dir"
kpeek info --key "$IMAGES/fbsd-encrypted.pem" "$dir/vmcore_encrypted.0"
kpeek load "$IMAGES/fbsd-state-mips64-v2" "$dir/fbsd-state-mips64.elf"
kpeek mods "$IMAGES/fbsd-state-amd64-v3" "$dir/kernel" | head -n 1
