"$KPEEK" ps -M /dev/null -p $$ | tail -n 1 | awk "{ print \$1 == $$ }"
