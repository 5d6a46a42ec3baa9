# A page of another member: named while it is missing, read when it is given.
first=$IMAGES/linux-kdump-split.1
last=$IMAGES/linux-kdump-split.3
"$KPEEK" read -p 0x1011000 8 -M "$last" | head -n 1
"$KPEEK" read -p 0x1000 8 -M "$last" 2>&1 | sed "s|$IMAGES/||g"
"$KPEEK" read -p 0x1000 8 -M "$last" --with "$first"
"$KPEEK" read -p 0x1000 8 -M "$first" --with "$first" 2>&1 | sed "s|$IMAGES/||g"
