# A ring that wrapped: the oldest bytes follow the newest.
"$KPEEK" dmesg "$IMAGES/fbsd-v3-kernel" "$IMAGES/fbsd-v3-kernel.elf" | sed -n '1,2p;$p'
# Without a kernel file: behind the bytes that were never used.
"$KPEEK" dmesg "$IMAGES/fbsd-v2-kernel" | sed -n '1p;$p'
# Its lines have levels, but no times.
"$KPEEK" dmesg -rT "$IMAGES/fbsd-v2-kernel" 2>&1 | sed -n '1p;$p'
"$KPEEK" dmesg --json "$IMAGES/fbsd-v2-kernel" | python3 -c "
import json, sys
last = json.load(sys.stdin)['messages'][-1]
print(last['time'], last['level'])"
