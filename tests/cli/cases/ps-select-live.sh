# Users, groups and terminals, together and alone.
python3 - "$KPEEK" <<'PY'
import json, os, pty, subprocess, sys
def kpeek(*args):
    out = subprocess.run([sys.argv[1], "ps", "--json", *args],
                         stdout=subprocess.PIPE).stdout
    return json.loads(out)["processes"]
me = os.getpid()
master, slave = pty.openpty()
name = os.ttyname(slave)
p = subprocess.Popen(["sh", "-c", "exec <" + name + "; exec sleep 1000"],
                     start_new_session=True)
while not any(r["pid"] == p.pid for r in kpeek("-t", name)):
    pass
number = name.removeprefix("/dev/pts/")
for tty in (name, "pts/" + number, number):
    rows = kpeek("-t", tty)
    print(p.pid in [r["pid"] for r in rows],
          {r["tty"] for r in rows} == {"pts/" + number})
on_tty = kpeek("-a")
print(me in [r["pid"] for r in kpeek("-U", str(os.geteuid()))],
      me in [r["pid"] for r in kpeek("-G", str(os.getgid()))],
      all(r["uid"] == os.geteuid() for r in kpeek("-x")),
      all(r["tty"] for r in on_tty),
      p.pid in [r["pid"] for r in on_tty],
      len(kpeek("-ax")) > len(on_tty))
both = [r["pid"] for r in kpeek("-p", str(me), "-t", name)]
print(me in both, p.pid in both)
p.kill()
os.close(master)
PY
