# SPDX-License-Identifier: BSD-2-Clause
"""A FreeBSD/amd64 machine as its dump writer sees it: memory, kernel map, what may be dumped.

Layouts: sys/amd64/include/vmparam.h (kernel map and direct map) and
sys/amd64/amd64/minidump_machdep.c (13.x: which pages are dumped), freebsd-src.
"""
from __future__ import annotations

from . import x86
from .memory import PAGE, Memory, PageAllocator

Ranges = list[tuple[int, int]]


class Amd64Kernel:
    """The kernel map is one 512-entry directory page for each GiB from va_min."""

    def __init__(self, va_min: int, va_end: int, dmap: tuple[int, int],
                 dump_avail: Ranges, table_pfns: list[int]) -> None:
        self.va_min = va_min
        self.va_end = va_end
        self.dmap_base, self.dmap_end = dmap
        self.dump_avail = dump_avail
        # The direct map is filled up to the end of memory only.
        self.dmap_limit = max(end for _, end in dump_avail)
        self.memory = Memory()
        self.nodump: set[int] = set()       # pages with PG_NODUMP
        self.registered: set[int] = set()   # pages given to dump_add_page()
        self.msgbuf = b""
        self.pdpt: dict[int, int] = {}      # GiB index from va_min -> PDPT entry
        self._tables = PageAllocator(table_pfns)

    # -- what may be dumped --

    def in_memory(self, pa: int) -> bool:
        return any(start <= pa < end for start, end in self.dump_avail)

    def is_dumpable(self, pa: int, version: int) -> bool:
        """The kernels that wrote version 1 had no way to exempt a page."""
        return self.in_memory(pa) and (version == 1 or pa // PAGE not in self.nodump)

    # -- building the kernel map --

    def _new_table(self) -> int:
        pfn = self._tables.take()
        self.memory.clear(pfn)
        return pfn * PAGE

    def _gib(self, va: int) -> int:
        if not self.va_min <= va < self.va_end:
            raise ValueError(f"{va:#x} is outside the kernel map")
        return va - self.va_min >> 30

    def _directory(self, va: int) -> int:
        gib = self._gib(va)
        if gib not in self.pdpt:
            self.pdpt[gib] = self._new_table() | x86.P | x86.RW | x86.ACCESSED
        return self.pdpt[gib] & x86.FRAME_4K

    def pde_pa(self, va: int) -> int:
        """Where the directory entry of va lies."""
        return self._directory(va) + (va >> 21 & 511) * 8

    def pte_pa(self, va: int) -> int:
        """Where the page-table entry of va lies; makes the page table if need be."""
        slot = self.pde_pa(va)
        pde = self.memory.read_u64(slot)
        if not pde & x86.P:
            pde = self._new_table() | x86.P | x86.RW | x86.ACCESSED
            self.memory.write_u64(slot, pde)
        return (pde & x86.FRAME_4K) + (va >> 12 & 511) * 8

    def map_4k(self, va: int, pa: int, prot: str) -> None:
        self.memory.write_u64(self.pte_pa(va), pa | x86.flags(prot))

    def map_2m(self, va: int, pa: int, prot: str, extra: int = 0) -> None:
        self.memory.write_u64(self.pde_pa(va), pa | x86.flags(prot) | x86.PS | extra)

    def map_1g(self, va: int, pa: int, prot: str, extra: int = 0) -> None:
        self.pdpt[self._gib(va)] = pa | x86.flags(prot) | x86.PS | extra

    # -- reading it back as the writer does --

    def directory_page(self, gib: int) -> bytes:
        """What the dump has for one GiB of kernel map: 512 directory entries.

        minidump_machdep.c: an absent PDPT entry gives a page of zeros, a 1 GiB
        leaf gives 512 leaves of 2 MiB that keep its low bits (so also its PAT
        bit), and a directory outside memory gives zeros (in 15; 13.x follows it).
        """
        pdpe = self.pdpt.get(gib, 0)
        if not pdpe & x86.P:
            return bytes(PAGE)
        if pdpe & x86.PS:
            return b"".join((pdpe + (i << 21)).to_bytes(8, "little")
                            for i in range(x86.ENTRIES))
        return self.memory.page((pdpe & x86.FRAME_4K) // PAGE)

    def gibs(self) -> int:
        return (self.va_end - self.va_min + x86.SIZE_1G - 1) >> 30

    def dumped_pfns(self, version: int) -> set[int]:
        """Pages whose bit is set when the dump is written.

        Everything the kernel map leads to, with the page tables but without the
        directories (these have a section of their own), and what was registered;
        then pages that must not be dumped are dropped again.  Version 1 has the
        PTEs in that section, so it needs no page-table pages either.
        """
        found = set(self.registered)
        for gib in self.pdpt:
            for pde in x86.unpack(self.directory_page(gib)):
                if pde & x86.P:
                    found |= self._pages_under(pde, with_tables=version >= 2)
        return {pfn for pfn in found
                if pfn * PAGE < self.dmap_limit and self.is_dumpable(pfn * PAGE, version)}

    def _pages_under(self, pde: int, with_tables: bool) -> set[int]:
        if pde & x86.PS:
            first = (pde & x86.FRAME_2M) // PAGE
            return set(range(first, first + x86.ENTRIES))
        table = (pde & x86.FRAME_4K) // PAGE
        found = {(pte & x86.FRAME_4K) // PAGE
                 for pte in x86.unpack(self.memory.page(table)) if pte & x86.P}
        if with_tables:
            found.add(table)
        return found
