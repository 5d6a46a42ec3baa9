# What a host without /proc/kcore answers, command by command, and what it says
# of the rest.  One that has the file is looked at in tests/vm/test_guest.c.
if [ -e /proc/kcore ]; then
	cat "${0%.sh}.stdout"
	exit
fi
for answers in "ps -p $$" "args $$" "env $$" load swap cpu mods info; do
	"$KPEEK" $answers >/dev/null || echo "$answers: $?"
done
# All of one machine, whatever it is.
for refused in "read 0x1000 8" "vtop 0x1000" "bt" "bt -a" "bt $$" "regs" \
    "regs $$" "regs -c 0" "bt --json" "sym no_such_symbol"; do
	"$KPEEK" $refused 2>&1
	echo "${refused%$$}: $?"
done | sed 's/; this kernel lists its functions, .*//;
    s|/proc/kallsyms hides .*|no_such_symbol: no such symbol|'
# As a user of their own; not where that user may not reach the program.
if setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$KPEEK"; then
	setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '
	for core in /dev/mem /dev/kmem /proc/kcore /dev/null; do
		"$KPEEK" ps -o user,command -p $$ -M "$core" | grep -c nobody
	done
	"$KPEEK" args $$ | grep -c "^ *$$  *sh"
	"$KPEEK" args 1 2>&1 | grep -c "^ *1 "
	"$KPEEK" env 1 2>&1 | grep -c "permission denied"
	"$KPEEK" load | wc -w
	"$KPEEK" read 0x1000 8 2>&1 | grep -c "/proc/kcore does not exist"
	"$KPEEK" sym schedule 2>&1 |
	    grep -c "hides its addresses\|^[0-9a-f]* T schedule"'
else
	printf "%s\\n" 1 1 1 1 1 1 1 3 1 1
fi
