# Jails, of which Linux has none; all; the terminal that is not there.
"$KPEEK" ps -J 0 -o pid= | grep -cx " *$$"
"$KPEEK" ps -J 1,2 -o pid,jid,jail,label
"$KPEEK" ps -p $$ -o jid,jail,label,lim
"$KPEEK" ps -A -o pid= | grep -cx " *$$"
"$KPEEK" ps -J host 2>&1
"$KPEEK" ps -T 2>&1 </dev/null
"$KPEEK" ps -Q 2>&1 | head -n 1
# A child that has ended counts with -S.
python3 - "$KPEEK" <<'PY'
import json, os, subprocess, sys, time
if os.fork() == 0:
    while time.process_time() < 0.3:
        pass
    os._exit(0)
os.wait()
def usertime(*more):
    out = subprocess.check_output([sys.argv[1], "ps", "-p", str(os.getpid()), "-o",
                                   "usertime,systime,time", "--json", *more])
    p = json.loads(out)["processes"][0]
    return p["usertime"] + p["systime"], p["time"]
alone, total = usertime(), usertime("-S")
print([b - a >= 0.2 for a, b in zip(alone, total)])
PY
