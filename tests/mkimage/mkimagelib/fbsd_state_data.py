# SPDX-License-Identifier: BSD-2-Clause
"""What the populated FreeBSD kernels are doing: the one place that says it.

The C of the kernel (fbsd_state_source.py) and what a reader must find in its
dump (fbsd_state_expect.py) are both told from here.  Meaning of members and
flags: sys/proc.h, sys/ucred.h, sys/jail.h, kern/kern_proc.c of freebsd-src,
releng/13.1.
"""
from __future__ import annotations

from dataclasses import dataclass, field

# sys/proc.h
P_CONTROLT, P_KPROC, P_SYSTEM, P_TRACED = 0x2, 0x4, 0x200, 0x800
P_WEXIT, P_EXEC, P_JAILED, P_INMEM = 0x2000, 0x4000, 0x1000000, 0x10000000
P_STOPPED_SIG, P_STOPPED_TRACE = 0x20000, 0x40000
TDF_INMEM, TDF_SINTR, TDF_IDLETD, TDF_NOLOAD = 0x4, 0x8, 0x20, 0x40000
TDI_SUSPENDED, TDI_SLEEPING, TDI_SWAPPED, TDI_LOCK, TDI_IWAIT = 1, 2, 4, 8, 16
CRED_FLAG_CAPMODE = 1

HZ, TICKS = 1000, 5_000_000
TICK_FREQUENCY = 3_000_000_000
BOOT_SEC, BOOT_USEC = 1_655_913_600, 125_000
UPTIME = 86_400
NOW = BOOT_SEC + UPTIME
FSCALE = 2048
LOAD = (4608, 2253, 1024)       # 2.25, 1.10.., 0.5
NCPU = 2
CP_TIME = ((1000, 20, 300, 4, 500_000), (70_000, 0, 9, 12_345, 6))
SWITCHES = (123_456_789_012, 42)
TRAPS = (7, 0)
DUMPTID = 100_102               # of process 801, on CPU 1
PANIC = "mkimage: a panic of the populated kernel"
HOSTNAME = "populated.example.org"
RELEASE = "13.1-RELEASE"


@dataclass(frozen=True)
class Jail:
    """prison0 is number 0."""

    number: int
    name: str
    hostname: str


JAILS = (Jail(0, "0", HOSTNAME), Jail(3, "www", "www.example.org"))


@dataclass(frozen=True)
class Cred:
    """groups[0] is the effective group."""

    name: str
    uid: int
    ruid: int
    svuid: int
    rgid: int
    svgid: int
    groups: tuple[int, ...]
    jail: int = 0
    loginclass: str = "default"
    flags: int = 0


CREDS = (
    Cred("root", 0, 0, 0, 0, 0, (0, 5), loginclass="daemon"),
    Cred("alice", 1001, 1001, 1001, 1001, 1001, (1001, 0, 5), loginclass="staff"),
    # set-user-id, and more groups than struct kinfo_proc has room for
    Cred("setuid", 0, 1002, 4_000_000_000, 1002, 66, (68, *range(2000, 2019))),
    Cred("www", 80, 80, 80, 80, 80, (80,), jail=3, flags=CRED_FLAG_CAPMODE),
)


@dataclass(frozen=True)
class Tty:
    """inode is what the device file system calls the device's number."""

    name: str
    inode: int
    foreground: int             # its process group


TTYS = (Tty("ttyv0", 0x77, 801), Tty("pts/3", 0x92, 0))


@dataclass(frozen=True)
class Session:
    """leader 0: none any more, or the kernel's."""

    sid: int
    leader: int
    login: str = ""
    tty: str = ""


SESSIONS = (Session(0, 0), Session(1, 1, "root"), Session(742, 742, "alice", "ttyv0"),
            Session(760, 0, "bob", "pts/3"), Session(900, 900, "a17charactername0"))
# process group -> session
GROUPS = {0: 0, 1: 1, 742: 742, 801: 742, 760: 760, 900: 900}


@dataclass(frozen=True)
class Space:
    """A vmspace; sizes in pages but for size."""

    name: str
    size: int
    resident: int
    swrss: int
    text: int
    data: int
    stack: int


SPACES = (Space("init", 0x1A000, 17, 3, 9, 2, 32), Space("shell", 0x400000, 400, 0, 40, 50, 60),
          Space("server", 0x7F000000, 30_000, 1, 300, 20_000, 33),
          Space("hidden", 0x300000, 12, 0, 3, 4, 5))


@dataclass(frozen=True)
class Thread:
    tid: int
    name: str
    state: str = "TDS_INHIBITED"
    inhibitors: int = TDI_SLEEPING
    wmesg: str = ""
    lock: str = ""
    flags: int = TDF_INMEM
    oncpu: int = -1
    lastcpu: int = 0
    priority: int = 120
    base_pri: int = 130
    user_pri: int = 140
    pri_class: int = 3
    sigmask: tuple[int, int, int, int] = (0, 0, 0, 0)
    pending: tuple[int, int, int, int] = (0, 0, 0, 0)
    cow: int = 0
    runtime: int = 0            # rux_runtime of the thread, in ticks of the CPU
    unreported: int = 0         # td_incruntime: not yet in its process's
    slptick: int = TICKS - 7 * HZ
    usage: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Times:
    """struct rusage_ext: ticks of the CPU, ticks of the statistics clock."""

    runtime: int = 0
    user: int = 0
    system: int = 0
    interrupt: int = 0


@dataclass(frozen=True)
class Process:
    """args None: p_args is NULL; user: strings that lie in its own pages only."""

    pid: int
    comm: str
    parent: int
    group: int
    cred: str
    threads: tuple[Thread, ...] = ()
    state: str = "PRS_NORMAL"
    flags: int = P_INMEM
    flag2: int = 0
    space: str = ""
    args: tuple[str, ...] | None = None
    user_args: tuple[str, ...] = ()
    user_env: tuple[str, ...] = ()
    emul: str = "FreeBSD ELF"
    oppid: int = 0
    nice: int = 0
    fibnum: int = 0
    xexit: int = 0
    xsig: int = 0
    acflag: int = 0
    lock: int = 0
    traceflag: int = 0
    swtick: int = TICKS - 61 * HZ
    times: Times = Times()
    children: Times = Times()
    start: tuple[int, int] = (5, 250_000)       # since boot: seconds, microseconds
    pending: tuple[int, int, int, int] = (0, 0, 0, 0)
    sigacts: str = "plain"
    usage: dict[str, int] = field(default_factory=dict)
    children_usage: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Actions:
    name: str
    ignored: tuple[int, int, int, int]
    caught: tuple[int, int, int, int]


ACTIONS = (Actions("plain", (0, 0, 0, 0), (0, 0, 0, 0)),
           Actions("shell", (0x00080000, 0, 0, 0), (0x80004003, 1, 0, 0x80000000)))


def _sleeper(tid: int, name: str, wmesg: str, **more: object) -> Thread:
    flags = TDF_INMEM | TDF_SINTR
    return Thread(tid, name, wmesg=wmesg, flags=flags, **more)  # type: ignore[arg-type]


LONG_ARGS = ("nginx:", "master", *(f"--option-{i}={'v' * (i % 40)}" for i in range(200)))

PROCESSES = (
    Process(0, "kernel", 0, 0, "root", (
        Thread(100_000, "swapper", wmesg="swapin", priority=84, base_pri=84, pri_class=1),
        Thread(100_010, "if_io_tqg_0", wmesg="-", priority=52, base_pri=52, pri_class=1,
               runtime=9_000_000_000)),
        flags=P_KPROC | P_SYSTEM | P_INMEM, emul="null", swtick=0,
        times=Times(10 * TICK_FREQUENCY + 1), start=(0, 0)),
    Process(1, "init", 0, 1, "root", (_sleeper(100_001, "", "wait", cow=77),),
            flags=P_SYSTEM | P_INMEM | P_EXEC, space="init", args=("/sbin/init",),
            usage={"ru_maxrss": 1100, "ru_minflt": 222, "ru_majflt": 3, "ru_nvcsw": 44,
                   "ru_nivcsw": 5, "ru_inblock": 6, "ru_oublock": 7}),
    Process(11, "idle", 0, 0, "root", (
        Thread(100_003, "idle: cpu0", "TDS_RUNNING", 0, flags=TDF_INMEM | TDF_IDLETD | TDF_NOLOAD,
               oncpu=0, lastcpu=0, priority=255, base_pri=255, user_pri=255, pri_class=4),
        Thread(100_004, "idle: cpu1", "TDS_CAN_RUN", 0, flags=TDF_INMEM | TDF_IDLETD | TDF_NOLOAD,
               lastcpu=1, priority=255, base_pri=255, user_pri=255, pri_class=4)),
        flags=P_KPROC | P_SYSTEM | P_INMEM, emul="null",
        times=Times(170_000 * TICK_FREQUENCY + TICK_FREQUENCY // 2, 0, 900, 100),
        start=(0, 100)),
    Process(12, "intr", 0, 0, "root", (
        Thread(100_005, "swi4: clock (0)", inhibitors=TDI_IWAIT, priority=36, pri_class=1),
        Thread(100_006, "irq264: ahci0:ch0 x", inhibitors=TDI_IWAIT, priority=16, lastcpu=1)),
        flags=P_KPROC | P_SYSTEM | P_INMEM, emul="null", start=(0, 200)),
    Process(742, "sh", 1, 742, "alice", (_sleeper(100_100, "sh", "wait", lastcpu=1,
                                                  sigmask=(0x80000, 0, 0, 0)),),
            flags=P_CONTROLT | P_INMEM | P_EXEC, space="shell", args=("-sh",), nice=-5,
            sigacts="shell", pending=(0x2, 0, 0, 4), start=(1234, 999_999), acflag=1,
            times=Times(TICK_FREQUENCY // 1000, 30, 10),
            children=Times(4 * TICK_FREQUENCY, 1, 3), children_usage={"ru_nvcsw": 12}),
    Process(801, "a name of 19 bytes!", 742, 801, "alice", (
        Thread(100_101, "main", "TDS_RUNQ", 0, lastcpu=0, runtime=6_000_000,
               unreported=TICK_FREQUENCY, usage={"ru_maxrss": 9, "ru_minflt": 20}),
        Thread(100_102, "a thread of 19 byte", "TDS_RUNNING", 0, oncpu=1, lastcpu=1, cow=9,
               runtime=3_000, pending=(0, 0x100, 0, 0),
               usage={"ru_maxrss": 7, "ru_minflt": 300, "ru_nivcsw": 4_000}),
        Thread(100_103, "blocked", inhibitors=TDI_LOCK, lock="process lock", priority=100),
        Thread(100_104, "uninterruptible", wmesg="biowr longer than eight")),
        flags=P_CONTROLT | P_INMEM | P_EXEC, space="server", args=("vi", "", "two words", "-"),
        nice=20, fibnum=2, lock=3, traceflag=0x8000_0011 & 0x7FFF_FFFF, start=(80_000, 1),
        times=Times(7 * TICK_FREQUENCY // 2, 4, 4, 0), usage={"ru_maxrss": 5, "ru_minflt": 1}),
    Process(802, "stopped", 742, 801, "setuid", (
        _sleeper(100_110, "stopped", "pause", ),),
        flags=P_CONTROLT | P_INMEM | P_STOPPED_SIG, xsig=17, space="shell",
        args=("stopped",), flag2=0x40),
    Process(803, "traced", 801, 801, "alice", (
        Thread(100_111, "", inhibitors=TDI_SUSPENDED),),
        flags=P_CONTROLT | P_INMEM | P_TRACED | P_STOPPED_TRACE, xsig=5, oppid=742,
        space="shell", args=("traced", "-x")),
    Process(820, "orphan", 1, 760, "setuid", (_sleeper(100_112, "orphan", "ttyin"),),
            flags=P_CONTROLT | P_INMEM, space="shell", args=("orphan",)),
    Process(850, "exited", 742, 742, "alice", (Thread(100_120, "exited", "TDS_INACTIVE", 0),),
            state="PRS_ZOMBIE", flags=P_WEXIT | P_INMEM, xexit=3, start=(80_001, 0)),
    Process(851, "killed", 742, 742, "alice", (), state="PRS_ZOMBIE",
            flags=P_WEXIT | P_INMEM, xsig=0x80 | 11, start=(80_002, 0)),
    Process(900, "nginx", 1, 900, "www", (_sleeper(100_200, "nginx", "kqread"),),
            flags=P_JAILED | P_INMEM | P_EXEC, space="server", args=LONG_ARGS),
    Process(901, "nginx", 900, 900, "www", (
        _sleeper(100_201, "nginx", "kqread"), _sleeper(100_202, "nginx", "uwait", lastcpu=1)),
        flags=P_JAILED | P_INMEM, space="server",
        args=("nginx: worker process (nginx)",)),
    Process(1000, "hidden", 1, 1, "root", (_sleeper(100_210, "hidden", "nanslp"),),
            flags=P_INMEM | P_EXEC, space="hidden", emul="FreeBSD ELF user",
            user_args=("/usr/local/bin/hidden", "args", "in its own pages", "", "end"),
            user_env=("HOME=/root", "TERM=xterm", "EMPTY=")),
    Process(1001, "embryo", 1, 1, "root", (Thread(100_211, "embryo", "TDS_INACTIVE", 0),),
            state="PRS_NEW", flags=P_INMEM),
    Process(1002, "swapped", 1, 1, "root", (
        Thread(100_212, "swapped", inhibitors=TDI_SLEEPING | TDI_SWAPPED, wmesg="select",
               flags=TDF_SINTR),),
        flags=P_EXEC, space="init", args=(), swtick=TICKS - 3600 * HZ),
    Process(99_999, "last", 1, 1, "root", (_sleeper(199_999, "last", "select"),),
            flags=P_INMEM, space="init", args=("last", "of", "all")),
)


@dataclass(frozen=True)
class Swap:
    """device "": a swap file (sw_dev is NODEV)."""

    device: str
    number: int
    blocks: int
    used: int
    flags: int = 0


SWAPS = (Swap("ada0p3", 0x6B, 1_048_576, 1000, 4), Swap("gpt/swap1", 0x6D, 2_000_000, 0, 4),
         Swap("", 0, 500, 250))
NSW_CLUSTER_MAX = 32


@dataclass(frozen=True)
class Module:
    filename: str
    pathname: str
    offset: int                 # from the heap's start, unless it is the kernel
    size: int


MODULES = (Module("kernel", "/boot/kernel/kernel", 0, 0),
           Module("if_em.ko", "/boot/kernel/if_em.ko", 0x100000, 0x2A000),
           Module("zfs.ko", "/boot/modules/zfs.ko", 0x200000, 0x3B5000))

LOG_SIZE = 3000
LOG_LINES = tuple((2 + i % 6, f"populated line {i}: {'x' * (i * 7 % 50)}") for i in range(100))


def version(machine: str) -> str:
    return (f"FreeBSD {RELEASE} mkimage-n250000-0123456789ab GENERIC\n"
            f"    root@mkimage.example:/usr/obj/usr/src/{machine}.{machine}/sys/GENERIC\n")


def find_process(pid: int) -> Process:
    return next(p for p in PROCESSES if p.pid == pid)


def cred(name: str) -> Cred:
    return next(c for c in CREDS if c.name == name)


def session_of(group: int) -> Session:
    return next(s for s in SESSIONS if s.sid == GROUPS[group])


def log_stream(wrapped: bool) -> bytes:
    """All that was ever written; what does not fit any more was overwritten."""
    lines = LOG_LINES if wrapped else LOG_LINES[:30]
    return "".join(f"<{level}>{text}\n" for level, text in lines).encode()
