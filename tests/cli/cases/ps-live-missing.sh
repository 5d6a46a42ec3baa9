"$KPEEK" ps -p 2147483647 | wc -l
