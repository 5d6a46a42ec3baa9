# A ring that wrapped: its oldest line lost its beginning.
"$KPEEK" dmesg "$IMAGES/fbsd-v3-kernel" "$IMAGES/fbsd-v3-kernel.elf" | sed -n '1,2p;$p'
# Without a kernel file: behind the bytes that were never used.
"$KPEEK" dmesg "$IMAGES/fbsd-v2-kernel" | sed -n '1p;$p'
