# SPDX-License-Identifier: BSD-2-Clause
"""What a walk of page tables must find in a dump of physical memory."""
from __future__ import annotations

from bisect import bisect_right

from . import x86
from .expect import Expect
from .memory import PAGE
from .x86_tables import PageTables

Runs = list[tuple[int, int]]


def merge(runs: Runs) -> Runs:
    """Sorted, without overlap, neighbours joined."""
    out: Runs = []
    for start, end in sorted(runs):
        if start >= end:
            continue
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


class Walker:
    """stored: physical bytes in the file; known: bytes the file says are memory."""

    def __init__(self, tables: PageTables, stored: Runs, known: Runs | None = None) -> None:
        self.tables = tables
        self.memory = tables.memory
        self.stored = merge(stored)
        self.known = merge(known if known is not None else stored)
        self._starts = [start for start, _ in self.stored]
        self.expect = Expect()

    def _pieces(self, pa: int, length: int) -> list[tuple[int, int, bool]]:
        """(start, end, stored) covering [pa, pa + length)."""
        pieces = []
        at, end = pa, pa + length
        i = max(bisect_right(self._starts, pa) - 1, 0)
        while i < len(self.stored) and self.stored[i][0] < end:
            lo, hi = max(self.stored[i][0], at), min(self.stored[i][1], end)
            if lo < hi:
                if at < lo:
                    pieces.append((at, lo, False))
                pieces.append((lo, hi, True))
                at = hi
            i += 1
        if at < end:
            pieces.append((at, end, False))
        return pieces

    def leaf(self, va: int, pa: int, length: int, prot: str) -> None:
        for start, end, stored in self._pieces(pa, length):
            at = va + start - pa
            if not stored:
                self.expect.hole(at, end - start, "notindump")
                continue
            while start < end:
                step = min(end, (start // PAGE + 1) * PAGE) - start
                planted = self.memory.is_planted(start // PAGE)
                add = self.expect.special if planted else self.expect.map
                add(at, step, start, prot)
                start, at = start + step, at + step

    def _path(self, va: int) -> list[tuple[int, int, int]]:
        """(table, entry, shift) on the way to va, down to a leaf or an absent entry."""
        table = self.tables.root
        path = []
        for shift in range(12 + 9 * (self.tables.levels - 1), 11, -9):
            entry = self.memory.read_u64(table + (va >> shift & 511) * 8)
            path.append((table, entry, shift))
            if not entry & x86.P or (entry & x86.PS and shift in (21, 30)):
                break
            table = entry & x86.FRAME_4K
        return path

    def _stored(self, pa: int, length: int) -> bool:
        return all(stored for _, _, stored in self._pieces(pa, length))

    def _table_missing(self, va: int) -> bool:
        """Whether a page table on the way to va is not in the file."""
        return not all(self._stored(table, PAGE) for table, _, _ in self._path(va))

    def virtual(self) -> None:
        for va, size, entry in self.tables.kernel_half():
            if self._table_missing(va):
                self.expect.hole(va, size, "notindump")
            elif not entry & x86.P:
                self.expect.hole(va, size, "notmapped")
            else:
                mask = {x86.SIZE_4K: x86.FRAME_4K, x86.SIZE_2M: x86.FRAME_2M,
                        x86.SIZE_1G: x86.FRAME_1G}[size]
                self.leaf(va, entry & mask, size, x86.prot(entry))

    def physical(self) -> None:
        at = 0
        for start, end in self.known:
            self.expect.phys(at, start - at, "absent")
            for lo, hi, stored in self._pieces(start, end - start):
                self.expect.phys(lo, hi - lo, "present" if stored else "excluded")
            at = end
        self.expect.phys(at, 1 << 20, "absent")
        for pfn in self.memory.planted():
            self.expect.line(f"planted {pfn * PAGE:x} {PAGE:x}")

    def words(self, base: int) -> None:
        """The eight first set words of each page that is not pattern, by the direct
        map at base."""
        for pfn in self.memory.planted():
            va, pa = base + pfn * PAGE, pfn * PAGE
            if not self._readable(va, pa):
                continue
            values = x86.unpack(self.memory.page(pfn))
            for i in [i for i, word in enumerate(values) if word][:8]:
                self.expect.word(va + i * 8, 8, values[i])

    def _readable(self, va: int, pa: int) -> bool:
        _, last, _ = self._path(va)[-1]
        return bool(last & x86.P) and self._stored(pa, PAGE) and not self._table_missing(va)
