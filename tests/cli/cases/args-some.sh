"$KPEEK" args $$ 2147483647 2147483646 2>&1 >/dev/null
