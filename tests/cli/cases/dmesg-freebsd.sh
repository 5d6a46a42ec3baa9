# A ring that wrapped: the oldest bytes follow the newest.
"$KPEEK" dmesg "$IMAGES/fbsd-v3-kernel" "$IMAGES/fbsd-v3-kernel.elf" | sed -n '1,2p;$p'
# Without a kernel file: behind the bytes that were never used.
"$KPEEK" dmesg "$IMAGES/fbsd-v2-kernel" | sed -n '1p;$p'
