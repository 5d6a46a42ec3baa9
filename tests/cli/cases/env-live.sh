# The same as args -e, and what /proc has.
python3 - "$KPEEK" <<'PY'
import json, subprocess, sys
p = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                     bufsize=0, env={"A": "1 2", "EMPTY": ""})
p.stdin.write(b"x")
p.stdout.read(1)
def kpeek(*args):
    return subprocess.run([sys.argv[1], *args, str(p.pid)], text=True,
                          stdout=subprocess.PIPE).stdout
print(json.loads(kpeek("env", "--json"))["processes"][0]["environment"])
print(kpeek("env") == kpeek("args", "-e"))
p.communicate()
PY
