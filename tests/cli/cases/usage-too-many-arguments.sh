"$KPEEK" info a b c
