"$KPEEK" frob
