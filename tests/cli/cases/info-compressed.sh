for i in gz gz3 zst zst5 xz bz2; do
	"$KPEEK" info "$IMAGES/packed-tiny-fbsd-v3-tiny-$i" | head -n 1
done
