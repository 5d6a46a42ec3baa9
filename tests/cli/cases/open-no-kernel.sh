# What is no kernel is refused, also where a dump has nothing to compare it with.
made=$(mktemp -d)
trap 'rm -r "$made"' EXIT
for file in /bin/sh "$KPEEK"; do
	"$KPEEK" info "$IMAGES/fbsd-v3-tiny" "$file" 2>&1 | sed "s|$file|FILE|"
done
# Symbols, but none of a kernel's.
printf 'int f(void) { return (0); }\n' > "$made/f.c"
cc -nostdlib -static -Wl,-e,f -o "$made/f" "$made/f.c"
"$KPEEK" info "$IMAGES/fbsd-v3-tiny" "$made/f" 2>&1 | sed "s|$made/f|FILE|"
