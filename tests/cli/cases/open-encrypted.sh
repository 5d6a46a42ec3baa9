# With the right key, none, another one, and what is no key.
key=$IMAGES/fbsd-encrypted.pem
for i in vmcore_encrypted.0 vmcore_encrypted.1 vmcore_encrypted.2 \
    fbsd-device-aes-pkcs1 fbsd-device-chacha20-zstd; do
	"$KPEEK" info --key "$key" "$IMAGES/$i" | head -n 1
done
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
openssl genrsa -out "$tmp/other" 2048 2>&-
openssl genrsa -out "$tmp/short" 1024 2>&-
openssl genpkey -algorithm ED25519 -out "$tmp/kind" 2>&-
openssl rsa -aes128 -passout pass:x -in "$key" -out "$tmp/locked" 2>&-
openssl rsa -pubout -in "$key" -out "$tmp/public" 2>&-
: >"$tmp/empty"
for k in other short kind locked public empty missing; do
	"$KPEEK" info --key "$tmp/$k" "$IMAGES/vmcore_encrypted.0" 2>&1 |
	    sed "s|$IMAGES/||g; s|$tmp/||g"
done
"$KPEEK" info "$IMAGES/vmcore_encrypted.0" 2>&1 | sed "s|$IMAGES/||g"
# Without its key block, and cut: whole blocks are still good.
cp "$IMAGES/vmcore_encrypted.0" "$tmp"
"$KPEEK" info --key "$key" "$tmp/vmcore_encrypted.0" 2>&1 | sed "s|$tmp/||g"
cp "$IMAGES/vmcore_encrypted.0" "$tmp/renamed"
"$KPEEK" info --key "$key" "$tmp/renamed" 2>&1 | sed 's/.*(5); //'
cp "$IMAGES/key.0" "$tmp"
truncate -s -1000 "$tmp/vmcore_encrypted.0"
"$KPEEK" info --key "$key" "$tmp/vmcore_encrypted.0" | grep -E '^(format|warn)'
