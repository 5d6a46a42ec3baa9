# SPDX-License-Identifier: BSD-2-Clause
"""Linux on i386, with PAE and without.

Bits: Intel SDM vol. 3A, 4.3 and 4.4; places: linux arch/x86/include/asm/page_32_types.h and
pgtable_32_areas.h; keys: arch/x86/kernel/vmcore_info_32.c.  QEMU's PC writes ELF64.
"""
from __future__ import annotations

from .linux_other import TINY, TINY_TABLES, Other, add_elf

EM_386 = 3
PAGE_OFFSET = 0xC0000000
LINKED = 0x1000000
MOVED = 0x9000000                   # by KASLR
RAM = [(0, 0x9F000), (0xA000000, 0xA400000), (0x100000000, 0x100010000)]
VMALLOC, FIXMAP = 0xD0800000, 0xFFC00000


class Pae:
    order = "<"
    width = 8
    levels = ((12, 9), (21, 9), (30, 2))

    def empty(self, level: int) -> int:
        return 0

    def link(self, pa: int, level: int) -> int:
        return pa | (0x1 if level == 2 else 0x63)

    def leaf(self, pa: int, prot: str, level: int) -> int:
        bits = 0x161 | (0x2 if "w" in prot else 0)      # global, dirty, accessed
        bits |= 0 if "x" in prot else 1 << 63
        return pa | bits | (0x1080 if level else 0)     # large, with PAT


class Plain(Pae):
    """No entry forbids to execute, and addresses above 4 GiB have large pages only."""

    width = 4
    levels = ((12, 10), (22, 10))

    def link(self, pa: int, level: int) -> int:
        return pa | 0x63

    def leaf(self, pa: int, prot: str, level: int) -> int:
        entry = super().leaf(pa & 0xFFFFFFFF, prot, level) & 0xFFFFFFFF
        return entry | (pa >> 32) << 13 if level else entry


def machine(pae: bool, split: int = PAGE_OFFSET) -> Other:
    fmt = Pae() if pae else Plain()
    made = Other("i386", EM_386, 144, "<", 4096, "6.1.176-mkimage-686", split + LINKED + MOVED,
                 LINKED + MOVED, RAM, split, fmt, kernoffset=MOVED, pointer=4)
    made.info = ["CONFIG_X86_PAE=y"] if pae else []
    tables = made.tables
    step = 1 << fmt.levels[1][0]
    data = "rw-" if pae else "rwx"
    for pa in range(0, 0x9F000, 4096):
        tables.map(split + pa, pa, data)
    for pa in range(*RAM[1], step):
        tables.map(split + pa, pa, "rwx", 1)
    end = made.scatter(VMALLOC, made.pages(0xA040000, 0xA100000),
                       ("rw-", "r-x", "rwx") if pae else ("rwx", "r-x", "rwx"))
    tables.absent(end, 0x100)                           # a page without rights
    tables.absent(end + 0x1000, 0x1234 << 9 | 3 << 1)   # swapped
    tables.map(end + 0x2000, 0x50000000, data)          # no RAM
    # Above 4 GiB: by a window for one page, or as a page of 4 MiB.
    tables.map(FIXMAP if pae else 0xF8000000, 0x100000000, data if pae else "rwx",
               0 if pae else 1)
    return made


def tiny(pae: bool) -> Other:
    image = LINKED + MOVED
    made = Other("i386", EM_386, 144, "<", 4096, "6.1.176-mkimage-686", PAGE_OFFSET + image,
                 image, [(image, image + TINY)], PAGE_OFFSET, Pae() if pae else Plain(),
                 kernoffset=MOVED, pointer=4, tables_off=TINY_TABLES)
    made.info = ["CONFIG_X86_PAE=y"] if pae else []
    made.tables.map(PAGE_OFFSET + image, image, "rwx", 1)
    made.scatter(VMALLOC, made.pages(image + 0x8000, image + 0x20000), ("rwx", "r-x", "rwx"))
    return made


add_elf("i386", "i386 without PAE, in ELF64", lambda: machine(False))
add_elf("i386-pae", "i386 with PAE", lambda: machine(True))
add_elf("i386-split", "i386 with half of the addresses for the kernel",
        lambda: machine(True, 0x80000000))
add_elf("i386-tiny", "i386 without PAE, of 64 pages", lambda: tiny(False))
add_elf("i386-pae-tiny", "i386 with PAE, of 64 pages", lambda: tiny(True))
