# Whatever ends it, nothing half is left: here the first byte behind 4096.
dir=$(mktemp -d)
(ulimit -c 0; ulimit -f 8; exec "$KPEEK" convert -c none \
    "$IMAGES/linux-kdump-symbols" "$dir/out")
echo "killed: $?"
ls -A "$dir"
"$KPEEK" convert "$IMAGES/linux-kdump-symbols" "$dir/out"
"$KPEEK" convert "$IMAGES/linux-kdump-symbols" "$dir/out" 2>&1 |
    sed "s|$dir/||"
"$KPEEK" convert -f "$IMAGES/linux-kdump-symbols" "$dir/out"
"$KPEEK" convert -c none2 "$IMAGES/linux-kdump-symbols" "$dir/other" 2>&1
echo "codec: $?"
ls -A "$dir"
stat -c %a "$dir/out"
rm -r "$dir"
