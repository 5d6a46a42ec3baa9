# SPDX-License-Identifier: BSD-2-Clause
"""What a reader must find in the dump of a populated kernel.

Told from fbsd_state_data.py, with the linker's addresses.  What the members of
struct kinfo_proc mean is what fill_kinfo_proc_only() and fill_kinfo_thread()
(kern/kern_proc.c, releng/13.1) make of the kernel's structures.
"""
from __future__ import annotations

from typing import Iterator

from . import fbsd_state_data as data
from . import fbsd_state_stacks as stacks
from .fbsd_state_build import Kernel
from .fbsd_state_data import Process, Thread

NODEV = (1 << 64) - 1
SIDL, SRUN, SSLEEP, SSTOP, SZOMB, SWAIT, SLOCK = range(1, 8)
KI_CTTY, KI_SLEADER, KI_LOCKBLOCK = 1, 2, 4
KI_CRF_GRP_OVERFLOW = 0x80000000
KI_NGROUPS = 16

Fields = dict[str, "int | str"]


def _usec(ticks: int) -> int:
    return ticks * 1_000_000 // data.TICK_FREQUENCY


def _signals(name: str, words: tuple[int, int, int, int]) -> Fields:
    return {f"{name}[{i}]": word for i, word in enumerate(words)}


def _tty(p: Process) -> data.Tty | None:
    """That of the session, if the process still belongs to it."""
    name = data.session_of(p.group).tty
    if not p.flags & data.P_CONTROLT or not name:
        return None
    return next(tty for tty in data.TTYS if tty.name == name)


def _credentials(p: Process) -> Fields:
    c = data.cred(p.cred)
    count = min(len(c.groups), KI_NGROUPS)
    more = KI_CRF_GRP_OVERFLOW if len(c.groups) > KI_NGROUPS else 0
    fields: Fields = {"ki_uid": c.uid, "ki_ruid": c.ruid, "ki_svuid": c.svuid,
                      "ki_rgid": c.rgid, "ki_svgid": c.svgid, "ki_ngroups": count,
                      "ki_cr_flags": c.flags | more, "ki_jid": c.jail,
                      "ki_loginclass": c.loginclass}
    return fields | {f"ki_groups[{i}]": c.groups[i] for i in range(count)}


def _terminal(p: Process) -> Fields:
    tty, session = _tty(p), data.session_of(p.group)
    if tty is None:
        return {"ki_tdev": NODEV, "ki_tpgid": -1}
    return {"ki_tdev": tty.inode, "ki_tdev_freebsd11": tty.inode,
            "ki_tpgid": tty.foreground or -1, "ki_tsid": session.sid}


def _memory(kernel: Kernel, p: Process) -> Fields:
    if not p.space:
        return {"ki_vmspace": 0, "ki_size": 0, "ki_rssize": 0, "ki_textvp": 0}
    space = next(s for s in data.SPACES if s.name == p.space)
    return {"ki_vmspace": kernel.addr(f"vmspace_{p.space}"), "ki_size": space.size,
            "ki_rssize": space.resident, "ki_swrss": space.swrss, "ki_tsize": space.text,
            "ki_dsize": space.data, "ki_ssize": space.stack,
            "ki_textvp": kernel.addr("text_vnode")}


def _kiflag(p: Process) -> int:
    session = data.session_of(p.group)
    return ((KI_CTTY if session.tty else 0) |
            (KI_SLEADER if p.pid and session.leader == p.pid else 0))


def _process(kernel: Kernel, p: Process) -> Fields:
    actions = next(a for a in data.ACTIONS if a.name == p.sigacts)
    usec = data.BOOT_USEC + p.start[1]
    fields: Fields = {
        "ki_structsize": 1088, "ki_pid": p.pid, "ki_ppid": p.oppid or p.parent,
        "ki_paddr": _proc_addr(kernel, p), "ki_pgid": p.group,
        "ki_sid": data.session_of(p.group).sid, "ki_login": data.session_of(p.group).login,
        "ki_comm": p.comm, "ki_emul": p.emul[:16], "ki_fd": kernel.addr("files"),
        "ki_pd": kernel.addr("files") + 4, "ki_xstat": (p.xexit & 0xFF) << 8 | p.xsig,
        "ki_acflag": p.acflag, "ki_flag2": p.flag2, "ki_fibnum": p.fibnum,
        "ki_numthreads": len(p.threads), "ki_kiflag": _kiflag(p),
        "ki_args": kernel.addr(f"pargs_{p.pid}") if p.args is not None else 0,
        "ki_start.tv_sec": data.BOOT_SEC + p.start[0] + usec // 1_000_000,
        "ki_start.tv_usec": usec % 1_000_000,
        "ki_tracer": p.parent if p.flags & data.P_TRACED else 0}
    fields |= _credentials(p) | _terminal(p) | _memory(kernel, p)
    fields |= _signals("ki_sigignore", actions.ignored)
    fields |= _signals("ki_sigcatch", actions.caught)
    if p.state != "PRS_ZOMBIE":
        fields |= {"ki_flag": p.flags, "ki_nice": p.nice, "ki_traceflag": p.traceflag,
                   "ki_lock": p.lock, "ki_swtime": (data.TICKS - p.swtick) // data.HZ}
    return fields


def _timeval(name: str, usec: int) -> Fields:
    return {f"{name}.tv_sec": usec // 1_000_000, f"{name}.tv_usec": usec % 1_000_000}


def _split(name: str, times: data.Times) -> Fields:
    """calcru1(): ticks of the statistics clock divide the time."""
    total = _usec(times.runtime)
    ticks = times.user + times.system + times.interrupt
    user = total * times.user // ticks if ticks else 0
    system = total * times.system // ticks if ticks else total
    return _timeval(f"{name}.ru_utime", user) | _timeval(f"{name}.ru_stime", system)


def _usage(p: Process) -> Fields:
    """rufetch(): what threads did not hand in yet is added."""
    counts = dict(p.usage)
    for t in p.threads:
        for name, value in t.usage.items():
            had = counts.get(name, 0)
            counts[name] = max(had, value) if name == "ru_maxrss" else had + value
    runtime = p.times.runtime + sum(t.unreported for t in p.threads)
    times = data.Times(runtime, p.times.user, p.times.system, p.times.interrupt)
    children = _split("ki_rusage_ch", p.children)
    fields: Fields = {f"ki_rusage.{name}": value for name, value in counts.items()}
    fields |= {f"ki_rusage_ch.{name}": value for name, value in p.children_usage.items()}
    return (fields | _split("ki_rusage", times) | children |
            _timeval("ki_childtime", _usec(p.children.runtime)) |
            {"ki_runtime": _usec(runtime), "ki_cow": sum(t.cow for t in p.threads)})


def _proc_addr(kernel: Kernel, p: Process) -> int:
    return kernel.addr("proc0" if p.pid == 0 else f"proc_{p.pid}")


def _state(p: Process, t: Thread | None) -> int:
    if p.state == "PRS_ZOMBIE":
        return SZOMB
    if p.state != "PRS_NORMAL" or t is None:
        return SIDL
    if t.state in ("TDS_RUNQ", "TDS_CAN_RUN", "TDS_RUNNING"):
        return SRUN
    if p.flags & (data.P_STOPPED_SIG | data.P_STOPPED_TRACE):
        return SSTOP
    if t.inhibitors & data.TDI_SLEEPING:
        return SSLEEP
    return SLOCK if t.inhibitors & data.TDI_LOCK else SWAIT


def _old_cpu(cpu: int) -> int:
    return 255 if cpu < 0 else cpu


def _thread(kernel: Kernel, p: Process, t: Thread) -> Fields:
    blocked = t.inhibitors & data.TDI_LOCK
    fields: Fields = {
        "ki_tid": t.tid, "ki_tdaddr": kernel.addr(f"thread_{t.tid}"),
        "ki_pcb": kernel.addr(f"pcb_{t.tid}"), "ki_kstack": kernel.addr(f"kstack_{t.tid}"),
        "ki_tdname": t.name[:16], "ki_moretdname": t.name[16:19], "ki_wmesg": t.wmesg[:8],
        "ki_wchan": _proc_addr(kernel, p) if t.wmesg else 0,
        "ki_lockname": t.lock[:8] if blocked else "", "ki_oncpu": t.oncpu,
        "ki_lastcpu": t.lastcpu, "ki_oncpu_old": _old_cpu(t.oncpu),
        "ki_lastcpu_old": _old_cpu(t.lastcpu), "ki_tdflags": t.flags,
        "ki_slptime": (data.TICKS - t.slptick) // data.HZ,
        "ki_pri.pri_level": t.priority, "ki_pri.pri_native": t.base_pri,
        "ki_pri.pri_user": t.user_pri, "ki_pri.pri_class": t.pri_class,
        "ki_kiflag": _kiflag(p) | (KI_LOCKBLOCK if blocked else 0)}
    pending = tuple(a | b for a, b in zip(p.pending, t.pending))
    return (fields | _signals("ki_sigmask", t.sigmask) |
            _signals("ki_siglist", pending))  # type: ignore[arg-type]


def listed() -> list[Process]:
    """Processes that are being made are not shown."""
    return [p for p in data.PROCESSES if p.state != "PRS_NEW"]


def _entries(kernel: Kernel) -> Iterator[str]:
    for p in listed():
        living = p.threads if p.state != "PRS_ZOMBIE" else ()
        base = _process(kernel, p)
        whole = base | {"ki_stat": _state(p, living[0] if living else None)}
        if living:
            whole |= _thread(kernel, p, living[0])
            whole |= _usage(p)
        for name, value in whole.items():
            yield f"kproc {p.pid} {name} {value}"
        for t in living:
            own = base | {"ki_stat": _state(p, t), "ki_cow": t.cow} | _thread(kernel, p, t)
            own["ki_runtime"] = _usec(t.runtime + t.unreported)
            own |= {f"ki_rusage.{name}": value for name, value in t.usage.items()}
            for name, value in own.items():
                yield f"kthread {p.pid} {t.tid} {name} {value}"


def _selections() -> Iterator[str]:
    def pids(op: int, arg: int, chosen: list[Process]) -> str:
        return f"select {op} {arg} " + " ".join(str(p.pid) for p in chosen)

    everyone = listed()
    for p in everyone:
        yield pids(1, p.pid, [p])
    yield pids(1, 1001, [])
    for group in data.GROUPS:
        yield pids(2, group, [p for p in everyone if p.group == group])
    for session in data.SESSIONS:
        yield pids(3, session.sid, [p for p in everyone
                                    if data.session_of(p.group) is session])
    for tty in data.TTYS:
        yield pids(4, tty.inode, [p for p in everyone if _tty(p) is tty])
    for c in data.CREDS:
        for op, arg, members in ((5, c.uid, "uid"), (6, c.ruid, "ruid"), (10, c.rgid, "rgid")):
            yield pids(op, arg, [p for p in everyone
                                 if getattr(data.cred(p.cred), members) == arg])
        yield pids(11, c.groups[0], [p for p in everyone
                                     if data.cred(p.cred).groups[0] == c.groups[0]])


def _strings(kind: str, pid: int, strings: tuple[str, ...]) -> Iterator[str]:
    yield f"{kind}s {pid} {len(strings)}"
    for i, one in enumerate(strings):
        yield f"{kind} {pid} {i} {one}"


def _arguments(kernel: Kernel, user_pages: bool) -> Iterator[str]:
    """user_pages: the dump has the memory of processes."""
    for p in listed():
        if p.args is not None:
            yield from _strings("arg", p.pid, p.args)
        elif p.flags & data.P_KPROC:
            yield from _strings("arg", p.pid, ())
            yield from _strings("env", p.pid, ())
        elif p.user_args and user_pages:
            yield from _strings("arg", p.pid, p.user_args)
            yield from _strings("env", p.pid, p.user_env)
        elif p.user_args and kernel.machine.user_root:
            yield f"args {p.pid} absent"
            yield f"envs {p.pid} absent"


def _numbers(kernel: Kernel) -> Iterator[str]:
    yield f"load {' '.join(map(str, data.LOAD))} {data.FSCALE}"
    used = total = 0
    for s in data.SWAPS:
        size = s.blocks - data.NSW_CLUSTER_MAX
        used, total = used + s.used, total + size
        yield f"swap {s.used} {size} {s.flags} {s.device or '[NFS swap]'}"
    yield f"swaptotal {used} {total}"
    for cpu, times in enumerate(data.CP_TIME):
        yield f"cptime {cpu} {' '.join(map(str, times))}"
    yield f"cpus {data.NCPU} {kernel.machine.maxcpu}"
    length = kernel.size("pcpu_space") // data.NCPU
    for cpu in range(data.NCPU):
        yield f"pcpu {cpu} {kernel.addr('pcpu_space') + cpu * length:x} {length:x}"
    for name, values in (("switches", data.SWITCHES), ("traps", data.TRAPS)):
        base = kernel.addr(f"counter_{name}")
        yield f"counter {base:x} {sum(values)}"
        for cpu, value in enumerate(values):
            yield f"zpcpu {base:x} {cpu} {value}"


def _facts() -> Iterator[str]:
    pid, running = next((p.pid, t) for p in data.PROCESSES for t in p.threads
                        if t.tid == data.DUMPTID)
    yield f"info release {data.RELEASE}"
    yield f"info hostname {data.HOSTNAME}"
    yield f"info panic {data.PANIC}"
    yield f"number boottime {data.BOOT_SEC}"
    yield f"number crashtime {data.NOW}"
    yield f"number ncpus {data.NCPU}"
    yield f"number paniccpu {running.oncpu}"
    yield f"number panicpid {pid}"
    yield f"number panictid {running.tid}"
    yield f"info panicthread {running.name}"


def _frames(kernel: Kernel) -> Iterator[str]:
    machine = kernel.machine.name
    for stack in stacks.CODE[machine].stacks if machine in stacks.CODE else ():
        for name, offset, interrupted in stacks.frames(machine, stack):
            yield (f"frame {stack.tid} {kernel.addr(name) + offset:x} {name}"
                   f"{' interrupted' if interrupted else ''}")


def _log(kernel: Kernel) -> Iterator[str]:
    """Lines that are whole."""
    stream = data.log_stream(kernel.machine.wrapped)
    kept = stream[-data.LOG_SIZE:]
    if len(stream) > data.LOG_SIZE:
        kept = kept[kept.index(b"\n") + 1:]
    for line in kept.decode().splitlines():
        level, text = line[1:].split(">", 1)
        yield f"log {level} {text}"


def _modules(kernel: Kernel) -> Iterator[str]:
    """All files of linker_files but the kernel itself."""
    for m in data.MODULES[1:]:
        yield (f"module {kernel.addr('heap_start') + m.offset:x} {m.size:x} {m.filename} "
               f"{m.pathname}")


def _sets(kernel: Kernel) -> Iterator[str]:
    at = kernel.addr("pcpu_entry_switches") - kernel.addr("__start_set_pcpu")
    for cpu in range(data.NCPU):
        yield f"dpcpu switches {cpu} {kernel.addr(f'dpcpu_area_{cpu}') + at:x}"
    yield f"vnet ifindex {kernel.addr('vnet_data'):x}"


def lines(kernel: Kernel, user_pages: bool) -> list[str]:
    """Lines for the expectations file."""
    return ["state populated", *_entries(kernel), *_selections(), *_arguments(kernel, user_pages),
            *_numbers(kernel), *_facts(), *_frames(kernel), *_log(kernel), *_modules(kernel),
            *_sets(kernel)]
