# SPDX-License-Identifier: BSD-2-Clause
"""FreeBSD/powerpc64 minidumps: a hashed page table or a radix tree.

Layout (freebsd-src): sys/powerpc/include/minidump.h, powerpc/minidump_machdep.c,
aim/mmu_oea64.c (moea64_*, hash of virtual segments in aim/slb.c: KERNEL_VSID),
aim/mmu_radix.c.  Tables are big-endian whatever the kernel's byte order.
"""
from __future__ import annotations

import struct

from .fbsd_mini import Header, Mini
from .memory import PAGE

DMAP, DMAP_END = 0xC000000000000000, 0xC007FFFFFFFFFFFF
KERNBASE = 0xC008000000000000
START_KERNEL = 0x1000000
RANGES = [(0x0, 0x80000), (0x1000000, 0x1080000), (0x100000000, 0x100040000)]
GROUPS = 2048
RIGHTS = ("rwx", "r-x", "rw-", "r--")


def _header(mmu: bytes, large: bool, start: int) -> Header:
    def pack(mini: Mini) -> bytes:
        fixed = b"minidump FreeBSD/powerpc64".ljust(32, b"\0") + mmu.ljust(32, b"\0")
        fixed += struct.pack(f"{mini.order}IIIIQQQQI4xQQ", mini.version, len(mini.msgbuf),
                             len(mini.bitmap()), len(mini.tables), mini.kernbase,
                             mini.kernend, DMAP, DMAP_END, int(large), start, start + 0x80000)
        return fixed + (struct.pack(f"{mini.order}I4x", PAGE) if mini.version > 1 else b"")
    return pack


def machine(version: int, order: str, mmu: bytes, start: int = DMAP + START_KERNEL) -> Mini:
    """start: where the kernel runs."""
    name = "powerpc64le" if order == "<" else "powerpc64"
    mini = Mini("powerpc64", name, version, _header(mmu, True, start), KERNBASE, RANGES,
                version > 1, order, dmap=(DMAP, DMAP_END + 1, 0))
    mini.choose()
    return mini


def _vsid(va: int) -> int:
    esid = va >> 28
    return ((esid << 8 | esid >> 28) * 0x13BB & 0xFFFFFFFFF) | 0x1000000000


class Hash:
    """Groups of eight entries; what finds its group full goes to the other one."""

    def __init__(self) -> None:
        self.groups: list[list[bytes]] = [[] for _ in range(GROUPS)]

    def insert(self, va: int, pa: int, right: str, large: bool, full: bool = False,
               vsid: int | None = None) -> None:
        """vsid: where it is not what a kernel of 64 bits computes."""
        shift = 24 if large else 12
        vsid = _vsid(va) if vsid is None else vsid
        page = (va & 0xFFFFFFF) >> shift
        hashed_ = (vsid & 0x7FFFFFFFFF) ^ page
        # AVA: the segment, then the upper five bits of the page's index in it
        api = page << 1 if large else page >> 11
        high = vsid << 12 | api << 7 | (4 if large else 0) | 1
        low = pa | (2 if "w" in right else 3) | (0 if "x" in right else 4) | 0x10
        group = hashed_ % GROUPS
        if full or len(self.groups[group]) == 8:
            group, high = (~hashed_ & 0x7FFFFFFFFF) % GROUPS, high | 2
        assert len(self.groups[group]) < 8
        self.groups[group].append(struct.pack(">QQ", high, low))

    def pack(self) -> bytes:
        return b"".join(b"".join(g).ljust(128, b"\0") for g in self.groups)


def hashed(version: int, order: str) -> Mini:
    mini = machine(version, order, b"mmu_g5")
    mini.unordered = True
    table, pages = Hash(), mini.pages()
    mini.kernend = KERNBASE + 0x20000000
    for pa in range(0, 0x4000000, 0x1000000):
        table.insert(DMAP + pa, pa, "rw-", True)
    for i in range(1500):
        # neighbours at first, then all over the two segments
        va = KERNBASE + (i * PAGE if i < 900 else (i * 0x61 * PAGE) % 0x20000000)
        if i % 4 == 3 or va in mini.mapped:
            continue
        pa, right = pages[i * 13 % len(pages)], RIGHTS[i % 4]
        table.insert(va, pa, right, False, i % 5 == 0)
        mini.mapped[va] = (pa, right)
    mini.tables = table.pack()
    return mini


class Radix:
    """Tables of 512 entries below a root of 64 KiB; free: physical pages for them."""

    def __init__(self, mini: Mini, free: list[int]) -> None:
        self.mini = mini
        self.free = free
        self.root = bytearray(65536)
        self._tables: dict[int, int] = {}
        mini.dumped |= {pa // PAGE for pa in free}

    def _table_for(self, va: int, shift: int) -> int:
        """The table whose entries map 1 << shift bytes each."""
        key = va >> (shift + 9) << 4 | shift // 9
        if key not in self._tables:
            self._tables[key] = self.free.pop()
            self.mini.memory.clear(self._tables[key] // PAGE)
            link = struct.pack(">Q", 1 << 63 | self._tables[key] | 9)
            if shift == 30:
                at = (va >> 39 & 0x1FFF) * 8
                self.root[at:at + 8] = link
            else:
                up = self._table_for(va, shift + 9)
                self.mini.memory.write(up + (va >> (shift + 9) & 511) * 8, link)
        return self._tables[key]

    def leaf(self, va: int, pa: int, right: str, shift: int = 12) -> None:
        entry = 3 << 62 | pa | 0x100 | 0x80 | 4 | (2 if "w" in right else 0) | ("x" in right)
        self.mini.memory.write(self._table_for(va, shift) + (va >> shift & 511) * 8,
                               struct.pack(">Q", entry))
        for off in range(0, 1 << shift, PAGE):
            self.mini.mapped[va + off] = (pa + off, right)


def radix(order: str) -> Mini:
    mini = machine(2, order, b"mmu_radix")
    mini.kernend = KERNBASE + 0x40200000
    pages = mini.pages()
    tree = Radix(mini, [pa for pa in pages if 0x1000000 <= pa < 0x1010000])
    for i in range(700):
        if i % 4 != 3:
            tree.leaf(KERNBASE + i * PAGE, pages[i * 13 % len(pages)], RIGHTS[i % 4])
    tree.leaf(KERNBASE + 0x40000000, 0x1000000, "rwx", 21)
    mini.tables = bytes(tree.root)
    return mini
