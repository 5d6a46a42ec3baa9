"$KPEEK" dmesg "$IMAGES/fbsd-v2-kernel" | tail -n 1
