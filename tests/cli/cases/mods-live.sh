# As /proc/modules has them; a kernel without modules has no such file.
python3 - "$KPEEK" <<'PY'
import json, os, subprocess, sys
r = subprocess.run([sys.argv[1], "mods", "--json"], stdout=subprocess.PIPE)
have = [m["name"] for m in json.loads(r.stdout)["modules"]]
want = []
if os.path.exists("/proc/modules"):
    want = [l.split()[0] for l in open("/proc/modules")]
print(have == want)
# Where there are none that is said, and no table begun.
r = subprocess.run([sys.argv[1], "mods"], capture_output=True)
print(r.returncode, bool(r.stdout) == bool(want), bool(r.stderr) != bool(want))
PY
