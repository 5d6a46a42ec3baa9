# SPDX-License-Identifier: BSD-2-Clause
"""kdump-compressed files of Linux machines."""
from __future__ import annotations

from pathlib import Path
from typing import Callable

from .case import add, expect_path
from .codecs import lzo_page, snappy_page, zlib_page, zstd_page
from .expect import Expect
from .kdump import LZO, SNAPPY, STATUS_INCOMPLETE, ZLIB, ZSTD, Kdump
from .linux_expect import tell
from .linux_machine import (CRASHTIME, PC5, LinuxMachine, cpu_notes, full_machine, pack_utsname,
                            qemu_note, tiny_machine)
from .memory import PAGE
from .walk_expect import Runs

Bend = Callable[[LinuxMachine, Kdump], None]


def ram_pfns(machine: LinuxMachine) -> list[int]:
    return [pfn for start, end in machine.ram_bytes(whole_pages=True)
            for pfn in range(start // PAGE, end // PAGE)]


def make(machine: LinuxMachine) -> Kdump:
    """makedumpfile -c -d 1: everything, pages of zeros shared."""
    ram = ram_pfns(machine)
    info = machine.vmcoreinfo()
    return Kdump(machine.memory, ram, list(ram), max(ram) + 1,
                 cpu_notes(2) + machine.vmcoreinfo_note(), info, utsname=pack_utsname(),
                 timestamp=(CRASHTIME, 123456), phys_base=machine.layout.phys_base)


def page_runs(pfns: list[int]) -> Runs:
    return [(pfn * PAGE, (pfn + 1) * PAGE) for pfn in pfns]


def _old(version: int) -> Bend:
    """The version that only the newest field of the sub header tells apart."""
    def bend(machine: LinuxMachine, dump: Kdump) -> None:
        dump.version = version
        if version >= 5:
            dump.eraseinfo = b"erase task_struct.comm 16\n"
    return bend


def _filtered(machine: LinuxMachine, dump: Kdump) -> None:
    """-d 31: runs of excluded pages of every length, and one page table."""
    table = machine.tables.slot(machine.layout.vmalloc + (1 << 40), 12) // PAGE
    gone = {table, *range(0x20, 0x21), *range(0x30, 0x60), *range(0x1040, 0x1081),
            *range(0x1100, 0x1140, 2), *range(0x100010, 0x100020)}
    dump.dumped = [pfn for pfn in dump.ram if pfn not in gone]
    dump.dump_level = 31


def _mixed(machine: LinuxMachine, dump: Kdump) -> None:
    """Reassembled from dumps with other compression: flags differ page by page."""
    dump.methods = [(ZLIB, zlib_page), (LZO, lzo_page), (SNAPPY, snappy_page),
                    (ZSTD, zstd_page)]


def _codec(flag: int, codec: Callable[[bytes], bytes]) -> Bend:
    def bend(machine: LinuxMachine, dump: Kdump) -> None:
        dump.status = flag
        dump.methods = [(flag, codec)]
    return bend


def _raw(machine: LinuxMachine, dump: Kdump) -> None:
    dump.status = 0
    dump.methods = [(0, bytes)]
    dump.shared_zero = False
    dump.dump_level = 0


def _qemu(machine: LinuxMachine, dump: Kdump) -> None:
    """QEMU fills no utsname but the machine, writes no time, and takes the decimal
    NUMBER(phys_base) for a hexadecimal one."""
    dump.utsname = b"\0" * (4 * 65) + b"x86_64"
    dump.timestamp = (0, 0)
    dump.notes = (cpu_notes(2) + 2 * qemu_note(machine.tables.root, 0x6F0) +
                  machine.vmcoreinfo_note())
    dump.phys_base = int(str(machine.layout.phys_base), 16)


def _one_bitmap(machine: LinuxMachine, dump: Kdump) -> None:
    dump.one_bitmap = True


def _diskdump(machine: LinuxMachine, dump: Kdump) -> None:
    """The format of old: its sub header is a block of registers, here zeros."""
    dump.signature = b"DISKDUMP"
    dump.version = 0
    dump.one_bitmap = True
    dump.shared_zero = False
    dump.phys_base = 0


def _incomplete(machine: LinuxMachine, dump: Kdump) -> None:
    """No space: the last pages have a descriptor without an offset."""
    dump.status |= STATUS_INCOMPLETE
    dump.lost = set(dump.dumped[-150:])


def _big_mapnr(machine: LinuxMachine, dump: Kdump) -> None:
    """More pages than 32 bits count: the old fields are clamped."""
    dump.ram = [*dump.ram, (1 << 32) + 5, (1 << 32) + 7]
    dump.dumped = list(dump.ram)
    dump.max_mapnr = (1 << 32) + 8


def describe(machine: LinuxMachine, dump: Kdump) -> Expect:
    stored = [pfn for pfn in dump.members() if pfn not in dump.lost]
    expect = tell(machine, "kdump", page_runs(stored), page_runs(dump.ram))
    expect.fact("version", dump.version)
    expect.fact("dumplevel", dump.dump_level)
    expect.fact("maxmapnr", dump.max_mapnr)
    expect.fact("rootknown", int(dump.version >= 3))
    return expect


def _add(name: str, about: str, bend: Bend | None = None,
         machine: Callable[[], LinuxMachine] = full_machine) -> None:
    def write(path: Path) -> None:
        made = machine()
        dump = make(made)
        if bend is not None:
            bend(made, dump)
        dump.write(path)
        describe(made, dump).write(expect_path(path))
    add(f"linux-{name}", about, write)


def _write_split(path: Path) -> None:
    """Three members; the middle one is empty.  The cut is not a multiple of 64."""
    machine = full_machine()
    whole = make(machine)
    _filtered(machine, whole)
    expect = describe(machine, whole)
    spans = [(0, 0x1010), (0x1010, 0x1010), (0x1010, whole.max_mapnr)]
    for number, span in enumerate(spans, 1):
        member = path.with_name(f"{path.name}.{number}")
        dump = make(machine)
        _filtered(machine, dump)
        dump.span = span
        dump.write(member)
        describe(machine, dump).write(expect_path(member))
        expect.fact(f"member{number}", member.name)
    expect.write(expect_path(path))


for _version in range(7):
    _add(f"kdump-v{_version}", f"header version {_version}" +
         ("" if _version >= 3 else ": no VMCOREINFO"), _old(_version))
_add("kdump-tiny", "version 6 of a machine with 32 pages", None, tiny_machine)
_add("kdump-5level", "version 6 of a machine with five-level paging", None,
     lambda: full_machine(PC5))
_add("kdump-filtered", "dump level 31: excluded pages, one of them a page table", _filtered)
_add("kdump-mixed", "zlib, LZO, snappy, zstd and raw pages in one file", _mixed)
_add("kdump-lzo", "LZO pages", _codec(LZO, lzo_page))
_add("kdump-snappy", "snappy pages", _codec(SNAPPY, snappy_page))
_add("kdump-zstd", "zstd pages", _codec(ZSTD, zstd_page))
_add("kdump-raw", "raw pages, zeros not shared", _raw)
_add("kdump-qemu", "as QEMU writes it: empty utsname, wrong phys_base", _qemu)
_add("kdump-onebitmap", "one bitmap instead of two", _one_bitmap)
_add("diskdump", "DISKDUMP signature, version 0, one bitmap", _diskdump)
_add("kdump-incomplete", "status bit 8, descriptors with offset 0", _incomplete)
_add("kdump-mapnr64", "pages beyond 2^32: max_mapnr_64", _big_mapnr)
add("linux-kdump-split", "makedumpfile --split in three members, the second empty",
    _write_split)
