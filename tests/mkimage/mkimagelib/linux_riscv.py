# SPDX-License-Identifier: BSD-2-Clause
"""Linux on riscv64 with three to five levels of tables, and pages of each size.

Bits: linux arch/riscv/include/asm/pgtable-bits.h, pgtable-64.h (Svnapot); places:
Documentation/arch/riscv/vm-layout.rst; keys: arch/riscv/kernel/vmcore_info.c.
"""
from __future__ import annotations

from .linux_other import MIB, TINY, TINY_TABLES, Other, add_elf

EM_RISCV = 243
RAM = [(0x80000000, 0x80400000), (0x100000000, 0x100010000)]
IMAGE_PA = 0x80200000
LINK = 0xFFFFFFFF80000000
VALID, READ, WRITE, EXEC, GLOBAL, ACCESSED, DIRTY = (1 << bit for bit in (0, 1, 2, 3, 5, 6, 7))
NAPOT = 1 << 63
# By levels: where the linear map and the other areas begin.
PAGE_OFFSET = {3: 0xFFFFFFD600000000, 4: 0xFFFFAF8000000000, 5: 0xFF60000000000000}
VMALLOC = {3: 0xFFFFFFC800000000, 4: 0xFFFF8F8000000000, 5: 0xFF20000000000000}

# Where a page of each size above 2 MiB maps physical 0.
LARGE = {3: (0xFFFFFFE000000000,), 4: (0xFFFF900000000000, 0xFFFFA00000000000),
         5: (0xFF30000000000000, 0xFF40000000000000, 0xFF50000000000000)}


class Entries:
    order = "<"
    width = 8

    def __init__(self, levels: int) -> None:
        self.levels = tuple((12 + 9 * level, 9) for level in range(levels))

    def empty(self, level: int) -> int:
        return 0

    def link(self, pa: int, level: int) -> int:
        return pa >> 2 | VALID

    def leaf(self, pa: int, prot: str, level: int) -> int:
        bits = VALID | READ | GLOBAL | ACCESSED | DIRTY
        bits |= WRITE if "w" in prot else 0
        return pa >> 2 | bits | (EXEC if "x" in prot else 0)


def keys(levels: int, image_va: int) -> list[str]:
    """What kernels from 6.2 to 6.12 print."""
    return [f"NUMBER(VA_BITS)={12 + 9 * levels}", f"NUMBER(phys_ram_base)={RAM[0][0]}",
            f"NUMBER(PAGE_OFFSET)={PAGE_OFFSET[levels]:#x}",
            f"NUMBER(VMALLOC_START)={VMALLOC[levels]:#x}",
            f"NUMBER(va_kernel_pa_offset)={image_va - IMAGE_PA:#x}"]


def machine(levels: int, offset: int = 0, old: bool = True,
            release: str = "6.12.107-mkimage-riscv64") -> Other:
    image_va = LINK + offset
    dmap = PAGE_OFFSET[levels] - RAM[0][0]
    made = Other("riscv64", EM_RISCV, 376, "<", 4096, release, image_va, IMAGE_PA, RAM, dmap,
                 Entries(levels), kernoffset=0 if old else offset)
    if old:
        made.info = keys(levels, image_va)
    else:       # as after 6.12
        mode = 5 + levels
        made.info = [f"NUMBER(VA_BITS)={12 + 9 * levels}", f"KERNELOFFSET={offset:x}",
                     f"NUMBER(satp)={mode << 60 | made.root >> 12:#x}"]
    tables = made.tables
    tables.map(image_va, IMAGE_PA, "rwx", 1)
    for start, end in RAM:
        for pa in range(start, end, 4096 if end - start < 2 * MIB else 2 * MIB):
            tables.map(dmap + pa, pa, "rw-", 0 if end - start < 2 * MIB else 1)
    end = made.scatter(VMALLOC[levels], made.pages(0x80040000, 0x80100000))
    tables.absent(end, 0x20000000 | GLOBAL)                 # a page without rights
    tables.absent(end + 0x1000, 3 << 7 | 0x1234 << 12)      # swapped
    tables.map(end + 0x2000, 0x50000000, "rw-")             # no RAM
    attributes = 1 << 61                                    # not cacheable (Svpbmt)
    tables.map(end + 0x3000, 0x80080000 | attributes << 2, "rw-")
    tables.mapped[-1] = (end + 0x3000, 4096, 0x80080000, "rw-")
    _large(made, levels)
    return made


def _large(made: Other, levels: int) -> None:
    """Svnapot's 64 KiB, and each size that an entry above the last level has."""
    tables, fmt = made.tables, made.fmt
    va = VMALLOC[levels] + (1 << 30) * 2
    entry = fmt.leaf(0x80010000, "r-x", 0) | NAPOT | 0x2000
    tables.map_group(va, 0x80010000, "r-x", 16, entry)
    tables.map(va + (1 << 21), IMAGE_PA, "rw-", 1)
    for level, at in enumerate(LARGE[levels], 2):
        tables.map(at, 0, "rw-", level)


def tiny() -> Other:
    dmap = PAGE_OFFSET[3] - RAM[0][0]
    made = Other("riscv64", EM_RISCV, 376, "<", 4096, "6.12.107-mkimage-riscv64", LINK, IMAGE_PA,
                 [(IMAGE_PA, IMAGE_PA + TINY)], dmap, Entries(3), tables_off=TINY_TABLES)
    made.info = keys(3, LINK)
    made.tables.map(LINK, IMAGE_PA, "rwx", 1)
    made.tables.map(dmap + IMAGE_PA, IMAGE_PA, "rw-", 1)
    made.scatter(VMALLOC[3], made.pages(IMAGE_PA + 0x8000, IMAGE_PA + 0x20000))
    return made


for _levels, _bits in ((3, 39), (4, 48), (5, 57)):
    add_elf(f"riscv64-sv{_bits}", f"riscv64, {_levels} levels",
            lambda levels=_levels: machine(levels))
add_elf("riscv64-kaslr", "riscv64, moved, with the keys of kernels after 6.12",
        lambda: machine(4, 0x1A00000, old=False, release="7.2.1-mkimage-riscv64"))
add_elf("riscv64-tiny", "riscv64 with three levels and 64 pages", tiny)
