cut=$(mktemp)
head -c 20000 "$IMAGES/linux-elf-4level" >"$cut"
"$KPEEK" info "$cut"
"$KPEEK" read init_uts_ns 16 "$cut" 2>&1 | sed "s|$cut|cut|"
rm "$cut"
