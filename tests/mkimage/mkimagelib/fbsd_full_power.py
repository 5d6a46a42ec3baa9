# SPDX-License-Identifier: BSD-2-Clause
"""Writer of powerpc memory by physical address.

Layout (freebsd-src): sys/kern/kern_dump.c, cb_dumphdr(): with debug.minidump=0 p_vaddr
is all ones and p_paddr says where memory is.  Segments: mem_regions() in
moea_scan_init() (aim/mmu_oea.c), moea64_scan_init() (aim/mmu_oea64.c).  Since 12.0
moea64_dumpsys_map() gives a physical address for a virtual one, which 64-bit kernels
no longer have mapped, and mmu_radix_dumpsys_map() is not implemented: memory of these
comes from hypervisors.  mmu_booke_dumpsys_map() (booke/pmap.c) maps memory at the
address of its own variable: the same holds there.

Tables: moea_pte_insert(), moea_pte_create(), moea_bootstrap() (the BAT table, va = pa)
of aim/mmu_oea.c; moea64_insert_to_pteg_native() of aim/moea64_native.c;
mmu_radix_proctab_init() and mmu_radix_dmap_range() of aim/mmu_radix.c.  Entries:
sys/powerpc/include/pte.h; segments: sr.h, slb.h.
"""
from __future__ import annotations

import struct

from .fbsd_full32 import EM_PPC, Full32, Target
from .fbsd_full64 import Target64
from .fbsd_power import DMAP, DMAP_END, Hash
from .memory import PAGE

EM_PPC64 = 21
NOWHERE32, NOWHERE64 = (1 << 32) - 1, (1 << 64) - 1
EMPTY_SEGMENT = 0xFFFFF0        # + segment: what the kernel's segment registers hold
SEGMENT = 1 << 28
DEVICES = (8, 9, 10, 11, 15)    # segments of moea_bootstrap()'s BAT table beside memory's
LINKED, BOOKE_LINKED = 0x100100, 0x4000100      # KERNBASE


class ShortHash:
    """Groups of eight entries of two 32-bit words."""

    GROUPS = 2048

    def __init__(self) -> None:
        self.groups: list[list[bytes]] = [[] for _ in range(self.GROUPS)]

    def insert(self, va: int, pa: int, right: str, base: int = EMPTY_SEGMENT,
               full: bool = False) -> None:
        """base: the VSID of segment 0; full: as if there were no room in the first group."""
        vsid, page = base + (va >> 28), va >> 12 & 0xFFFF
        group = (vsid ^ page) % self.GROUPS
        high = 1 << 31 | vsid << 7 | page >> 10
        if full or len(self.groups[group]) == 8:
            group, high = group ^ (self.GROUPS - 1), high | 0x40
        assert len(self.groups[group]) < 8
        self.groups[group].append(
            struct.pack(">II", high, pa | 0x190 | (2 if "w" in right else 3)))

    def pack(self) -> bytes:
        return b"".join(b"".join(g).ljust(64, b"\0") for g in self.groups)


def battable(full: Full32) -> bytes:
    """moea_bootstrap(); what it maps is told of as windows."""
    entries = [(0, 0)] * 16
    for n in DEVICES:
        entries[n] = (n * SEGMENT | 0x1FFC | 2, n * SEGMENT | 0x2A)
    for n in {pa >> 28 for start, end in full.ranges for pa in range(start, end, PAGE)} | {0}:
        entries[n] = (n * SEGMENT | 0x1FFC | 2, n * SEGMENT | 0x12)
    full.windows = [(n * SEGMENT, SEGMENT, n * SEGMENT)
                    for n, (upper, _) in enumerate(entries) if upper]
    return b"".join(struct.pack(">II", *entry) for entry in entries)


def machine32(ranges: list[tuple[int, int]]) -> Full32:
    return Full32(Target("powerpc", EM_PPC, ">"), ranges, vaddr=NOWHERE32,
                  unordered=True)


def machine64(ranges: list[tuple[int, int]], order: str, start: int | None) -> Full32:
    """start: where the kernel runs, in the direct map; None: as linked, at va = pa."""
    name = "powerpc64" if order == ">" else "powerpc64le"
    full = Full32(Target64(name, EM_PPC64, order), ranges, vaddr=NOWHERE64, top=1 << 64)
    full.windows = [(0, DMAP, 0)] if start is None else [
        (DMAP, DMAP_END + 1 - DMAP, 0), (0, DMAP, start - DMAP - LINKED)]
    return full


class BookeTables:
    """kernel_pte_alloc() of booke/pmap_32.c: tables for 1 GiB, in one stretch."""

    BASE, LENGTH = 0xC0000000, 0x200000

    def __init__(self, full: Full32, kernel_pa: int, offset: int) -> None:
        """offset: from the start of the kernel, whose link-time addresses mean it too."""
        self.full, self.at = full, kernel_pa + offset
        for pa in range(self.at, self.at + self.LENGTH, PAGE):
            full.memory.clear(pa // PAGE)
        full.windows = [(BOOKE_LINKED // PAGE * PAGE, 0x4000000, kernel_pa)]

    def map(self, va: int, pa: int, rights: str) -> None:
        """pte_enter(): PTE_VALID, PTE_SR, PTE_SW, PTE_SX, PTE_PS_4KB."""
        self.full.write_u64(self.at + (va - self.BASE) // PAGE * 8,
                            pa << 12 | 0x205 | (0x10 if "w" in rights else 0) |
                            (0x40 if "x" in rights else 0))
        self.full.mapped.append((va, pa, PAGE, rights))


class MemoryRadix:
    """A radix tree in memory; its tables are taken from free on."""

    def __init__(self, full: Full32, root: int, free: int) -> None:
        self.full, self.root, self.free = full, root, free
        self._tables: dict[int, int] = {}
        for pa in range(root, root + 0x10000, PAGE):
            full.memory.clear(pa // PAGE)

    def map(self, va: int, pa: int, rights: str, shift: int = 12) -> None:
        table, bits = self.root, 13
        for at in (39, 30, 21, 12):
            slot = table + (va >> at & (1 << bits) - 1) * 8
            bits = 9
            if at == shift:
                self._put(slot, 3 << 62 | pa | 0x184 | (2 if "w" in rights else 0) |
                          ("x" in rights))
                return
            if slot not in self._tables:
                self._tables[slot] = self.free
                self.full.memory.clear(self.free // PAGE)
                self._put(slot, 1 << 63 | self.free | 9)
                self.free += PAGE
            table = self._tables[slot]

    def _put(self, slot: int, value: int) -> None:
        self.full.memory.write(slot, struct.pack(">Q", value))

    def direct(self) -> None:
        """The direct map, in pages of 2 MiB."""
        for start, end in self.full.ranges:
            for pa in range(start >> 21 << 21, end, 1 << 21):
                self.map(DMAP + pa, pa, "rwx", 21)

    def process_table(self, pa: int) -> None:
        """Its first entry is of the kernel: RTS_SIZE, the root, RADIX_PGD_INDEX_SHIFT."""
        self.full.memory.clear(pa // PAGE)
        self._put(pa, 2 << 61 | 5 << 5 | self.root | 13)


def hash_table(full: Full32) -> Hash:
    """With the direct map in pages of 16 MiB: moea64_setup_direct_map()."""
    full.unordered = True
    table = Hash()
    base = full.windows[0][0]
    for pa in sorted({pa >> 24 << 24 for start, end in full.ranges
                      for pa in range(start, end, PAGE)}):
        table.insert(base + pa, pa, "rw-", True)
    return table
