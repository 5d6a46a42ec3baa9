# Three generations: sorted, and as a tree.
python3 - "$KPEEK" <<'PY'
import json, subprocess, sys
p = subprocess.Popen(["sh", "-c", """
	sh -c 'sleep 1001; :' & sh -c 'sleep 1002 & sleep 1003; :' &
	echo; wait"""], stdout=subprocess.PIPE, text=True)
p.stdout.readline()
def kpeek(*args):
    return subprocess.run([sys.argv[1], "ps", *args], text=True,
                          stdout=subprocess.PIPE).stdout
def family():
    rows = json.loads(kpeek("--json", "-o", "pid,ppid,args"))["processes"]
    mine = {p.pid}
    for _ in range(3):
        mine |= {r["pid"] for r in rows if r["ppid"] in mine}
    return [r for r in rows if r["pid"] in mine]
while sum(r["args"].startswith("sleep") for r in family()) < 3:
    pass
pids = ",".join(str(r["pid"]) for r in family())
for line in kpeek("-d", "-p", pids, "--sort", "args", "-o",
                  "command=").splitlines():
    print(line)
down = kpeek("-p", pids, "--sort", "-pid", "-o", "pid=").split()
print(down == sorted(down, key=int, reverse=True) and len(down) == 6)
rss = [r["rss"] for r in
       json.loads(kpeek("--json", "-m", "-o", "rss"))["processes"]]
print(rss == sorted(rss, reverse=True) and rss[0] > 0)
for pid in pids.split(","):
    subprocess.run(["kill", pid])
PY
