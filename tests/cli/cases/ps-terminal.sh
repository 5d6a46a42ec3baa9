# On a terminal of 90 columns no line is longer; into a pipe all of it goes.
python3 - "$KPEEK" <<'PY'
import fcntl, os, pty, struct, subprocess, sys, termios
long = "x" * 200
victim = subprocess.Popen(["sh", "-c", "read x; :", long],
                          stdin=subprocess.PIPE)
def widest(*args):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 90, 0, 0))
    p = subprocess.Popen([sys.argv[1], "ps", *args], stdout=slave)
    os.close(slave)
    text = b""
    try:
        while chunk := os.read(master, 65536):
            text += chunk
    except OSError:
        pass
    p.wait()
    return max(len(line) for line in text.decode().splitlines())
print(widest() <= 90, widest("-j", "-p", str(victim.pid)) == 90,
      widest("-d", "-o", "pid,args") == 90)
text = subprocess.run([sys.argv[1], "ps", "-j", "-p", str(victim.pid)],
                      stdout=subprocess.PIPE, text=True).stdout
print(text.endswith(long + "\n"))
victim.communicate()
PY
