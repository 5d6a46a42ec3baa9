# SPDX-License-Identifier: BSD-2-Clause
"""Makes report.json of what the guest's reporter sent.

Bytes become the characters of the same number (Latin-1), so nothing is lost
whatever a process has in its arguments.
"""

import re

STAT_FIELDS = (
    "pid comm state ppid pgrp session tty_nr tpgid flags minflt cminflt majflt cmajflt "
    "utime stime cutime cstime priority nice num_threads itrealvalue starttime vsize rss "
    "rsslim startcode endcode startstack kstkesp kstkeip signal blocked sigignore sigcatch "
    "wchan nswap cnswap exit_signal processor rt_priority policy delayacct_blkio_ticks "
    "guest_time cguest_time start_data end_data start_brk arg_start arg_end env_start "
    "env_end exit_code").split()

RECORD = re.compile(rb"@@FILE ([^\n]*)\n([0-9a-f]{8})\n")


class ReportError(Exception):
    pass


def _records(raw: bytes):
    at = 0
    while at < len(raw):
        match = RECORD.match(raw, at)
        if not match:
            raise ReportError(f"report damaged at byte {at}")
        end = match.end() + int(match.group(2), 16)
        yield match.group(1).decode(), raw[match.end():end]
        at = end + 1


def read_files(raw: bytes) -> dict[str, bytes]:
    """The contents by path; of the listings of processes, the last one."""
    constants: dict[str, bytes] = {}
    snapshot: dict[str, bytes] | None = None
    complete = False
    for name, content in _records(raw):
        if name == "@@SNAPSHOT":
            snapshot, complete = {}, False
        elif name == "@@END":
            complete = True
        else:
            (constants if snapshot is None else snapshot)[name] = content
    if not complete:
        raise ReportError("report is not complete")
    return constants | snapshot


def _text(content: bytes) -> str:
    return content.decode("latin-1")


def parse_stat(content: bytes) -> dict:
    """/proc/PID/stat: the name between the first ( and the last )."""
    text = _text(content)
    opening, closing = text.index("("), text.rindex(")")
    values: list = [int(text[:opening]), text[opening + 1:closing]]
    rest = text[closing + 1:].split()
    values += [rest[0], *map(int, rest[1:])]
    return dict(zip(STAT_FIELDS, values))


def _status(content: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in _text(content).splitlines())
    return {name: value.strip() for name, _, value in lines}


def _strings(content: bytes) -> list[str]:
    """A cmdline or environ: strings that each end in a NUL."""
    text = _text(content)
    return text.removesuffix("\0").split("\0") if text else []


def _thread(files: dict[str, bytes], base: str) -> dict:
    return {
        "tid": int(base.rsplit("/", 1)[1]),
        "comm": _text(files[f"{base}/comm"]).removesuffix("\n"),
        "stat": parse_stat(files[f"{base}/stat"]),
        "wchan": _text(files.get(f"{base}/wchan", b"")),
    }


def _process(files: dict[str, bytes], pid: int, tids: list[int]) -> dict:
    base = f"/proc/{pid}"
    plain = ("wchan", "maps", "statm", "cgroup", "exe", "cwd", "root")
    return {
        "pid": pid,
        "comm": _text(files[f"{base}/comm"]).removesuffix("\n"),
        "stat": parse_stat(files[f"{base}/stat"]),
        "status": _status(files[f"{base}/status"]),
        "cmdline": _strings(files.get(f"{base}/cmdline", b"")),
        "cmdline_raw": _text(files.get(f"{base}/cmdline", b"")),
        "environ": _strings(files.get(f"{base}/environ", b"")),
        **{name: _text(files[f"{base}/{name}"]) for name in plain if f"{base}/{name}" in files},
        "threads": [_thread(files, f"{base}/task/{tid}") for tid in tids],
    }


def _processes(files: dict[str, bytes]) -> list[dict]:
    threads: dict[int, list[int]] = {}
    for path in files:
        match = re.fullmatch(r"/proc/(\d+)/task/(\d+)/stat", path)
        if match:
            threads.setdefault(int(match.group(1)), []).append(int(match.group(2)))
    return [_process(files, pid, sorted(tids)) for pid, tids in sorted(threads.items())]


def _facts(files: dict[str, bytes]) -> dict:
    flags = re.search(rb"^flags\s*:(.*)$", files["/proc/cpuinfo"], re.MULTILINE)
    vmcoreinfo = files.get("/sys/kernel/vmcoreinfo", b"").split()
    return {
        "reporter_pid": int(files["reporter"]),
        "page_size": int(files["page_size"]),
        "clock_ticks": int(files["clock_ticks"]),
        "cpus_online": int(files["cpus_online"]),
        "la57": bool(flags and b"la57" in flags.group(1).split()),
        "clock_realtime": _text(files["clock_realtime"]),
        "clock_monotonic": _text(files["clock_monotonic"]),
        "clock_boottime": _text(files["clock_boottime"]),
        "vmcoreinfo_address": int(vmcoreinfo[0], 16) if vmcoreinfo else None,
        "kvmguest_status": int(files["/run/kvmguest-status"])
        if "/run/kvmguest-status" in files else None,
    }


def make_report(files: dict[str, bytes]) -> dict:
    def text(path: str) -> str:
        return _text(files[path])

    kernel = "/proc/sys/kernel"
    return {
        "facts": _facts(files),
        "uname": {
            "sysname": "Linux",
            "nodename": text(f"{kernel}/hostname").strip(),
            "release": text(f"{kernel}/osrelease").strip(),
            "version": text(f"{kernel}/version").strip(),
            "machine": text("machine"),
        },
        "boot_id": text(f"{kernel}/random/boot_id").strip(),
        "kallsyms": "kallsyms.txt",
        "btf": "btf" if "/sys/kernel/btf/vmlinux" in files else None,
        "notes": _text(files.get("/sys/kernel/notes", b"")),
        "proc": {name: text(f"/proc/{name}") for name in (
            "cmdline", "version", "iomem", "modules", "cpuinfo", "mounts", "filesystems",
            "meminfo", "stat", "uptime", "loadavg", "swaps")},
        "dmesg": text("syslog"),
        "kmsg": text("/dev/kmsg"),
        "processes": _processes(files),
    }
