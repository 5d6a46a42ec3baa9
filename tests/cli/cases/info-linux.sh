"$KPEEK" info "$IMAGES/linux-kdump-symbols"
