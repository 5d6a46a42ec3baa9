"$KPEEK" info "$IMAGES/fbsd-v3-tiny" | head -n 2
