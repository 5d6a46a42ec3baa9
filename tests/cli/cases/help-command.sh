# help is --help; and what a dump cannot be.
"$KPEEK" help | head -n 1
"$KPEEK" help load
"$KPEEK" help nonsense 2>&1
echo $?
echo text | "$KPEEK" info - 2>&1
echo $?
