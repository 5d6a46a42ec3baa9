# By name as by address.
"$KPEEK" sym init_uts_ns "$IMAGES/linux-kdump-symbols"
"$KPEEK" sym 0xffffffff95201040 "$IMAGES/linux-kdump-symbols"
