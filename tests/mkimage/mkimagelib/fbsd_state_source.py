# SPDX-License-Identifier: BSD-2-Clause
"""The data of fbsd_state_data.py as C objects, for the headers of ../fbsd_kernel.

Members are set by name; where they lie is the compiler's business.  What the
kernel allocates while it runs is in the section .heap.
"""
from __future__ import annotations

from typing import Iterable, Union

from . import fbsd_state_data as data
from . import fbsd_state_stacks as stacks
from .fbsd_state_data import Process, Thread

Value = Union[str, int, dict[str, "Value"]]


def text(value: str | bytes) -> str:
    """A string literal; octal escapes end by themselves."""
    raw = value.encode() if isinstance(value, str) else value
    plain = "".join(chr(c) if 32 <= c < 127 and c not in b'"\\?' else f"\\{c:03o}" for c in raw)
    return f'"{plain}"'


def _initialiser(value: Value) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f".{k} = {_initialiser(v)}" for k, v in value.items()) + " }"
    return str(value)


def _object(kind: str, name: str, members: dict[str, Value], heap: bool = True) -> str:
    return (f"{kind} {name}{' HEAP' if heap else ''} = " + "{\n" +
            "".join(f"\t.{k} = {_initialiser(v)},\n" for k, v in members.items()) + "};\n")


def _bits(words: Iterable[int]) -> str:
    return "{ { " + ", ".join(f"{w:#x}" for w in words) + " } }"


def _proc(pid: int) -> str:
    return "proc0" if pid == 0 else f"proc_{pid}"


def _thread(tid: int) -> str:
    return f"thread_{tid}"


def _list(names: list[str], i: int, entry: str, head: str) -> Value:
    """The LIST_ENTRY of names[i]."""
    following = f"&{names[i + 1]}" if i + 1 < len(names) else "0"
    before = f"&{names[i - 1]}.{entry}.le_next" if i else f"&{head}"
    return {"le_next": following, "le_prev": before}


def _tail(names: list[str], i: int, entry: str, head: str) -> Value:
    """The TAILQ_ENTRY of names[i]."""
    following = f"&{names[i + 1]}" if i + 1 < len(names) else "0"
    before = f"&{names[i - 1]}.{entry}.tqe_next" if i else f"&{head}.tqh_first"
    return {"tqe_next": following, "tqe_prev": before}


def _tail_head(names: list[str], entry: str, head: str) -> Value:
    if not names:
        return {"tqh_first": 0, "tqh_last": f"&{head}.tqh_first"}
    return {"tqh_first": f"&{names[0]}", "tqh_last": f"&{names[-1]}.{entry}.tqe_next"}


# allproc has the youngest first
_ORDER = [p for p in reversed(data.PROCESSES)]
_NAMES = [_proc(p.pid) for p in _ORDER]
PIDHASH = 15


def _declarations() -> str:
    out = [f'#include "{name}.h"\n' for name in ("proc", "cred", "vm", "dev", "exec", "pcpu",
                                                 "kern")]
    out += [f"extern struct proc {_proc(p.pid)};\n" for p in data.PROCESSES]
    out += [f"extern struct thread {_thread(t.tid)};\n"
            for p in data.PROCESSES for t in p.threads]
    out += [f"extern struct pgrp pgrp_{g};\n" for g in data.GROUPS]
    out += [f"extern struct tty tty_{i};\n" for i, _ in enumerate(data.TTYS)]
    out.append("struct proclist { struct proc *lh_first; };\n"
               "struct pidhashhead { struct proc *lh_first; };\n"
               "extern struct proclist allproc;\n"
               "extern struct pidhashhead pidhashtbl_space[];\n")
    return "".join(out)


def _jails() -> str:
    out = []
    for jail in data.JAILS:
        name = "prison0" if jail.number == 0 else f"prison_{jail.number}"
        members: dict[str, Value] = {
            "pr_id": jail.number, "pr_ref": 1, "pr_name": text(jail.name),
            "pr_hostname": text(jail.hostname), "pr_vnet": "&vnet_first"}
        if jail.number:
            members["pr_parent"] = "&prison0"
        out.append(_object("struct prison", name, members, jail.number != 0))
    return "extern struct vnet vnet_first;\n" + "".join(out)


def _creds() -> str:
    out = []
    for name in sorted({c.loginclass for c in data.CREDS}):
        out.append(_object("struct loginclass", f"class_{name}", {"lc_name": text(name)}))
    for c in data.CREDS:
        groups = "{ " + ", ".join(map(str, c.groups)) + " }"
        where = f"cred_{c.name}.cr_smallgroups"
        members: dict[str, Value] = {
            "cr_uid": c.uid, "cr_ruid": c.ruid, "cr_svuid": c.svuid, "cr_rgid": c.rgid,
            "cr_svgid": c.svgid, "cr_ngroups": len(c.groups), "cr_flags": c.flags,
            "cr_prison": "&prison0" if c.jail == 0 else f"&prison_{c.jail}",
            "cr_loginclass": f"&class_{c.loginclass}"}
        if len(c.groups) > 16:
            out.append(f"gid_t groups_{c.name}[] HEAP = {groups};\n")
            where = f"groups_{c.name}"
        else:
            members["cr_smallgroups"] = groups
            out.append(f"extern struct ucred cred_{c.name};\n")
        members["cr_groups"] = where
        out.append(_object("struct ucred", f"cred_{c.name}", members))
    return "".join(out)


def _terminals() -> str:
    out = []
    for i, tty in enumerate(data.TTYS):
        out.append(_object("struct cdev_priv", f"cdev_{i}", {
            "cdp_c": {"si_name": text(tty.name)}, "cdp_inode": tty.inode}))
        out.append(_object("struct vnode", f"ttyvnode_{i}", {
            "v_type": "VCHR", "v_rdev": f"&cdev_{i}.cdp_c"}))
    for s in data.SESSIONS:
        members: dict[str, Value] = {"s_sid": s.sid, "s_count": 1, "s_login": text(s.login)}
        if s.leader:
            members["s_leader"] = f"&{_proc(s.leader)}"
        number = next((i for i, tty in enumerate(data.TTYS) if tty.name == s.tty), None)
        if number is not None:
            members |= {"s_ttyvp": f"&ttyvnode_{number}", "s_ttyp": f"&tty_{number}",
                        "s_ttydp": f"&cdev_{number}"}
        out.append(_object("struct session", f"session_{s.sid}", members, s.sid != 0))
    for i, tty in enumerate(data.TTYS):
        session = next(s for s in data.SESSIONS if s.tty == tty.name)
        members = {"t_dev": f"&cdev_{i}.cdp_c", "t_session": f"&session_{session.sid}",
                   "t_sessioncnt": 1}
        if tty.foreground:
            members["t_pgrp"] = f"&pgrp_{tty.foreground}"
        out.append(_object("struct tty", f"tty_{i}", members))
    for group, sid in data.GROUPS.items():
        names = [_proc(p.pid) for p in _ORDER if p.group == group]
        out.append(_object("struct pgrp", f"pgrp_{group}", {
            "pg_id": group, "pg_session": f"&session_{sid}",
            "pg_members": {"lh_first": f"&{names[0]}"}}, group != 0))
    return "".join(out)


def _sysvecs() -> str:
    out = []
    for i, name in enumerate(sorted({p.emul for p in data.PROCESSES})):
        members: dict[str, Value] = {"sv_name": text(name), "sv_minuser": 0}
        if name == data.find_process(1000).emul:
            members |= {"sv_psstrings": "USER_PS_STRINGS", "sv_maxuser": "USER_END",
                        "sv_psstringssz": "sizeof(struct ps_strings)"}
        out.append(_object("struct sysentvec", f"sysvec_{i}", members, False))
    return "".join(out)


def _sysvec(name: str) -> str:
    return f"&sysvec_{sorted({p.emul for p in data.PROCESSES}).index(name)}"


def _spaces() -> str:
    out = []
    for s in data.SPACES:
        members: dict[str, Value] = {
            "vm_map": {"size": f"{s.size:#x}", "pmap": f"&vmspace_{s.name}.vm_pmap"},
            "vm_swrss": s.swrss, "vm_tsize": s.text, "vm_dsize": s.data, "vm_ssize": s.stack,
            "vm_pmap": f"{{ {'PMAP_ROOT ' if s.name == 'hidden' else ''}.pm_stats = "
                       f"{{ {s.resident}, 1 }} }}"}
        out.append(f"extern struct vmspace vmspace_{s.name};\n" +
                   _object("struct vmspace", f"vmspace_{s.name}", members))
    return "".join(out)


def _signals() -> str:
    return "".join(_object("struct sigacts", f"sigacts_{a.name}", {
        "ps_sigignore": _bits(a.ignored), "ps_sigcatch": _bits(a.caught)})
        for a in data.ACTIONS)


def _usage(counts: dict[str, int]) -> Value:
    return dict(counts) if counts else {"ru_maxrss": 0}


def _times(t: data.Times) -> Value:
    return {"rux_runtime": t.runtime, "rux_uticks": t.user, "rux_sticks": t.system,
            "rux_iticks": t.interrupt}


def _one_thread(machine: str, p: Process, i: int) -> str:
    t: Thread = p.threads[i]
    names = [_thread(x.tid) for x in p.threads]
    members: dict[str, Value] = {
        "td_proc": f"&{_proc(p.pid)}",
        "td_plist": _tail(names, i, "td_plist", f"{_proc(p.pid)}.p_threads"),
        "td_tid": t.tid, "td_name": text(t.name), "td_state": t.state,
        "td_inhibitors": t.inhibitors, "td_flags": f"{t.flags:#x}", "td_oncpu": t.oncpu,
        "td_lastcpu": t.lastcpu, "td_priority": t.priority, "td_base_pri": t.base_pri,
        "td_user_pri": t.user_pri, "td_pri_class": t.pri_class,
        "td_sigmask": _bits(t.sigmask), "td_sigqueue": {"sq_signals": _bits(t.pending)},
        "td_cow": t.cow, "td_rux": {"rux_runtime": t.runtime},
        "td_incruntime": t.unreported, "td_slptick": t.slptick, "td_ru": _usage(t.usage),
        "td_pcb": f"&pcb_{t.tid}",
        "td_kstack": f"(vm_offset_t)&kstack_{t.tid}",
        "td_kstack_pages": 1 if stacks.stack_of(machine, t.tid) else 4,
        "td_ucred": f"&cred_{p.cred}"}
    if t.wmesg:
        members |= {"td_wmesg": text(t.wmesg), "td_wchan": f"&{_proc(p.pid)}"}
    if t.lock:
        members |= {"td_lockname": text(t.lock), "td_blocked": "(struct turnstile *)turnstiles"}
    saved = stacks.pcb(machine, t.tid) or f"PCB({t.tid})"
    empty = "" if stacks.stack_of(machine, t.tid) else f"char kstack_{t.tid}[64] HEAP;\n"
    return (f"struct pcb pcb_{t.tid} HEAP = {saved};\n{empty}" +
            _object("struct thread", _thread(t.tid), members))


def pargs_text(args: tuple[str, ...]) -> bytes:
    return b"".join(a.encode() + b"\0" for a in args)


def _pargs(p: Process) -> str:
    """ar_args is longer than its declaration says: see pargs_alloc()."""
    if p.args is None:
        return ""
    raw = pargs_text(p.args)
    return (f"struct {{ u_int ar_ref; u_int ar_length; u_char ar_args[{max(len(raw), 1)}]; }} "
            f"pargs_{p.pid} HEAP = {{ 1, {len(raw)}, {text(raw)} }};\n")


def _one_process(p: Process) -> str:
    at = _ORDER.index(p)
    hashed = [_proc(q.pid) for q in _ORDER if q.pid & PIDHASH == p.pid & PIDHASH]
    grouped = [_proc(q.pid) for q in _ORDER if q.group == p.group]
    parent = _proc(p.parent)
    siblings = [_proc(q.pid) for q in _ORDER if q.parent == p.parent and q.pid != 0]
    children = [_proc(q.pid) for q in _ORDER if q.parent == p.pid and q.pid != 0]
    threads = [_thread(t.tid) for t in p.threads]
    name = _proc(p.pid)
    members: dict[str, Value] = {
        "p_list": _list(_NAMES, at, "p_list", "allproc.lh_first"),
        "p_threads": _tail_head(threads, "td_plist", f"{name}.p_threads"),
        "p_ucred": f"&cred_{p.cred}", "p_stats": f"&stats_{p.pid}", "p_flag": f"{p.flags:#x}",
        "p_flag2": f"{p.flag2:#x}", "p_state": p.state, "p_pid": p.pid,
        "p_hash": _list(hashed, hashed.index(name), "p_hash",
                        f"pidhashtbl_space[{p.pid & PIDHASH}].lh_first"),
        "p_pglist": _list(grouped, grouped.index(name), "p_pglist",
                          f"pgrp_{p.group}.pg_members.lh_first"),
        "p_children": {"lh_first": f"&{children[0]}" if children else 0},
        "p_sigqueue": {"sq_signals": _bits(p.pending)}, "p_oppid": p.oppid,
        "p_swtick": p.swtick, "p_ru": _usage(p.usage),
        "p_rux": _times(p.times), "p_crux": _times(p.children), "p_traceflag": p.traceflag,
        "p_textvp": "&text_vnode" if p.space else 0, "p_lock": p.lock, "p_comm": text(p.comm),
        "p_magic": "0xbeefface", "p_sysent": _sysvec(p.emul), "p_nice": p.nice,
        "p_fibnum": p.fibnum, "p_xexit": p.xexit, "p_xsig": p.xsig, "p_acflag": p.acflag,
        "p_pgrp": f"&pgrp_{p.group}", "p_numthreads": len(p.threads),
        "p_fd": "(struct filedesc *)files", "p_pd": "(struct pwddesc *)(files + 4)",
        "p_sigacts": f"&sigacts_{p.sigacts}"}
    if p.pid:
        members |= {"p_pptr": f"&{parent}",
                    "p_sibling": _list(siblings, siblings.index(name), "p_sibling",
                                       f"{parent}.p_children.lh_first")}
    if p.space:
        members["p_vmspace"] = f"&vmspace_{p.space}"
    if p.args is not None:
        members["p_args"] = f"(struct pargs *)&pargs_{p.pid}"
    stats = _object("struct pstats", f"stats_{p.pid}",
                    {"p_cru": _usage(p.children_usage),
                     "p_start": {"tv_sec": p.start[0], "tv_usec": p.start[1]}})
    return stats + _pargs(p) + _object("struct proc", name, members, p.pid != 0)


def _processes(machine: str) -> str:
    out = ["char files[8] HEAP, turnstiles[8] HEAP;\nstruct vnode text_vnode HEAP = "
           "{ .v_type = VREG };\n"]
    for p in data.PROCESSES:
        out += [_one_thread(machine, p, i) for i in range(len(p.threads))]
        out.append(_one_process(p))
    heads = []
    for i in range(PIDHASH + 1):
        first = next((_proc(p.pid) for p in _ORDER if p.pid & PIDHASH == i), None)
        heads.append(f"{{ &{first} }}" if first else "{ 0 }")
    out.append(f"struct pidhashhead pidhashtbl_space[] HEAP = {{ {', '.join(heads)} }};\n"
               "struct pidhashhead *pidhashtbl = pidhashtbl_space;\n"
               f"u_long pidhash = {PIDHASH};\n"
               f"struct proclist allproc = {{ &{_NAMES[0]} }};\n"
               f"int nprocs = {len(data.PROCESSES)};\n")
    return "".join(out)


def _swap() -> str:
    names = [f"swap_{i}" for i, _ in enumerate(data.SWAPS)]
    out = [f"extern struct swdevt {name};\n" for name in names]
    out.append("static struct swdevt_head swtailq __attribute__((used)) = "
               f"{_initialiser(_tail_head(names, 'sw_list', 'swtailq'))};\n"
               "static int nsw_cluster_max __attribute__((used)) = "
               f"{data.NSW_CLUSTER_MAX};\n")
    for i, s in enumerate(data.SWAPS):
        if s.device:
            out.append(_object("struct cdev_priv", f"swapdev_{i}", {
                "cdp_c": {"si_name": text(s.device)}, "cdp_inode": s.number}))
            vnode: dict[str, Value] = {"v_type": "VCHR", "v_rdev": f"&swapdev_{i}.cdp_c"}
        else:
            vnode = {"v_type": "VREG"}
        out.append(_object("struct vnode", f"swapvnode_{i}", vnode))
        out.append(_object("struct swdevt", names[i], {
            "sw_flags": s.flags, "sw_nblks": s.blocks, "sw_used": s.used,
            "sw_dev": s.number if s.device else "(dev_t)-1", "sw_vp": f"&swapvnode_{i}",
            "sw_list": _tail(names, i, "sw_list", "swtailq")}))
    return "".join(out)


def _modules() -> str:
    names = [f"module_{i}" for i, _ in enumerate(data.MODULES)]
    out = ["extern char kernel_start[], kernel_size[], heap_start[];\n"]
    out += [f"extern struct linker_file {name};\n" for name in names]
    out.append("static struct linker_file_list linker_files __attribute__((used)) = "
               f"{_initialiser(_tail_head(names, 'link', 'linker_files'))};\n")
    for i, m in enumerate(data.MODULES):
        out.append(f"char filename_{i}[] HEAP = {text(m.filename)};\n"
                   f"char pathname_{i}[] HEAP = {text(m.pathname)};\n")
        out.append(_object("struct linker_file", names[i], {
            "refs": 1, "id": i + 1, "filename": f"filename_{i}", "pathname": f"pathname_{i}",
            "address": f"heap_start + {m.offset:#x}" if m.size else "kernel_start",
            "size": f"{m.size:#x}" if m.size else "(size_t)kernel_size",
            "link": _tail(names, i, "link", "linker_files")}))
    return "".join(out)


def _percpu() -> str:
    displacements = ", ".join(f"(uintptr_t)dpcpu_displacement_{cpu}" for cpu in range(data.NCPU))
    out = ["extern struct pcpu pcpu_space[];\n"]
    out += [f"extern char dpcpu_displacement_{cpu}[];\nextern char dpcpu_area_{cpu}[];\n"
            f"char dpcpu_area_{cpu}[256] HEAP __attribute__((aligned(64)));\n"
            for cpu in range(data.NCPU)]
    rows = []
    for cpu in range(data.NCPU):
        running = next(t for p in data.PROCESSES for t in p.threads if t.oncpu == cpu)
        rows.append(_initialiser({
            "pc_curthread": f"&{_thread(running.tid)}", "pc_curpcb": f"&pcb_{running.tid}",
            "pc_idlethread": f"&thread_{100_003 + cpu}", "pc_cpuid": cpu,
            "pc_cp_time": "{ " + ", ".join(map(str, data.CP_TIME[cpu])) + " }",
            "pc_dynamic": f"(uintptr_t)dpcpu_displacement_{cpu}",
            "pc_zpcpu_offset": f"ZPCPU_OFFSET({cpu})"}))
    out.append(f"struct pcpu pcpu_space[{data.NCPU}] HEAP = {{ {', '.join(rows)} }};\n"
               "struct pcpu *cpuid_to_pcpu[MAXCPU] = { " +
               ", ".join(f"&pcpu_space[{cpu}]" for cpu in range(data.NCPU)) + " };\n"
               "struct cpuhead cpuhead = { &pcpu_space[0], 0 };\n"
               f"uintptr_t dpcpu_off[MAXCPU] = {{ {displacements} }};\n"
               "#ifdef __amd64__\nstruct pcpu *__pcpu = pcpu_space;\n#endif\n"
               f"int mp_ncpus = {data.NCPU}, mp_maxcpus = MAXCPU;\n"
               f"u_int mp_maxid = {data.NCPU - 1};\ncpuset_t all_cpus = {{ {{ 3 }} }};\n")
    # UMA_PCPU_ALLOC_SIZE is PAGE_SIZE: a page for each CPU
    out.append("struct zpcpu { uint64_t word[PAGE_SIZE / 8]; };\n"
               f"struct zpcpu zpcpu_space[{data.NCPU}] HEAP "
               "__attribute__((aligned(PAGE_SIZE))) = {\n" +
               "".join(f"\t{{ {{ [8] = {data.SWITCHES[cpu]}u, [9] = {data.TRAPS[cpu]}u }} }},\n"
                       for cpu in range(data.NCPU)) + "};\n"
               "extern char counter_switches[], counter_traps[];\n"
               "struct { uint64_t *v_swtch; uint64_t *v_trap; } vm_cnt = "
               "{ (uint64_t *)counter_switches, (uint64_t *)counter_traps };\n")
    return "".join(out)


def _log(wrapped: bool) -> str:
    stream = data.log_stream(wrapped)
    size = data.LOG_SIZE
    ring = bytearray(size)
    for i, c in enumerate(stream):
        ring[i % size] = c
    flags = "MSGBUF_WRAP" if len(stream) > size else 0
    return (f"char msgbuf_space[{size}] HEAP = {text(bytes(ring))};\n" +
            _object("struct msgbuf", "msgbuf_header", {
                "msg_ptr": "msgbuf_space", "msg_magic": "MSG_MAGIC", "msg_size": size,
                "msg_wseq": len(stream), "msg_rseq": max(len(stream) - 100, 0),
                "msg_cksum": sum(ring) & 0xFFFFFFFF, "msg_seqmod": 16 * size,
                "msg_lastpri": -1, "msg_flags": flags}) +
            "struct msgbuf *msgbufp = &msgbuf_header;\n")


def _rest(machine: str) -> str:
    frac = (data.BOOT_USEC << 64) // 1_000_000
    bintime: Value = {"sec": data.BOOT_SEC, "frac": f"{frac}u"}
    averages = ", ".join(map(str, data.LOAD))
    return (f"char version[] = {text(data.version(machine))};\n"
            f"char osrelease[32] = {text(data.RELEASE)}, ostype[] = \"FreeBSD\";\n"
            "char kern_ident[] = \"GENERIC\";\nint osreldate = 1301000;\n"
            f"int hz = {data.HZ}, ticks = {data.TICKS};\n"
            "static uint64_t cpu_tick_frequency __attribute__((used)) = "
            f"{data.TICK_FREQUENCY}u;\n"
            f"time_t time_second = {data.NOW}, time_uptime = {data.UPTIME};\n" +
            _object("static struct timehands", "th0", {
                "th_offset": {"sec": data.UPTIME}, "th_boottime": bintime,
                "th_generation": 9}, False) +
            "struct timehands *volatile timehands = &th0;\n"
            f"struct loadavg averunnable = {{ {{ {averages} }}, {data.FSCALE} }};\n"
            f"static char panic_text[256] = {text(data.PANIC)};\n"
            "const char *panicstr = panic_text;\n"
            f"lwpid_t dumptid = {data.DUMPTID};\n")


def source(machine: str, wrapped: bool) -> str:
    """machine as uname -m says it."""
    types, kept = stacks.definitions(machine)
    return ("/* Written by tests/mkimage. */\n" + _declarations() +
            stacks.declarations(machine) + types + _jails() + _creds() +
            _terminals() + _sysvecs() + _spaces() + _signals() + _processes(machine) + kept +
            _swap() + _modules() + _percpu() + _log(wrapped) + _rest(machine))
