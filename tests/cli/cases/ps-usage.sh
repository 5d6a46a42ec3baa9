core="-M $IMAGES/fbsd-v2-kernel -N $IMAGES/fbsd-v2-kernel.elf"
"$KPEEK" ps -o pid,nonsense $core 2>&1 | head -n 2
"$KPEEK" ps --sort pid,-x $core 2>&1 | head -n 1
"$KPEEK" ps -d -H $core 2>&1
# A name of this host says nothing of another.
"$KPEEK" ps -U nobody $core 2>&1
"$KPEEK" ps -U 4294967296 $core 2>&1
"$KPEEK" ps -G , $core 2>&1
"$KPEEK" ps -U nobody,no-such-user 2>&1
"$KPEEK" ps -p 1,2x 2>&1; echo $?
"$KPEEK" ps -L | tr ' ' '\n' | grep -c .
