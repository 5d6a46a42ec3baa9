"$KPEEK" sym nosuch "$IMAGES/linux-kdump-symbols" 2>&1
