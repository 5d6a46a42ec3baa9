# On a terminal of 90 columns no line is longer; into a pipe all of it goes.
python3 - "$KPEEK" <<'PY'
import fcntl, os, pty, struct, subprocess, sys, termios
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 90, 0, 0))
p = subprocess.Popen([sys.argv[1], "ps"], stdout=slave)
os.close(slave)
text = b""
try:
    while chunk := os.read(master, 65536):
        text += chunk
except OSError:
    pass
p.wait()
print(max(len(line) for line in text.decode().splitlines()) <= 90)
PY
