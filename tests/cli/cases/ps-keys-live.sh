# Each key that procfs tells plainly, of a process that does not change.
python3 - "$KPEEK" <<'PY'
import json, os, subprocess, sys
p = subprocess.Popen(["cat", "-u", "-"], start_new_session=True, bufsize=0,
                     stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                     preexec_fn=lambda: os.nice(3))
p.stdin.write(b"x")
p.stdout.read(1)
while " S " not in open(f"/proc/{p.pid}/stat").read():
    pass
stat = open(f"/proc/{p.pid}/stat").read().rsplit(")", 1)[1].split()
status = dict(line.rstrip("\n").split(":\t", 1)
              for line in open(f"/proc/{p.pid}/status"))
want = {
    "pid": p.pid, "lwp": p.pid, "ppid": os.getpid(), "pgid": p.pid,
    "sid": p.pid, "tpgid": -1, "tty": None, "tdev": None,
    "uid": os.geteuid(), "ruid": os.getuid(), "gid": os.getegid(),
    "rgid": os.getgid(), "comm": "cat", "args": "cat -u -",
    "command": "cat -u -", "nice": int(stat[16]), "pri": int(stat[15]),
    "nlwp": 1, "state": "S", "stat": "SNs", "vsz": int(stat[20]) // 1024,
    "ssiz": int(status["VmStk"].split()[0]),
    "sigignore": status["SigIgn"], "sigmask": status["SigBlk"],
    "sigcatch": status["SigCgt"], "emul": "Linux", "jid": 0, "tracer": 0,
    "lim": None, "login": None,
}
keys = ",".join(want) + ",start,etimes,time,%mem"
have = json.loads(subprocess.run([sys.argv[1], "ps", "--json", "-p",
    str(p.pid), "-o", keys], stdout=subprocess.PIPE).stdout)["processes"][0]
for key, value in want.items():
    if have[key] != value:
        print(key, have[key], "want", value)
ticks = int(stat[19]) / os.sysconf("SC_CLK_TCK")
boot = [int(l.split()[1]) for l in open("/proc/stat") if l[:5] == "btime"][0]
print(abs(have["start"] - boot - ticks) < 2, 0 <= have["etimes"] < 60,
      have["time"] < 5, have["%mem"] < 50)
text = subprocess.run([sys.argv[1], "ps", "-p", str(p.pid), "-o", "pid=",
    "-o", "args="], stdout=subprocess.PIPE, text=True).stdout
print(text == f"{p.pid}  cat -u -\n")
p.kill()
PY
