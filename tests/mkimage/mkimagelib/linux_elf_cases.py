# SPDX-License-Identifier: BSD-2-Clause
"""ELF vmcores of Linux machines."""
from __future__ import annotations

from pathlib import Path
from typing import Callable

from . import elf, x86
from .case import add, expect_path
from .expect import Expect
from .linux_expect import tell
from .linux_machine import (PC5, LinuxMachine, cpu_notes, full_machine, qemu_note,
                            tiny_machine)
from .x86_tables import canonical
from .memory import PAGE
from .vmcore import NO_PADDR, Load, Vmcore
from .walk_expect import Runs

# "no physical address" segments of /proc/kcore hold data under their own rules
KCORE_DATA_PA = 0x1100000


def stored_runs(core: Vmcore) -> tuple[Runs, Runs]:
    """Physical bytes that the program headers give data for, and that they name."""
    good = core.loads[:len(core.loads) - core.drop_phdrs]
    loads = [load for load in good if load.paddr != NO_PADDR]
    stored = [(l.paddr, l.paddr + l.stored()) for l in loads
              if l.offset is None]
    return stored, [(l.paddr, l.paddr + l.memsz) for l in loads]


def kdump_notes(machine: LinuxMachine) -> bytes:
    return cpu_notes(2) + machine.vmcoreinfo_note()


def text_load(machine: LinuxMachine) -> Load:
    """kexec covers the kernel image a second time, under its own addresses."""
    layout = machine.layout
    return Load(layout.text_pa, 0x240000 if layout.data_off > 0x8000 else 0x10000,
                layout.text_va)


def ram_loads(machine: LinuxMachine) -> list[Load]:
    base = machine.layout.page_offset
    return [Load(start, end - start, base + start) for start, end in machine.ram_bytes()]


def proc_vmcore(machine: LinuxMachine) -> Vmcore:
    return Vmcore(machine.memory, kdump_notes(machine),
                  [text_load(machine), *ram_loads(machine)], whole_pages=True)


def filtered(machine: LinuxMachine) -> Vmcore:
    """makedumpfile -E: segments are cut where an excluded run ends."""
    table = machine.tables.slot(machine.layout.vmalloc + (1 << 40), 12) // PAGE * PAGE
    runs = [(0x20000, 0x30000), (0x1040000, 0x1060000), (table, table + PAGE),
            (0x100040000, 0x100080000)]
    base = machine.layout.page_offset
    loads = []
    for start, end in machine.ram_bytes():
        at = start
        for lo, hi in [(lo, hi) for lo, hi in runs if start <= lo < end]:
            loads.append(Load(at, hi - at, base + at, filesz=lo - at))
            at = hi
        if at < end:
            loads.append(Load(at, end - at, base + at))
    # a segment of which nothing is left has p_offset 0
    loads.append(Load(0x100080000, 0x10000, base + 0x100080000, filesz=0))
    return Vmcore(machine.memory, kdump_notes(machine), loads, align=1)


def qemu_sections() -> list[elf.Section]:
    """The null section and the (here empty) string table QEMU writes."""
    return [elf.Section("", 0), elf.Section(".shstrtab", elf.SHT_STRTAB)]


def qemu(machine: LinuxMachine, with_vmcoreinfo: bool = True) -> Vmcore:
    """dump-guest-memory without paging: one segment for each block of RAM."""
    cr4 = 0x1000 if machine.layout.levels == 5 else 0
    notes = cpu_notes(2) + 2 * qemu_note(machine.tables.root, cr4 | 0x6F0)
    if with_vmcoreinfo:
        notes += machine.vmcoreinfo_note()
    loads = [Load(start, end - start, start) for start, end in machine.ram_bytes()]
    return Vmcore(machine.memory, notes, loads, phoff=elf.EHDR_SIZE + 2 * elf.SHDR_SIZE,
                  ehsize=8, align=1, gap=0x1C, shdrs=qemu_sections())


def qemu_paging(machine: LinuxMachine) -> Vmcore:
    """With paging: virtual mappings that share physical pages and file data.

    A mapping that goes past the end of its block of RAM has p_filesz < p_memsz;
    one whose memory is not in the file has p_offset -1.
    """
    core = qemu(machine)
    layout = machine.layout
    shared = [Load(start, end - start, layout.page_offset + start)
              for start, end in machine.ram_bytes()]
    text = Load(layout.text_pa, 0x200000, layout.text_va, at=1)
    clamped = Load(0x100000000, 0x40000000, layout.page_offset + 0x100000000 + (1 << 39),
                   filesz=0x80000, at=2)
    absent = Load(0xFEC00000, PAGE, layout.vmalloc + 0x5B000, filesz=0, offset=(1 << 64) - 1)
    core.loads = [*shared, text, clamped, absent]
    return core


def straddling(machine: LinuxMachine) -> Vmcore:
    """Segments that meet inside pages, one page made of three, in no order."""
    base = machine.layout.page_offset
    cuts = [0x1000000, 0x1003400, 0x1003408, 0x1003FFF, 0x1010001, 0x1202800, 0x1281238,
            0x1300000]
    loads = [Load(lo, hi - lo, base + lo) for lo, hi in zip(cuts, cuts[1:])]
    loads = loads[::-1] + [Load(0, 0x9FC00, base),
                           Load(0x100000000, 0x80000, base + 0x100000000)]
    return Vmcore(machine.memory, kdump_notes(machine), loads, align=1, gap=3)


def without_paddr(machine: LinuxMachine) -> Vmcore:
    """Some segments have a virtual address only, as in a copy of /proc/kcore."""
    core = proc_vmcore(machine)
    core.loads += [Load(NO_PADDR, 0x4000, machine.layout.vmalloc, source=KCORE_DATA_PA),
                   Load(NO_PADDR, 0x2000, 0xFFFFFFFFFF600000, source=KCORE_DATA_PA)]
    core.whole_pages = False
    return core


def many_segments(machine: LinuxMachine) -> Vmcore:
    """More than 65534 segments: a page each, one page in 64 pieces, and filtered ones."""
    base = machine.layout.page_offset
    loads = []
    for start, end in machine.ram_bytes():
        for pa in range(start, end, PAGE):
            step = 64 if pa == 0x1005000 else min(PAGE, end - pa)
            loads += [Load(at, step, base + at) for at in range(pa, min(pa + PAGE, end), step)]
    left = 0x10100 - len(loads)
    loads += [Load(0x200000000 + i * PAGE, PAGE, base + 0x200000000 + i * PAGE, filesz=0)
              for i in range(left)]
    return Vmcore(machine.memory, kdump_notes(machine), loads, align=1)


def incomplete(machine: LinuxMachine) -> Vmcore:
    """makedumpfile ran out of space: e_flags 1 and the last program headers are empty."""
    core = filtered(machine)
    core.eflags = 1
    core.drop_phdrs = 2
    return core


def self_reference(machine: LinuxMachine) -> Vmcore:
    """The root's slot 0x1e0 is the root: a walk through it comes out at page tables."""
    tables = machine.tables
    machine.memory.write_u64(tables.root + 0x1E0 * 8, tables.root | x86.flags("rw-"))
    # a lower table that is its own entry too, deep in vmalloc
    va = machine.layout.vmalloc + (1 << 41)
    tables.map(va, 0x42000, "rw-")
    slot = tables.slot(va + x86.SIZE_2M, 21)
    machine.memory.write_u64(slot, slot & ~0xFFF | x86.flags("rw-"))
    return proc_vmcore(machine)


def _self_reference_lines(machine: LinuxMachine, expect: Expect) -> None:
    top = 12 + 9 * (machine.tables.levels - 1)
    va = 0
    for shift in range(top, 11, -9):
        va |= 0x1E0 << shift
    va = canonical(va, machine.tables.levels)
    expect.special(va, PAGE, machine.tables.root, "rw-")
    expect.word(va + 0x1E0 * 8, 8, machine.memory.read_u64(machine.tables.root + 0x1E0 * 8))


def _write(path: Path, machine: LinuxMachine, core: Vmcore) -> Expect:
    core.write(path)
    stored, known = stored_runs(core)
    expect = tell(machine, "elf", stored, known)
    expect.fact("loads", len(core.loads))
    return expect


def _add(name: str, about: str, make: Callable[[LinuxMachine], Vmcore],
         machine: Callable[[], LinuxMachine] = full_machine,
         extra: Callable[[LinuxMachine, Expect], None] | None = None) -> None:
    def write(path: Path) -> None:
        made = machine()
        core = make(made)
        expect = _write(path, made, core)
        if extra is not None:
            extra(made, expect)
        expect.write(expect_path(path))
    add(f"linux-elf-{name}", about, write)


_add("4level", "a copy of /proc/vmcore, four levels, kernel text covered twice", proc_vmcore)
_add("5level", "the same with five levels", proc_vmcore, lambda: full_machine(PC5))
_add("tiny", "the same of a machine with 32 pages", proc_vmcore, tiny_machine)
_add("filtered", "makedumpfile -E: excluded tails, unaligned offsets, an empty segment",
     filtered)
_add("qemu", "dump-guest-memory: e_ehsize 8, program headers at 192, p_vaddr = p_paddr", qemu)
_add("qemu-5level", "the same with five levels", qemu, lambda: full_machine(PC5))
_add("qemu-nonote", "the same without a VMCOREINFO note: it is in RAM, the root in CR3",
     lambda machine: qemu(machine, with_vmcoreinfo=False))
_add("qemu-paging", "dump-guest-memory -p: virtual segments that share data", qemu_paging)
_add("straddle", "segments that meet inside pages, in descending order", straddling)
_add("nopaddr", "some segments without a physical address (all ones)", without_paddr)
_add("xnum", "65792 program headers, the count in section header 0", many_segments)
_add("incomplete", "makedumpfile out of space: e_flags 1, empty program headers", incomplete)
_add("selfref", "page tables that contain themselves", self_reference,
     extra=_self_reference_lines)
