# SPDX-License-Identifier: BSD-2-Clause
"""Seeds of fuzz targets whose input is not a file of any format.

What such an input is, the head of tests/fuzz/fuzz_TARGET.c says; the rest is as the
kernel (kernel/printk/printk_ringbuffer.h and, before 5.10, printk.c; fs/proc/;
arch/x86/kernel/unwind_orc.c), savecore(8) or ctfconvert(1) write it.
"""
from __future__ import annotations

import struct
import tempfile
import zlib
from pathlib import Path
from typing import Callable

from . import elf, s390_dump
from .case import add, find
from .linux_machine import cpu_notes


def _add(target: str, kind: str, make: Callable[[], bytes]) -> None:
    add(f"seed-{target}-{kind}", f"seed of fuzz_{target}",
        lambda path: path.write_bytes(make()) and None)


def _behind(name: str, flags: int) -> Callable[[], bytes]:
    """Another case's file behind a byte of flags."""
    def make() -> bytes:
        made = find(name)
        assert made is not None
        with tempfile.TemporaryDirectory() as tmp:
            path = Path(tmp) / name
            made.make(path)
            return bytes([flags]) + path.read_bytes()
    return make


INFO = (("dump_device", "Dump header from device", "/dev/ada0p3"),
        ("architecture", "Architecture", "amd64"),
        ("architecture_version", "Architecture Version", 2),
        ("dump_length_bytes", "Dump Length", 53248), ("blocksize", "Blocksize", 512),
        ("compression", "Compression", "none"),
        ("dumptime", "Dumptime", "2022-06-23 18:00:00 +0200"),
        ("hostname", "Hostname", "mkimage.example"), ("magic", "Magic", "FreeBSD Kernel Dump"),
        ("version_string", "Version String", "FreeBSD 13.1-RELEASE"),
        ("panic_string", "Panic String", "a panic"), ("dump_parity", "Dump Parity", 1234),
        ("bounds", "Bounds", 0), ("dump_status", "Dump Status", "good"))


def _info_text() -> bytes:
    lines = [f"{'' if i == 0 else '  '}{name}: {value}\n"
             for i, (_, name, value) in enumerate(INFO)]
    return "".join(lines).encode()


def _info_json() -> bytes:
    fields = [f'"{tag}":{value}' if isinstance(value, int) else f'"{tag}":"{value}\\n"'
              for tag, _, value in INFO]
    return f'{{"crashdump": {{{",".join(fields)}}}\n}}\n'.encode()


def _info_xml() -> bytes:
    fields = [f"<{tag}>{value} &amp;&lt;</{tag}>" if tag == "panic_string" else
              f"<{tag}>{value}</{tag}>" for tag, _, value in INFO]
    return f"<crashdump>{''.join(fields)}</crashdump>\n".encode()


PROCFS = {
    "stat": "7 (a (b) c) S 1 7 7 34816 9 4194560 100 20 3 1 5 6 7 8 20 -5 2 0 4242 4096000 77 "
            "18446744073709551615 1 2 3 4 5 0 0 4096 81923 1 0 0 17 1 0 0 2 0 0 1 2 3 4 5 6 7 0\n",
    "status": "Name:\ta\\nb\nUmask:\t0022\nState:\tT (stopped)\nTgid:\t7\nPid:\t8\nPPid:\t1\n"
              "TracerPid:\t3\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t4 24 \nVmSize:\t  12 kB\n"
              "VmRSS:\t       8 kB\nThreads:\t2\nSigQ:\t0/1\nSigPnd:\t0000000000000001\n"
              "ShdPnd:\t0000000000000002\nSigBlk:\t0000000000010000\nSigIgn:\t0000000000000004\n"
              "SigCgt:\t0000000180000000\nvoluntary_ctxt_switches:\t5\n"
              "nonvoluntary_ctxt_switches:\t6\n",
    "loadavg": "0.20 0.18 12.12 1/80 11206\n",
    "cpu": "cpu  10132153 290696 3084719 46828483 16683 0 25195 0 175628 0\ncpu0 1 2 3 4 5\n",
    "list": "0-3,8,10-11\n",
    "swaps": "Filename\t\t\tType\t\tSize\tUsed\tPriority\n/dev/dm-1\\040x  partition\t8\t4\t-2\n",
    "kallsyms": "ffffffff81000000 T _text\nffffffffc0000000 t init_module\t[ext4]\n",
    "kmsg": "6,339,5140900,c,caller=T1;NET: Registered \\x0a protocol\n SUBSYSTEM=pci\n",
    "syslog": "<4>[   12.345678] a line\n<14>no time\n",
}

VMCOREINFO = """\
OSRELEASE=6.1.0-50-amd64
BUILD-ID=06f8bde30046985060c60820f7a11515a33afb06
PAGESIZE=4096
SYMBOL(init_uts_ns)=ffffffff82c1a8c0
OFFSET(uts_namespace.name)=0
SIZE(page)=64
LENGTH(zone.free_area)=11
NUMBER(phys_base)=-16777216
KERNELOFFSET=28e00000
"""


def _orc(modern: bool) -> bytes:
    """Three functions: the stack pointer's, the frame pointer's, and none."""
    memory = bytearray(0x1000)
    bits = (5 | 1 << 4 | 0 << 8, 4 | 4 << 4, 0)
    for i, (ip, offset, kind) in enumerate(zip((0x100, 0x180, 0x200), (16, 24, 0), bits)):
        struct.pack_into("<i", memory, 4 * i, ip - 4 * i)
        struct.pack_into("<hhH", memory, 0x100 + 6 * i, offset, -16, kind)
    for at in range(0x800, 0xA00, 16):
        struct.pack_into("<QQ", memory, at, 0x10140, 0x10900)
    return bytes([modern | 5 << 1, 3]) + bytes(memory)


BASE = 0xFFFFC000


def _log() -> bytes:
    """Two records in a ring of two."""
    memory = bytearray(0x600)
    struct.pack_into("<Q", memory, 0, BASE + 0x40)
    struct.pack_into("<IxxxxQQQQ", memory, 0x40, 1, BASE + 0x100, BASE + 0x200, 3, 2)
    struct.pack_into("<IxxxxQ", memory, 0x40 + 48, 8, BASE + 0x400)
    for i, text in enumerate((b"first record", b"second")):
        struct.pack_into("<QQQ", memory, 0x100 + 24 * i, 2 << 62 | 2 + i, 64 * i, 64 * i + 64)
        struct.pack_into("<QQHBB", memory, 0x200 + 88 * i, i, 1000 * i, len(text), 0, 0xC0)
        struct.pack_into("<Q", memory, 0x400 + 64 * i, 2 + i)
        memory[0x408 + 64 * i:0x408 + 64 * i + len(text)] = text
    return bytes([4]) + bytes(21) + bytes(memory)


def _old_log() -> bytes:
    memory = bytearray(0x200)
    struct.pack_into("<QIxxxxIxxxxIxxxxQ", memory, 0, BASE + 0x80, 0x100, 0, 64, 5)
    for i, text in enumerate((b"old record", b"next")):
        struct.pack_into("<QHHHBB", memory, 0x80 + 32 * i, 1000 * i, 32, len(text), 0, 0, 6 << 5)
        memory[0x90 + 32 * i:0x90 + 32 * i + len(text)] = text
    return bytes([12]) + bytes(5) + bytes(memory)


def _hash(text: str) -> int:
    h = 2166136261
    for c in text.encode():
        h = (h ^ c) * 16777619 & 0xFFFFFFFF
    return h


def _freebsd() -> bytes:
    """A process with a thread, where the target's names put them."""
    memory = bytearray(0x1000)

    def put(at: int, value: int, size: int = 8) -> None:
        struct.pack_into("<Q" if size == 8 else "<I", memory, at, value)

    def member(base: int, name: str, value: int, size: int = 8) -> None:
        put(base + _hash(name) % 32 * 8, value, size)

    for name, value in (("allproc", 0x800), ("ticks", 5000), ("hz", 1000), ("mp_ncpus", 2),
                        ("msgbufp", 0xE00), ("averunnable", 0x100)):
        put(_hash(name) % 64 * 16, value)
    for name, value, size in (("p_threads", 0x900, 8), ("p_ucred", 0xA00, 8),
                              ("p_vmspace", 0xB00, 8), ("p_args", 0xC00, 8), ("p_state", 1, 4),
                              ("p_pid", 7, 4)):
        member(0x800, name, value, size)
    for name, value, size in (("td_tid", 100007, 4), ("td_pcb", 0xD00, 8),
                              ("td_wmesg", 0x10, 8), ("td_oncpu", 1, 4)):
        member(0x900, name, value, size)
    struct.pack_into("<QIIII", memory, 0xE00, 0xF00, 0x063062, 0x80, 0x20, 0)
    memory[0xF00:0xF20] = b"<6>a message of the FreeBSD log\n"
    return b"\0" + bytes(memory)


def _ctf(version: int, order: str) -> bytes:
    """struct proc { int p_pid; char p_comm[20]; struct proc *p_next; }"""
    strings, types = bytearray(b"\0"), bytearray()
    word = "I" if version == 3 else "H"

    def record(kind: int, name: str, vlen: int, rest: int) -> None:
        where = 0
        if name:
            where = len(strings)
            strings.extend(name.encode() + b"\0")
        info = kind << 26 | 1 << 25 | vlen if version == 3 else kind << 11 | 1 << 10 | vlen
        types.extend(struct.pack(f"{order}I{word}{word}", where, info, rest))

    record(1, "int", 1, 4)
    types.extend(struct.pack(f"{order}I", 1 << 24 | 32))
    record(1, "char", 1, 1)
    types.extend(struct.pack(f"{order}I", 3 << 24 | 8))
    record(4, "", 1, 0)
    types.extend(struct.pack(f"{order}{word}{word}I", 2, 1, 20))
    record(6, "proc", 3, 32)
    for name, kind, bits in (("p_pid", 1, 0), ("p_comm", 3, 32), ("p_next", 5, 192)):
        where = len(strings)
        strings.extend(name.encode() + b"\0")
        types.extend(struct.pack(f"{order}I{word}{word}", where, kind, bits))
    record(3, "", 0, 4)
    return struct.pack(f"{order}HBB8I", 0xCFF1, version, 0, 0, 0, 0, 0, 0, 0, len(types),
                       len(strings)) + bytes(types + strings)


def _register() -> None:
    for kind, make in (("text", _info_text), ("json", _info_json), ("xml", _info_xml)):
        _add("infofile", kind, make)
    _add("notes", "linux", lambda: b"\0" + cpu_notes(2) +
         elf.note(b"VMCOREINFO\0", 0, VMCOREINFO.encode()))
    for kind, text in PROCFS.items():
        _add("procfs", kind, lambda text=text: text.encode())   # type: ignore[misc]
    _add("vmcoreinfo", "text", VMCOREINFO.encode)
    _add("orc", "old", lambda: _orc(False))
    _add("orc", "modern", lambda: _orc(True))
    _add("log", "ring", _log)
    _add("log", "old", _old_log)
    _add("freebsd", "process", _freebsd)
    for version in (2, 3):
        for name, order in (("little", "<"), ("big", ">")):
            _add("ctf", f"{version}-{name}",
                 lambda version=version, order=order: _ctf(version, order))  # type: ignore[misc]
    for name, flags in (("kallsyms-6.4-base", 0), ("kallsyms-6.4-base-be", 1),
                        ("kallsyms-4.19-absolute", 0)):
        _add("kallsyms", name[9:], _behind(name, flags))


_register()


def _s390_volume(number: int, segments: list[tuple[bytes, int, bytes]],
                 end: int = 64 * 4096, **more: int) -> bytes:
    """Of each segment its header, the blocks that it takes, and what they begin with."""
    head = s390_dump.header(end, 2, extended=True, volume=number, **more)[:104]
    body = b"".join(header[:72] + bytes([blocks - 1]) + data.ljust(64, b"\0")
                    for header, blocks, data in segments)
    return head + bytes([len(segments)]) + body + s390_dump.end_marker()


def _s390_segment(first: int, pages: int, last: bool = False) -> tuple[bytes, int, bytes]:
    head = s390_dump.segment_header(first * 4096, pages * 4096, last)
    return head, pages, b"memory"


def _s390_packed(first: int) -> tuple[bytes, int, bytes]:
    """Two entries of two pages, the first compressed."""
    head = s390_dump.segment_header(first * 4096, 4 * 4096, True, 3,
                                    [0, 1 | s390_dump.PLAIN])
    return head, 3, zlib.compress(bytes(2 * 4096), 9)


_add("s390dump", "extended", lambda: b"\1" + _s390_volume(
    0, [_s390_segment(0, 2), _s390_segment(8, 4), _s390_segment(60, 1, True)]))
for _bits in (41, 62):
    _add("s390dump", f"memory-{_bits}-bits", lambda bits=_bits: b"\x09" + _s390_volume(
        0, [_s390_segment(0, 2, True)], end=1 << bits))
_add("s390dump", "zlib", lambda: b"\1" + _s390_volume(
    0, [_s390_segment(0, 1), _s390_packed(4)], entry=2 * 4096))
_add("s390dump", "volumes", lambda: b"\2" + b"".join(
    _s390_volume(i, [_s390_segment(i * 32, 7, i == 1)]) for i in range(2)))
_add("s390dump", "extended-volumes", lambda: b"\5" + b"".join(
    _s390_volume(i, [_s390_segment(i * 16, 5, i == 2)]) for i in range(3)))
