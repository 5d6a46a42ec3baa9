# info.N beside a dump: facts, and what does not fit.
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
size=$(stat -Lc %s "$IMAGES/fbsd-v3-tiny")
info() {	# length status architecture
	cat >"$tmp/info.0" <<-EOT
	Dump header from device: /dev/ada0p3
	  Architecture: $3
	  Architecture Version: 2
	  Dump Length: $1
	  Blocksize: 512
	  Compression: none
	  Dumptime: 2022-06-23 18:00:00 +0200
	  Hostname: mkimage.example
	  Magic: FreeBSD Kernel Dump
	  Version String: FreeBSD 13.1-RELEASE mkimage
	    root@mkimage.example: Panic String: not one
	  Panic String: mkimage: a panic
	  Dump Parity: 1234
	  Bounds: 0
	  Dump Status: $2
	EOT
	"$KPEEK" info "$tmp/vmcore.0" |
	    grep -E '^(release|version|hostname|crashed|panic|warning|dump|saved)'
	"$KPEEK" info --json "$tmp/vmcore.0" | grep -E '"(note|truncated)"'
	echo
}
cp -L "$IMAGES/fbsd-v3-tiny" "$tmp/vmcore.0"
info "$size" good amd64
info "$size" bad amd64
info "$size" good aarch64
info 77 good amd64
# All that does not fit is told.
info 77 bad aarch64
# As savecore --libxo json and xml write it.
cat >"$tmp/info.0" <<-EOT
{"crashdump": {"dump_device":"/dev/ada0p3","architecture":"amd64","architecture_version":2,"dump_length_bytes":$size,"blocksize":512,"compression":"none","dumptime":"2022-06-23 18:00:00 +0200","hostname":"mkimage.example","magic":"FreeBSD Kernel Dump","version_string":"FreeBSD 13.1-RELEASE mkimage\n","panic_string":"\"json\"","dump_parity":1234,"bounds":3,"dump_status":"good"}
}
EOT
"$KPEEK" info --json "$tmp/vmcore.0" | sed -n '/"dump_header"/,/}/p'
cat >"$tmp/info.0" <<-EOT
<crashdump>
  <dump_device>/dev/ada0p3</dump_device>
  <architecture>amd64</architecture>
  <dump_length_bytes>$size</dump_length_bytes>
  <panic_string>&quot;xml&quot;</panic_string>
  <bounds>4</bounds>
  <dump_status>good</dump_status>
</crashdump>
EOT
"$KPEEK" info "$tmp/vmcore.0" | grep -E '^(panic|dump|saved|warning)'
set -- $(grep '^phys.* present' "$IMAGES/fbsd-v3-tiny.expect" | tail -n 1)
last=$(($((0x$2)) + 0x$3 - 4096))
truncate -s -8192 "$tmp/vmcore.0"
info "$size" good amd64
"$KPEEK" read -p $last 16 "$tmp/vmcore.0"
info "$size" unknown amd64
"$KPEEK" read -p $last 16 "$tmp/vmcore.0" 2>&1
# A kernel file that says something else.
cp -L "$IMAGES/fbsd-v3-kernel" "$tmp/vmcore.0"
info $(stat -Lc %s "$IMAGES/fbsd-v3-kernel") good amd64
sed -i 's/Panic String: .* panic$/Panic String: another/' "$tmp/info.0"
"$KPEEK" info "$tmp/vmcore.0" "$IMAGES/fbsd-v3-kernel.elf" | grep warning
