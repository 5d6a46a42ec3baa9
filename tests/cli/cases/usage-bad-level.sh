"$KPEEK" dmesg -l loud "$IMAGES/fbsd-v3-kernel"
