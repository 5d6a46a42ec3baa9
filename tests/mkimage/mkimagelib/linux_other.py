# SPDX-License-Identifier: BSD-2-Clause
"""Linux machines of other architectures than x86-64: what these have in common.

Each has a module of its own, with its page tables (class Format) and where it puts
what. Keys of VMCOREINFO: linux kernel/vmcore_info.c.
"""
from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Protocol

from . import elf
from .case import add, expect_path
from .expect import Expect
from .linux_machine import BUILD_ID, CRASHTIME, pack_utsname
from .memory import PAGE, Memory
from .vmcore import Load, Vmcore
from .walk_expect import Walker

MIB = 1 << 20
# A machine that is as small as can be, for seeds: its image and where its tables begin.
TINY, TINY_TABLES = 0x40000, 0x28000


class Format(Protocol):
    """Page tables of a kind. Levels count from that of the smallest pages."""

    order: str
    levels: tuple[tuple[int, int], ...]     # log2 of what an entry maps, of the entries
    width: int                              # bytes of an entry

    def empty(self, level: int) -> int: ...

    def link(self, pa: int, level: int) -> int: ...

    def leaf(self, pa: int, prot: str, level: int) -> int: ...


class Tables:
    """map() makes the tables it needs, from free_pa on, and remembers what it did."""

    def __init__(self, memory: Memory, fmt: Format, root: int, free_pa: int) -> None:
        self.memory = memory
        self.fmt = fmt
        self.root = root
        self._free = free_pa
        self._links: dict[int, int] = {}
        self.mapped: list[tuple[int, int, int, str]] = []
        self.holes: list[tuple[int, int]] = []
        self.fill(root, len(fmt.levels) - 1)

    def fill(self, pa: int, level: int) -> None:
        self.memory.write(pa, self._pack(self.fmt.empty(level)) *
                          (1 << self.fmt.levels[level][1]))

    def _pack(self, entry: int) -> bytes:
        return entry.to_bytes(self.fmt.width, "little" if self.fmt.order == "<" else "big")

    def take(self, level: int) -> int:
        size = self.fmt.width << self.fmt.levels[level][1]
        self._free += -self._free % size
        pa = self._free
        self._free += size
        self.fill(pa, level)
        return pa

    def slot(self, va: int, level: int) -> int:
        """Where the entry for va in a table of that level lies."""
        table = self.root
        for at in range(len(self.fmt.levels) - 1, level - 1, -1):
            shift, bits = self.fmt.levels[at]
            slot = table + (va >> shift & (1 << bits) - 1) * self.fmt.width
            if at == level:
                return slot
            if slot not in self._links:
                self._links[slot] = self.take(at - 1)
                self._write(slot, self.fmt.link(self._links[slot], at))
            table = self._links[slot]
        raise ValueError("no such level")

    def _write(self, slot: int, entry: int) -> None:
        self.memory.write(slot, self._pack(entry))

    def map(self, va: int, pa: int, prot: str, level: int = 0) -> None:
        self._write(self.slot(va, level), self.fmt.leaf(pa, prot, level))
        self.mapped.append((va, 1 << self.fmt.levels[level][0], pa, prot))

    def map_group(self, va: int, pa: int, prot: str, shift: int, entry: int,
                  level: int = 0, more: int = 0) -> None:
        """A page of 1 << shift bytes that takes several entries; more: what each adds."""
        step = 1 << self.fmt.levels[level][0]
        for i, at in enumerate(range(va, va + (1 << shift), step)):
            self._write(self.slot(at, level), entry + i * more)
        self.mapped.append((va, 1 << shift, pa, prot))

    def absent(self, va: int, entry: int | None = None, level: int = 0) -> None:
        """Nothing is mapped there, though the entry may not be empty."""
        if entry is not None:
            self._write(self.slot(va, level), entry)
        self.holes.append((va, 1 << self.fmt.levels[level][0]))


@dataclass
class Other:
    """A machine; windows are stretches that are translated without tables."""

    arch: str
    emachine: int
    prstatus: int               # bytes of the note
    order: str                  # of the kernel, and as a rule of the file
    page: int
    release: str
    image_va: int
    image_pa: int
    ram: list[tuple[int, int]]
    dmap: int                   # where physical 0 would be
    fmt: Format
    info: list[str] = field(default_factory=list)
    windows: list[tuple[int, int, int]] = field(default_factory=list)
    kernoffset: int = 0
    root_off: int = 0x20000     # of the root table in the image
    tables_off: int = 0x100000  # of all other tables
    symbols: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)  # more to expect
    pointer: int = 8            # bytes
    bits: int = 64              # of the file, which may be wider than the kernel
    container: str = ""         # the file's byte order, where it is another
    note_order: str = ""        # that of VMCOREINFO among its notes
    planted: bool = True        # it is in memory too

    def __post_init__(self) -> None:
        self.memory = Memory()
        self.uts = self.image_va + 0x1040
        self.swapper = self.image_va + self.root_off
        self.root = self.image_pa + self.root_off
        self.note_pa = self.image_pa + 0x4000
        self.utsname = ("Linux", "mkimage", self.release, "#1 SMP mkimage", self.arch,
                        "(none)")
        self.container = self.container or self.order
        self.note_order = self.note_order or self.order
        self.memory.write(self.image_pa + 0x1040, pack_utsname(self.utsname))
        self.tables = Tables(self.memory, self.fmt, self.root,
                             self.image_pa + self.tables_off)

    def write(self, pa: int, form: str, *values: int) -> None:
        """In the kernel's byte order."""
        self.memory.write(pa, struct.pack(f"{self.order}{form}", *values))

    def vmcoreinfo(self) -> bytes:
        lines = [f"OSRELEASE={self.release}", f"BUILD-ID={BUILD_ID.hex()}",
                 f"PAGESIZE={self.page}", f"SYMBOL(init_uts_ns)={self.uts:x}",
                 "OFFSET(uts_namespace.name)=0", f"SYMBOL(swapper_pg_dir)={self.swapper:x}",
                 f"SYMBOL(_stext)={self.image_va:x}", *self.info, f"CRASHTIME={CRASHTIME}"]
        return "".join(f"{line}\n" for line in lines).encode()

    def note(self) -> bytes:
        return elf.note(b"VMCOREINFO\0", 0, self.vmcoreinfo(), self.note_order)

    def plant_note(self) -> None:
        note = elf.note(b"VMCOREINFO\0", 0, self.vmcoreinfo(), self.order)
        self.memory.write(self.note_pa, note + bytes(12))

    def cpu_notes(self, count: int) -> bytes:
        out = b""
        for cpu in range(count):
            desc = bytearray(self.prstatus)
            wide = self.pointer == 8
            regs = 112 if wide else 72      # pr_reg; pr_fpvalid ends the structure
            struct.pack_into(f"{self.container}I", desc, 32 if wide else 24, cpu + 1)
            words = (self.prstatus - regs - self.pointer) // self.pointer
            struct.pack_into(f"{self.container}{words}{'Q' if wide else 'I'}", desc, regs,
                             *(cpu << 16 | reg for reg in range(words)))
            out += elf.note(b"CORE\0", 1, bytes(desc), self.container)
        return out

    def scatter(self, va: int, pages: list[int],
                prots: tuple[str, ...] = ("rw-", "r-x", "rwx")) -> int:
        """Areas of pages that are not in order, with a guard page behind each."""
        at = 0
        for area in range(9):
            for i in range(area + 1):
                self.tables.map(va, pages[at * 7 % len(pages)],
                                prots[area % 3])
                va += self.page
                at += 1
            self.tables.absent(va)
            va += self.page
        return va

    def pages(self, start: int, end: int) -> list[int]:
        return list(range(start, end, self.page))

    def expect(self, container: str) -> Expect:
        walker = Walker(self.tables, list(self.ram))    # type: ignore[arg-type]
        expect = walker.expect
        for key, value in (("format", container), ("os", "linux"), ("native", 0),
                           ("arch", self.arch), ("osrelease", self.release),
                           ("levels", len(self.fmt.levels)), ("root", self.root),
                           ("kernoffset", self.kernoffset)):
            expect.fact(key, value)
        if self.page != PAGE:
            expect.fact("pagesize", self.page)
        for name, at in {"_stext": self.image_va, "swapper_pg_dir": self.swapper,
                         "init_uts_ns": self.uts, **self.symbols}.items():
            expect.line(f"sym {name} {at:x}")
        for name, text in zip(("sysname", "nodename", "release", "version"), self.utsname):
            expect.line(f"uts {name} {text}")
        for line in self.lines:
            expect.line(line)
        runs = self.tables.mapped + [(va, n, pa, "rwx") for va, n, pa in self.windows]
        for va, length, pa, prot in sorted(runs):
            walker.leaf(va, pa, length, prot)
        for va, length in sorted(self.tables.holes):
            expect.hole(va, length, "notmapped")
        walker.physical()
        self._words(expect)
        return expect

    def _words(self, expect: Expect) -> None:
        """Eight set words of each page that is not pattern, by the direct map."""
        for pfn in self.memory.planted():
            pa = pfn * PAGE
            if not any(lo <= pa and pa + PAGE <= hi for lo, hi in self.ram):
                continue
            values = struct.unpack("<512Q", self.memory.page(pfn))
            for i in [i for i, word in enumerate(values) if word][:8]:
                expect.word(self.dmap + pa + i * 8, 8, values[i])


def elf_core(machine: Other, noted: bool = True) -> Vmcore:
    """dump-guest-memory; not noted: of a machine that knows no VMCOREINFO note."""
    notes = machine.cpu_notes(2) + (machine.note() if noted else b"")
    loads = [Load(start, end - start, start) for start, end in machine.ram]
    return Vmcore(machine.memory, notes, loads, machine=machine.emachine,
                  order=machine.container, bits=machine.bits)


def add_elf(name: str, about: str, make: Callable[[], Other], noted: bool = True) -> None:
    def write(path: Path) -> None:
        machine = make()
        if machine.planted:
            machine.plant_note()
        elf_core(machine, noted).write(path)
        machine.expect("elf").write(expect_path(path))
    add(f"linux-elf-{name}", about, write)
