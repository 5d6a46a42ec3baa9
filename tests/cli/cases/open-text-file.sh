"$KPEEK" info "$0" 2>&1 | sed "s/.*: not a kernel image.*wanted/not a kernel image; wanted/"
