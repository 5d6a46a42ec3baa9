# What the files of procfs say too; load averages change while one looks.
python3 - "$KPEEK" <<'PY'
import json, subprocess, sys
def kpeek(*args):
    return json.loads(subprocess.run([sys.argv[1], *args, "--json"],
                                     stdout=subprocess.PIPE).stdout)
def load():
    return [float(x) for x in open("/proc/loadavg").read().split()[:3]]
before, mine, after = load(), kpeek("load")["load"], load()
print(mine in (before, after) or before != after)
cpu = kpeek("cpu")
lines = open("/proc/stat").read().splitlines()
print(cpu["running"] == sum(l.startswith("cpu") for l in lines) - 1,
      cpu["running"] <= cpu["max"],
      0 <= int(lines[0].split()[1]) - cpu["ticks"]["user"] < 1000)
swap = kpeek("swap")
want = [int(l.split()[2]) for l in open("/proc/swaps").readlines()[1:]]
print([d["size_kb"] for d in swap["devices"]] == want,
      swap["total"]["size_kb"] == sum(want))
PY
"$KPEEK" load | grep -c '^[0-9.]* [0-9.]* [0-9.]*$'
"$KPEEK" swap | head -1
"$KPEEK" cpu | sed "s| *[0-9].*||"
