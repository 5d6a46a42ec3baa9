# A page of another member: named while it is missing, read when it is given.
first=$IMAGES/linux-kdump-split.1
last=$IMAGES/linux-kdump-split.3
"$KPEEK" read -p 0x1011000 8 -M "$last" | head -n 1
"$KPEEK" read -p 0x1000 8 -M "$last" 2>&1 | sed "s|$IMAGES/||g"
"$KPEEK" read -p 0x1000 8 -M "$last" --with "$first"
"$KPEEK" read -p 0x1000 8 -M "$first" --with "$first" 2>&1 | sed "s|$IMAGES/||g"
# What is missing, and what to give.
"$KPEEK" info "$last" 2>&1 | sed "s|$IMAGES/||g"
# Pieces of a file, the first one not first.
dir=$(mktemp -d)
for file in linux-kdump-symbols linux-elf-filtered; do
	split -b 2000k -d "$IMAGES/$file" "$dir/$file."
	"$KPEEK" info -M "$dir/$file.01" --with "$dir/$file.00" |
	    grep -E "^(format|release)"
done
rm -r "$dir"
