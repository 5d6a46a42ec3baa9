"$KPEEK" ps -p 12x
