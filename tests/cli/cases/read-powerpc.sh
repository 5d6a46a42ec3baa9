"$KPEEK" read 0xd0000ff0 32 "$IMAGES/fbsd-virtual-powerpc"
"$KPEEK" read 0xe0001ff0 16 "$IMAGES/fbsd-virtual-powerpc"
