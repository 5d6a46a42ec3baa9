# A process with an empty argument, blanks, quotes and a byte that is no UTF-8.
python3 - "$KPEEK" <<'PY'
import json, subprocess, sys
p = subprocess.Popen([b"sh", b"-c", b"read x", b"", b"two words", b'a"b',
                      b"\xe4\n"], stdin=subprocess.PIPE,
                     env={"A": "1 2", "EMPTY": ""})
pid = str(p.pid)
def kpeek(*args):
    return subprocess.run([sys.argv[1], "args", *args], text=True,
                          stdout=subprocess.PIPE).stdout
print(kpeek(pid).splitlines()[1].split(None, 1)[1])
print(json.loads(kpeek("--json", pid))["processes"][0]["args"])
print(sorted(json.loads(kpeek("-e", "--json", pid))["processes"][0]
             ["environment"])[:2])
p.communicate()
PY
