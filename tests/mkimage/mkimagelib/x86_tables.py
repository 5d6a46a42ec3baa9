# SPDX-License-Identifier: BSD-2-Clause
"""x86-64 page tables of four or five levels, built in a machine's memory."""
from __future__ import annotations

from typing import Iterator

from . import x86
from .memory import PAGE, Memory, PageAllocator

_LEAF_SHIFTS = {x86.SIZE_4K: 12, x86.SIZE_2M: 21, x86.SIZE_1G: 30}


def canonical(va: int, levels: int) -> int:
    """Extend the top translated bit over the bits above it."""
    bits = 12 + 9 * levels
    if va >> bits - 1 & 1:
        return va | (1 << 64) - (1 << bits)
    return va & (1 << bits) - 1


class PageTables:
    """map() makes the tables it needs; a leaf may be 4 KiB, 2 MiB or 1 GiB."""

    def __init__(self, memory: Memory, levels: int, root: int, free: PageAllocator) -> None:
        self.memory = memory
        self.levels = levels
        self.root = root
        self._free = free
        memory.clear(root // PAGE)

    def slot(self, va: int, shift: int) -> int:
        """Where the entry that covers 1 << shift bytes at va lies."""
        table = self.root
        for at in range(12 + 9 * (self.levels - 1), shift, -9):
            table = self._next(table + (va >> at & 511) * 8)
        return table + (va >> shift & 511) * 8

    def _next(self, slot: int) -> int:
        entry = self.memory.read_u64(slot)
        if not entry & x86.P:
            pfn = self._free.take()
            self.memory.clear(pfn)
            entry = pfn * PAGE | x86.P | x86.RW | x86.ACCESSED | x86.DIRTY
            self.memory.write_u64(slot, entry)
        elif entry & x86.PS:
            raise ValueError("a larger page is mapped there")
        return entry & x86.FRAME_4K

    def map(self, va: int, pa: int, prot: str, size: int = x86.SIZE_4K,
            extra: int = 0) -> None:
        bits = x86.flags(prot) | extra | (x86.PS if size > x86.SIZE_4K else 0)
        self.set(va, pa | bits, size)

    def set(self, va: int, entry: int, size: int = x86.SIZE_4K) -> None:
        self.memory.write_u64(self.slot(va, _LEAF_SHIFTS[size]), entry)

    def kernel_half(self) -> Iterator[tuple[int, int, int]]:
        """(va, size, entry) of every slot of the upper half that ends a walk."""
        shift = 12 + 9 * (self.levels - 1)
        yield from self._table(self.root, shift, 0, range(256, 512))

    def _table(self, table: int, shift: int, base: int,
               slots: range = range(512)) -> Iterator[tuple[int, int, int]]:
        for i in slots:
            entry = self.memory.read_u64(table + i * 8)
            va = canonical(base + (i << shift), self.levels)
            leaf = shift == 12 or (entry & x86.PS and shift in (21, 30))
            frame = entry & x86.FRAME_4K
            if frame == self.root and shift > 12 and entry & x86.P:
                continue        # a table that contains itself is told by its case
            if entry & x86.P and not leaf:
                yield from self._table(frame, shift - 9, va)
            else:
                yield va, 1 << shift, entry
