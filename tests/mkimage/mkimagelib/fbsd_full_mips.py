# SPDX-License-Identifier: BSD-2-Clause
"""Writer of full dumps of mips kernels.

Layout (freebsd-src, 13.1): sys/kern/kern_dump.c with sys/mips/include/dump.h: no
auxiliary header.  dumpsys_map_chunk() of sys/mips/mips/dump_machdep.c takes a
physical address for a virtual one, so what such a kernel wrote behind these
headers is rarely its memory; a hypervisor's dumps have it.

Tables: pmap_create_kernel_pagetable() of sys/mips/mips/pmap.c.  kernel_segmap
points to the first, and what leads to a table is a pointer, into KSEG0 or, with
64 bits, XKPHYS; entries: sys/mips/include/pte.h.
"""
from __future__ import annotations

from .fbsd_full32 import Full32, Target
from .fbsd_full64 import Target64
from .memory import PAGE

EM_MIPS = 8
KSEG0, KSEG1, KSEG2, SEGMENT = 0x80000000, 0xA0000000, 0xC0000000, 0x20000000
SIGNED = 0xFFFFFFFF << 32       # what 64 bits have above those segments
XKPHYS, XKSEG = 0x9800000000000000, 0xC000000000000000


class MipsTables:
    """Tables of a page each, taken from free on."""

    def __init__(self, full: Full32, is64: bool, root: int) -> None:
        self.full, self.is64, self.root = full, is64, root
        self.shifts = [30, 21, 12] if is64 else [22, 12]
        self.width = 8 if is64 else 4
        full.memory.clear(root // PAGE)
        self.free = root + PAGE
        self._tables: dict[int, int] = {}

    def pointer(self, pa: int) -> int:
        """MIPS_PHYS_TO_DIRECT()"""
        return pa | (XKPHYS if self.is64 else KSEG0)

    def _put(self, slot: int, value: int) -> None:
        (self.full.write_u64 if self.is64 else self.full.write_u32)(slot, value)

    def map(self, va: int, pa: int, rights: str) -> None:
        table = self.root
        for shift in self.shifts:
            slot = table + (va >> shift) % (PAGE // self.width) * self.width
            if shift == 12:
                readonly = 0 if "w" in rights else 1 << (55 if self.is64 else 29)
                self._put(slot, pa >> 12 << 6 | 0x1E | readonly)
                break
            if slot not in self._tables:
                self._tables[slot] = self.free
                self.full.memory.clear(self.free // PAGE)
                self._put(slot, self.pointer(self.free))
                self.free += PAGE
            table = self._tables[slot]


def machine(is64: bool, order: str, ranges: list[tuple[int, int]]) -> Full32:
    name = ("mips64" if is64 else "mips") + ("el" if order == "<" else "")
    full = Full32((Target64 if is64 else Target)(name, EM_MIPS, order), ranges)
    if is64:
        full.bottom, full.top = XKSEG, XKSEG + (1 << 39)
        full.windows = [(XKPHYS, 1 << 40, 0), (SIGNED | KSEG0, SEGMENT, 0),
                        (SIGNED | KSEG1, SEGMENT, 0)]
    else:
        full.windows = [(KSEG0, SEGMENT, 0), (KSEG1, SEGMENT, 0)]
    return full
