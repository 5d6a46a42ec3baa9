# Each kind of dump, byte by byte; what stays behind; and what is refused.
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
umask 022
save() {
	"$KPEEK" save "$@" 2>&1 | sed "s|$IMAGES/||g; s|$tmp/||g"
}
save "$IMAGES/fbsd-device-512" "$tmp"
cmp "$tmp/vmcore.0" "$IMAGES/fbsd-v3-tiny"
sed "s|$IMAGES/||" "$tmp/info.0"
save "$IMAGES/fbsd-device-gpt-several" "$tmp"
cmp "$tmp/vmcore.last" "$IMAGES/fbsd-v3-tiny"
save "$IMAGES/fbsd-device-aes" "$tmp"
cmp "$tmp/vmcore_encrypted.2" "$IMAGES/vmcore_encrypted.0"
cmp "$tmp/key.2" "$IMAGES/key.0"
"$KPEEK" info --key "$IMAGES/fbsd-encrypted.pem" "$tmp/vmcore_encrypted.2" |
    grep -E '^(format|hostname|warning)'
save "$IMAGES/fbsd-textdump-device" "$tmp"
cmp "$tmp/textdump.tar.3" "$IMAGES/fbsd-textdump"
save -z "$IMAGES/fbsd-device-4096" "$tmp"
zstd -qdc "$tmp/vmcore.4.zst" | cmp - "$IMAGES/fbsd-v3-tiny"
save "$IMAGES/fbsd-device-cleared" "$tmp"
save -f --json "$IMAGES/fbsd-device-cleared" "$tmp"
save -z "$IMAGES/fbsd-device-gzip" "$tmp"
gzip -dc "$tmp/vmcore.6.gz" | cmp - "$IMAGES/fbsd-v3-tiny"
# Zeros take no room, but are there at the end.
save "$IMAGES/fbsd-device-zeros" "$tmp"
stat -c %s "$tmp/vmcore.7"
[ "$(stat -c %b "$tmp/vmcore.7")" -lt 100 ] && echo sparse
# Numbers in use are left alone, whatever bounds says.
echo 2 >"$tmp/bounds"
save "$IMAGES/fbsd-device-512" "$tmp"
cd "$tmp" && stat -c '%a %F %N' $(ls -A | sort); cat bounds
save "$IMAGES/fbsd-v3-tiny" "$tmp"
save "$IMAGES/bad-device-first" "$tmp"
save "$IMAGES/fbsd-device-512" "$tmp/missing"
# A disk that is full leaves nothing behind.
mkdir "$tmp/full"
(ulimit -f 8; trap '' XFSZ; "$KPEEK" save "$IMAGES/fbsd-device-aes" "$tmp/full" 2>&1 |
    sed "s|$tmp/||")
ls -A "$tmp/full"
