# SPDX-License-Identifier: BSD-2-Clause
"""Linux on LoongArch: windows onto memory, and tables that lead to empty tables.

Bits: linux arch/loongarch/include/asm/pgtable-bits.h; windows: asm/addrspace.h; empty
tables: arch/loongarch/mm/pgtable.c and asm/pgtable.h.
"""
from __future__ import annotations

from .linux_other import MIB, Other, add_elf

EM_LOONGARCH = 258
CACHED = 0x9000000000000000
RAM = [(0, MIB), (0x90000000, 0x90300000)]
IMAGE = 0x90000000
LEVELS = {
    0x1000: ((12, 9), (21, 9), (30, 9), (39, 9)),
    0x4000: ((14, 11), (25, 11), (36, 11)),
    0x10000: ((16, 13), (29, 13)),
}
EMPTY_OFF = 0x60000


class Entries:
    order = "<"
    width = 8

    def __init__(self, page: int) -> None:
        self.levels = LEVELS[page]
        self.page = page

    def invalid(self, level: int) -> int:
        """Physical, the table of that level that entries for nothing lead to."""
        return IMAGE + EMPTY_OFF + level * self.page

    def empty(self, level: int) -> int:
        return 0 if level == 0 else CACHED | self.invalid(level - 1)

    def link(self, pa: int, level: int) -> int:
        return CACHED | pa

    def leaf(self, pa: int, prot: str, level: int) -> int:
        bits = 0x1 | 0x10 | 0x80 | (0x102 if "w" in prot else 0)
        bits |= 0 if "x" in prot else 1 << 62
        return pa | bits | (0x40 if level == 0 else 0x1040)     # global; huge


def machine(page: int, release: str = "6.12.107-mkimage-loong64") -> Other:
    fmt = Entries(page)
    made = Other("loongarch64", EM_LOONGARCH, 480, "<", page, release, CACHED + IMAGE, IMAGE,
                 RAM, CACHED, fmt, windows=[(CACHED + lo, hi - lo, lo) for lo, hi in RAM])
    made.info = ["NUMBER(VMALLOC_START)=0xffff800010008000"]
    tables = made.tables
    for level in range(len(fmt.levels) - 1):
        tables.fill(fmt.invalid(level), level)
    bits = sum(fmt.levels[-1])
    base = (1 << 64) - (1 << min(bits, 47))
    end = made.scatter(base + 0x10000000, made.pages(0x40000, MIB))
    tables.absent(end, 0x40)                                # global, and nothing else
    tables.absent(end + page, 3 << 16 | 0x1234 << 24)       # swapped
    tables.map(end + 2 * page, 0x50000000, "rw-")           # no RAM
    huge = 1 << fmt.levels[1][0]
    tables.map(base + 4 * huge, 0, "rw-", 1)
    tables.absent(base + 5 * huge, level=1)
    if len(fmt.levels) > 2:
        tables.absent(base + (1 << fmt.levels[2][0]), level=2)
    return made


add_elf("loongarch64", "LoongArch, pages of 16 KiB, three levels", lambda: machine(0x4000))
add_elf("loongarch64-4k", "LoongArch, pages of 4 KiB, four levels", lambda: machine(0x1000))
add_elf("loongarch64-64k", "LoongArch, pages of 64 KiB, two levels", lambda: machine(0x10000))
