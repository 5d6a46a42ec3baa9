# SPDX-License-Identifier: BSD-2-Clause
"""Writer of full dumps of 32-bit FreeBSD kernels, and of their kernel files.

Layout (freebsd-src): sys/kern/kern_dump.c (12.2, 13.x), dumpsys_generic();
sys/arm/arm/dump_machdep.c for arm's PT_DUMP_DELTA (p_vaddr KERNVIRTADDR, p_paddr
where it is); sys/powerpc/powerpc/dump_machdep.c for powerpc's segments, which
have virtual addresses only.
"""
from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

from .case import expect_path
from .expect import Expect
from .lime import write_raw
from .memory import PAGE, Memory
from .sparse import SparseFile
from .vmcore import copy

EHDR_SIZE, PHDR_SIZE, SHDR_SIZE, SYM_SIZE = 52, 32, 40, 16
ET_EXEC, ET_CORE = 2, 4
PT_LOAD, PT_DUMP_DELTA = 1, 0x6FB5D000
OSABI_FREEBSD, OSABI_STANDALONE = 9, 255
EM_386, EM_PPC, EM_ARM = 3, 20, 40
NO_PADDR = 0xFFFFFFFF
SHT_SYMTAB, SHT_STRTAB, SHT_NOBITS = 2, 3, 8


@dataclass
class Target:
    """name is that of uname -m."""

    name: str
    machine: int
    order: str = "<"
    ehdr_size = EHDR_SIZE
    phdr_size = PHDR_SIZE

    def ehdr(self, etype: int, osabi: int, phnum: int, shoff: int = 0, shnum: int = 0) -> bytes:
        ident = b"\x7fELF" + bytes([1, 1 if self.order == "<" else 2, 1, osabi]) + bytes(8)
        return ident + struct.pack(f"{self.order}HHIIIIIHHHHHH", etype, self.machine, 1, 0,
                                   EHDR_SIZE, shoff, 0, EHDR_SIZE, PHDR_SIZE, phnum,
                                   SHDR_SIZE, shnum, max(shnum - 1, 0))

    def phdr(self, ptype: int, offset: int, vaddr: int, paddr: int, size: int,
             align: int = PAGE) -> bytes:
        return struct.pack(f"{self.order}IIIIIIII", ptype, offset, vaddr, paddr, size, size,
                           4, align)


@dataclass
class Full32:
    """A machine; mapped are the (va, pa, length, rights) its page tables say."""

    target: Target
    ranges: list[tuple[int, int]]
    symbols: dict[str, int] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    mapped: list[tuple[int, int, int, str]] = field(default_factory=list)
    delta: tuple[int, int] | None = None
    osabi: int = OSABI_STANDALONE
    bottom: int = 0             # addresses that are told of
    top: int = 1 << 32
    page: int = PAGE
    windows: list[tuple[int, int, int]] = field(default_factory=list)   # (va, length, pa)
    vaddr: int | None = None    # all that program headers say of addresses in the kernel
    rest: str = "notmapped"     # what addresses are that nothing maps
    unordered: bool = False     # tables are not in the order of addresses

    def write_u32(self, pa: int, value: int) -> None:
        self.memory.write(pa, struct.pack(f"{self.target.order}I", value))

    def write_u64(self, pa: int, value: int) -> None:
        self.memory.write(pa, struct.pack(f"{self.target.order}Q", value))

    def dump(self, path: Path) -> None:
        count = len(self.ranges) + (self.delta is not None)
        headers = self.target.ehdr(ET_CORE, self.osabi, count)
        length = self.target.ehdr_size + count * self.target.phdr_size
        offset = -(-length // PAGE) * PAGE
        for start, end in self.ranges:
            va = start if self.vaddr is None else self.vaddr
            headers += self.target.phdr(PT_LOAD, offset, va, start, end - start)
            offset += end - start
        if self.delta is not None:
            headers += self.target.phdr(PT_DUMP_DELTA, 0, self.delta[0], self.delta[1], 0)
        with SparseFile(path) as out:
            out.write(headers)
            out.pad_to(PAGE)
            for start, end in self.ranges:
                copy(self.memory, out, start, end - start)
        self.tell(path)

    def raw(self, path: Path) -> None:
        """The same memory without headers."""
        told = write_raw(path, self.memory, self.ranges)
        self.tell(path, {"format": "raw", "raw": told})

    def _tell_window(self, expect: Expect, va: int, length: int, first: int) -> int:
        at = told = 0
        for start, end in self.ranges:
            start, end = max(start - first, 0), min(end - first, length)
            if start >= end:
                continue
            expect.hole(va + at, start - at, "notindump")
            for off in range(start, end, PAGE):
                pa = first + off
                add = expect.special if self.memory.is_planted(pa // PAGE) else expect.map
                add(va + off, PAGE, pa, "rw-")
            at, told = end, told + end - start
        expect.hole(va + at, length - at, "notindump")
        return told

    def _stored(self, pa: int) -> bool:
        return any(start <= pa < end for start, end in self.ranges)

    def tell(self, path: Path, facts: dict[str, str] | None = None) -> None:
        expect = Expect()
        for key, value in ({"format": "elf", "os": "freebsd", "arch": self.target.name,
                            "kernel": path.name + ".elf"} | (facts or {})).items():
            expect.fact(key, value)
        if self.page != PAGE:
            expect.fact("pagesize", self.page)
        if self.unordered:
            expect.fact("unordered", 1)
        for va, pa, length, rights in sorted(self.mapped):
            for off in range(0, length, PAGE):
                if not self._stored(pa + off):
                    expect.hole(va + off, PAGE, "notindump")
                elif self.memory.is_planted((pa + off) // PAGE):
                    expect.special(va + off, PAGE, pa + off, rights)
                else:
                    expect.map(va + off, PAGE, pa + off, rights)
        if self.windows:
            told_twice = [self._tell_window(expect, *window) for window in self.windows]
            # kvm_walk_pages() comes by the first, which the kernel uses
            expect.fact("unwalked", sum(told_twice[1:]))
        ends = sorted([(va, va + length) for va, _, length, _ in self.mapped] +
                      [(va, va + length) for va, length, _ in self.windows
                       if self.bottom <= va < self.top])
        at = self.bottom
        for start, end in ends:
            expect.hole(at, start - at, self.rest)
            at = end
        expect.hole(at, self.top - at, self.rest)
        at = 0
        for start, end in self.ranges:
            expect.phys(at, start - at, "absent")
            expect.phys(start, end - start, "present")
            at = end
        expect.phys(at, 1 << 20, "absent")
        for pfn in self.memory.planted():
            expect.line(f"planted {pfn * PAGE:x} {PAGE:x}")
        expect.write(expect_path(path))


def kernel_file(path: Path, target: Target, base: int, size: int,
                symbols: dict[str, int]) -> None:
    """A kernel file of one section of data without content, and its symbols."""
    strings, entries = b"\0", bytes(SYM_SIZE)
    for name, value in symbols.items():
        # a global object, in the section where it lies there, else absolute
        inside = base <= value < base + size
        entries += struct.pack(f"{target.order}IIIBBH", len(strings), value, 4, 0x11, 0,
                               1 if inside else 0xFFF1)
        strings += name.encode() + b"\0"
    names = b"\0.data\0.symtab\0.strtab\0.shstrtab\0"
    at = EHDR_SIZE + PHDR_SIZE
    at_strings, at_names = at + len(entries), at + len(entries) + len(strings)
    shoff = -(-(at_names + len(names)) // 4) * 4
    rows = [(0,) * 10,
            (1, SHT_NOBITS, 3, base, at, size, 0, 0, 4, 0),
            (7, SHT_SYMTAB, 0, 0, at, len(entries), 3, 1, 4, SYM_SIZE),
            (15, SHT_STRTAB, 0, 0, at_strings, len(strings), 0, 0, 1, 0),
            (23, SHT_STRTAB, 0, 0, at_names, len(names), 0, 0, 1, 0)]
    body = target.ehdr(ET_EXEC, OSABI_FREEBSD, 1, shoff, len(rows))
    body += struct.pack(f"{target.order}IIIIIIII", PT_LOAD, at, base, base, 0, size, 6, PAGE)
    body += entries + strings + names
    body += bytes(shoff - len(body))
    for row in rows:
        body += struct.pack(f"{target.order}10I", *row)
    path.write_bytes(body)
