# SPDX-License-Identifier: BSD-2-Clause
"""Linux on 32-bit Arm, with LPAE and without.

Bits: Arm ARM (DDI 0406), B3.5 and B3.6; places: linux arch/arm/include/asm/memory.h; the
second half of a page of tables is the hardware's: asm/pgtable-2level.h.
"""
from __future__ import annotations

from .linux_other import MIB, TINY, TINY_TABLES, Other, add_elf

EM_ARM = 40
PAGE_OFFSET = 0xC0000000
MODULES_LEN, VMALLOC_OFF, DEVICES = 0x1000000, 0x800000, 0xF0000000
TEXT = 0x200000


class Short:
    """Sections and small pages; read-only is AP[2] together with AP[0]."""

    order = "<"
    width = 4
    levels = ((12, 8), (20, 12))

    def empty(self, level: int) -> int:
        return 0

    def link(self, pa: int, level: int) -> int:
        return pa | 0x1

    def leaf(self, pa: int, prot: str, level: int) -> int:
        read, xn = (0x8000, 0x10) if level else (0x200, 0x1)
        bits = 0x10402 if level else 0x452      # shared, normal memory, AP[0]
        bits |= 0 if "w" in prot else read
        return pa | bits | (0 if "x" in prot else xn)


class Long:
    """Descriptors of 8 bytes, as arm64's."""

    order = "<"
    width = 8
    levels = ((12, 9), (21, 9), (30, 2))

    def empty(self, level: int) -> int:
        return 0

    def link(self, pa: int, level: int) -> int:
        return pa | 0x3

    def leaf(self, pa: int, prot: str, level: int) -> int:
        bits = 0x701 | (0 if "w" in prot else 0x80)
        bits |= 0 if "x" in prot else 1 << 54
        return pa | bits | (0x2 if level == 0 else 0)


def machine(lpae: bool, base: int, split: int = PAGE_OFFSET) -> Other:
    ram = [(base, base + 4 * MIB), (base + 16 * MIB, base + 16 * MIB + 0x10000)]
    made = Other("arm", EM_ARM, 148, "<", 4096, "6.1.176-mkimage-armmp", split + TEXT,
                 base + TEXT, ram, split - base, Long() if lpae else Short(), pointer=4,
                 bits=32 if base < 1 << 32 else 64)
    made.info = ["CONFIG_ARM_LPAE=y"] if lpae else []
    tables = made.tables
    step = 1 << made.fmt.levels[1][0]
    for pa in range(base, base + 4 * MIB, step):
        tables.map(split + pa - base, pa, "rwx" if pa < base + 2 * MIB else "rw-", 1)
    for i in range(5):
        tables.map(split - MODULES_LEN + 2 * i * 4096, base + 0x10000 + 7 * i * 4096, "r-x")
    end = made.scatter(split + VMALLOC_OFF, made.pages(base + 0x40000, base + 0x100000))
    tables.absent(end, 0x50 if not lpae else 2)     # nothing to the hardware
    tables.map(end + 0x1000, base + 16 * MIB, "rw-")
    tables.map(end + 0x2000, 0x10000000, "rw-")     # no RAM
    if lpae:
        tables.map(DEVICES, base, "rw-", 1)
        return made
    large = 0x51 | 0x400 | 0x8000                   # no execute is bit 15 of these
    tables.map_group(DEVICES, base + 0x20000, "rw-", 16, base + 0x20000 | large)
    super_ = 0x40000 | 0x10402                      # at 0x10_0000_0000, and at the RAM
    tables.map_group(DEVICES + 0x1000000, base & ~0xFFFFFF, "rwx", 24,
                     base & ~0xFFFFFF | super_, 1)
    tables.map_group(DEVICES + 0x2000000, 0x1000000000, "rwx", 24, super_ | 1 << 5, 1)
    return made


def tiny(lpae: bool) -> Other:
    image = 0x40000000 + TEXT
    made = Other("arm", EM_ARM, 148, "<", 4096, "6.1.176-mkimage-armmp", PAGE_OFFSET + TEXT,
                 image, [(image, image + TINY)], PAGE_OFFSET - 0x40000000,
                 Long() if lpae else Short(), pointer=4, bits=32, tables_off=TINY_TABLES)
    made.info = ["CONFIG_ARM_LPAE=y"] if lpae else []
    made.tables.map(PAGE_OFFSET + TEXT, image, "rwx", 1)
    made.scatter(PAGE_OFFSET + VMALLOC_OFF, made.pages(image + 0x8000, image + 0x20000))
    return made


add_elf("arm", "arm with short descriptors, in ELF32", lambda: machine(False, 0x40000000))
add_elf("arm-split", "arm with half of the addresses for the kernel",
        lambda: machine(False, 0x10000000, 0x80000000))
add_elf("arm-lpae", "arm with LPAE, memory above 32 GiB, in ELF64",
        lambda: machine(True, 0x800000000))
add_elf("arm-tiny", "arm with short descriptors, of 64 pages", lambda: tiny(False))
add_elf("arm-lpae-tiny", "arm with LPAE, of 64 pages", lambda: tiny(True))
