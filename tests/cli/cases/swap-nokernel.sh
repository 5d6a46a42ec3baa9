"$KPEEK" swap "$IMAGES/fbsd-v3" 2>&1 | sed "s|$IMAGES/||"
