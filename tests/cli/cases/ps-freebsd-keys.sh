core="-M $IMAGES/fbsd-v2-kernel -N $IMAGES/fbsd-v2-kernel.elf"
"$KPEEK" ps -o pid,nlwp=THREADS -o comm= $core | sed "s/ *$//"
"$KPEEK" ps -O lwp=A,B -p 742,1 $core | awk '{ print $1, $2 }'
"$KPEEK" ps --sort -comm,pid -o comm= $core
# The kernel's parent is itself.
"$KPEEK" ps -d -o pid= -o comm= $core
