"$KPEEK" info | head -n 3 | tail -n 2; uname -r >/dev/null
