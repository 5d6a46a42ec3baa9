dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
image=$IMAGES/packed-large-linux-elf-filtered-gz
for i in 1 2; do
	"$KPEEK" info --index "$dir/index" "$image" | head -n 1
	stat -c '%a' "$dir"/*
done
echo text >"$dir/text"
"$KPEEK" info --index "$dir/text" "$image" 2>&1 | sed "s|$dir/||g"
"$KPEEK" info --index "$dir/none/index" "$image" 2>&1 | sed "s|$dir/||g"
cat "$dir/text"
