for i in bad-device-cleared bad-device-extent bad-device-first \
    bad-device-keysize bad-device-length bad-device-nokey bad-device-parity \
    bad-device-version fbsd-device-aes; do
	"$KPEEK" info "$IMAGES/$i" 2>&1 | sed "s|$IMAGES/||g"
done
for i in fbsd-device-4096 fbsd-device-cleared fbsd-device-front \
    fbsd-device-gpt-several fbsd-device-live fbsd-device-mbr; do
	"$KPEEK" info "$IMAGES/$i" | head -n 1
done
"$KPEEK" info "$IMAGES/fbsd-device-v1" | grep -E '^(version|host|crash|panic)'
