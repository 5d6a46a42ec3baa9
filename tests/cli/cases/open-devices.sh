for i in bad-device-extent bad-device-first bad-device-length \
    bad-device-parity bad-device-version fbsd-device-cleared; do
	"$KPEEK" info "$IMAGES/$i" 2>&1 | sed "s|$IMAGES/||g"
done
"$KPEEK" info "$IMAGES/fbsd-device-4096" | head -n 1
