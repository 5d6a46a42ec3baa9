# A reason quotes the image, which may hold anything; a terminal obeys some.
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
esc=$(printf '\033')
sed "s/if_em\.ko/i$esc[31m.k/" "$IMAGES/fbsd-state-amd64-v3" >"$dir/vmcore"
"$KPEEK" mods -M "$dir/vmcore" -N "$IMAGES/fbsd-state-amd64.elf" 2>&1 | sed "s|$IMAGES|images|"
