# SPDX-License-Identifier: BSD-2-Clause
"""Writer of FreeBSD minidumps of every architecture but amd64.

Sources of the layout (freebsd-src, 12.2 for versions without dump_avail, 13.x and 15):
  header            sys/<arch>/include/minidump.h
  order, rounding   sys/<arch>/<arch>/minidump_machdep.c; arm does not round its tables
  bit numbers       sys/vm/vm_dumpset.h; words of unsigned long, before 13 of
                    uint32_t on i386, arm and mips
"""
from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from .case import expect_path
from .expect import Expect
from .memory import PAGE, Memory
from .sparse import SparseFile

Header = Callable[["Mini"], bytes]


def round_to(length: int, unit: int) -> int:
    return -(-length // unit) * unit


@dataclass
class Mini:
    """A machine and its dump; pages are of page bytes, entries those of the section."""

    arch: str                       # as in the magic
    name: str                       # uname -p
    version: int
    header: Header
    kernbase: int
    ranges: list[tuple[int, int]]
    avail: bool                     # the version has dump_avail
    order: str = "<"
    word: int = 8                   # bytes in a word of the bitmap
    page: int = PAGE
    dmap: tuple[int, int, int] | None = None    # base, end, physical address of base
    fixed: list[int] = field(default_factory=list)
    packed: bool = False
    tables: bytes = b""
    kernend: int = 0
    memory: Memory = field(default_factory=Memory)
    dumped: set[int] = field(default_factory=set)       # numbers of pages
    mapped: dict[int, tuple[int, str]] = field(default_factory=dict)
    msgbuf: bytes = b"<118>a line of the message buffer\n" * 9
    unordered: bool = False         # tables are not in the order of addresses

    def pages(self) -> list[int]:
        """Addresses of all pages of memory."""
        return [pa for start, end in self.ranges for pa in range(start, end, self.page)]

    def choose(self) -> None:
        """Two pages of seven were not worth dumping."""
        self.dumped = {pa // self.page for i, pa in enumerate(self.pages()) if i * 5 % 7 > 1}

    def bits(self) -> tuple[list[int], int]:
        """Bit numbers of the dumped pages, and how many bits there are."""
        if not self.avail:
            return sorted(self.dumped), self.ranges[-1][1] // self.page
        bits, base = [], 0
        for start, end in self.ranges:
            first, last = start // self.page, -(-end // self.page)
            bits += [base + p - first for p in range(first, last) if p in self.dumped]
            base += last - first
        return bits, base

    def bitmap(self) -> bytes:
        bits, count = self.bits()
        words = [0] * (round_to(-(-count // 8), self.page) // self.word)
        for bit in bits:
            words[bit // (8 * self.word)] |= 1 << bit % (8 * self.word)
        kind = {4: "I", 8: "Q"}[self.word]
        return struct.pack(f"{self.order}{len(words)}{kind}", *words)

    def dump_avail(self) -> bytes:
        if not self.avail:
            return b""
        pairs = [*self.ranges, (0, 0)]
        return b"".join(struct.pack(f"{self.order}QQ", *p) for p in pairs).ljust(self.page, b"\0")

    def write(self, path: Path) -> None:
        with SparseFile(path) as out:
            for part in (self.header(self), self.msgbuf, self.dump_avail(), self.bitmap()):
                out.write(part)
                out.pad_to(self.page)
            out.write(self.tables)
            if not self.packed:
                out.pad_to(self.page)
            for number in sorted(self.dumped):
                first = number * self.page // PAGE
                for pfn in range(first, first + self.page // PAGE):
                    out.write(self.memory.page(pfn))
        self.tell().write(expect_path(path))

    def tell(self) -> Expect:
        expect = Expect()
        expect.fact("format", "minidump")
        expect.fact("os", "freebsd")
        expect.fact("arch", self.name)
        numbers = {"version": self.version, "kernbase": self.kernbase,
                   "msgbufsize": len(self.msgbuf), "pmapsize": len(self.tables),
                   "pages": len(self.dumped), "pagesize": self.page}
        for key, value in numbers.items():
            expect.fact(key, value)
        for va in range(self.kernbase, self.kernend, self.page):
            self._tell_page(expect, va, *self.mapped.get(va, (None, "")))
        expect.hole(self.kernend, self.page, "notmapped")
        if self.dmap is not None:
            base, end, phys = self.dmap
            at = base
            for number in sorted(self.dumped):
                va = base + number * self.page - phys
                expect.hole(at, va - at, "notindump")
                self._tell_page(expect, va, number * self.page, "rw-")
                at = va + self.page
            expect.hole(at, end - at, "notindump")
        if self.fixed:
            told = [self._tell_fixed(expect, base) for base in self.fixed]
            # kvm_walk_pages() comes by the first, which the kernel uses
            expect.fact("unwalked", sum(told[1:]))
        if self.unordered:
            expect.fact("unordered", 1)
        self._tell_physical(expect)
        return expect

    def _tell_fixed(self, expect: Expect, base: int) -> int:
        """A segment of MIPS: XKPHYS reaches all of memory, KSEG0 and 1 half a GiB."""
        limit = 1 << 40 if 1 << 63 <= base < 0xFFFFFFFF << 32 else 1 << 29
        told = [number for number in sorted(self.dumped) if number * self.page < limit]
        for number in told:
            self._tell_page(expect, base + number * self.page, number * self.page, "rw-")
        return len(told) * self.page

    def _tell_page(self, expect: Expect, va: int, pa: int | None, rights: str) -> None:
        if pa is None:
            expect.hole(va, self.page, "notmapped")
        elif pa // self.page not in self.dumped:
            expect.hole(va, self.page, "notindump")
        else:
            for off in range(0, self.page, PAGE):
                planted = self.memory.is_planted((pa + off) // PAGE)
                add = expect.special if planted else expect.map
                add(va + off, PAGE, pa + off, rights)

    def _tell_physical(self, expect: Expect) -> None:
        ranges = self.ranges
        if not self.avail:
            ranges = [(0, len(self.bitmap()) * 8 * self.page)]
        at = 0
        for start, end in ranges:
            expect.phys(at, start - at, "absent")
            at = start
            for number in sorted(self.dumped):
                pa = number * self.page
                if start <= pa < end:
                    expect.phys(at, pa - at, "excluded")
                    expect.phys(pa, self.page, "present")
                    at = pa + self.page
            expect.phys(at, end - at, "excluded")
            at = end
        expect.phys(at, 1 << 20, "absent")
        for pfn in self.memory.planted():
            expect.line(f"planted {pfn * PAGE:x} {PAGE:x}")
