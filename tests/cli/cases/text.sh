# A textdump, saved and on its device: what is in it, and what is not.
for i in fbsd-textdump fbsd-textdump-zeros fbsd-textdump-device; do
	"$KPEEK" info "$IMAGES/$i" 2>&1
	"$KPEEK" text "$IMAGES/$i"
done
"$KPEEK" text panic.txt "$IMAGES/fbsd-textdump-device"; echo
"$KPEEK" text -M "$IMAGES/fbsd-textdump" config.txt
"$KPEEK" text --json panic.txt "$IMAGES/fbsd-textdump"
"$KPEEK" dmesg -r "$IMAGES/fbsd-textdump-device" | head -n 2
"$KPEEK" dmesg "$IMAGES/fbsd-textdump" | tail -n 2
{
	"$KPEEK" text nothing.txt "$IMAGES/fbsd-textdump"
	"$KPEEK" text "$IMAGES/fbsd-v3-tiny"
	"$KPEEK" read 0xffffffff80000000 8 "$IMAGES/fbsd-textdump"
	"$KPEEK" read -p 0x1000 8 "$IMAGES/fbsd-textdump"
	"$KPEEK" vtop 0xffffffff80000000 "$IMAGES/fbsd-textdump"
	"$KPEEK" ps "$IMAGES/fbsd-textdump"
	"$KPEEK" sym panic "$IMAGES/fbsd-textdump"
	for i in size size-max size-12 second many; do
		echo "$i"
		"$KPEEK" text "$IMAGES/bad-textdump-$i" | tail -n 2
		"$KPEEK" info "$IMAGES/bad-textdump-$i" | grep warn
	done
} 2>&1 | sed "s|$IMAGES/||g"
