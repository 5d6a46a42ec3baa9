# SPDX-License-Identifier: BSD-2-Clause
"""Linux on arm64: every size of pages, and addresses of 39 to 52 bits.

Bits: linux arch/arm64/include/asm/pgtable-hwdef.h and pgtable-prot.h; places:
Documentation/arch/arm64/memory.rst, before 5.4 with the halves the other way
round; keys: arch/arm64/kernel/vmcore_info.c.
"""
from __future__ import annotations

from dataclasses import dataclass

from .linux_other import MIB, Other, add_elf

EM_AARCH64 = 183
PHYS = 0x40000000
IMAGE = PHYS + 2 * MIB
HIGH = 1 << 50              # memory that only 52 bits reach
VALID, TABLE, READONLY, SHARED, ACCESSED = 1, 2, 1 << 7, 3 << 8, 1 << 10
CONTIGUOUS, PXN, UXN = 1 << 52, 1 << 53, 1 << 54
# By size of pages: bits of an address that a table resolves.
BITS = {0x1000: 9, 0x4000: 11, 0x10000: 13}


class Entries:
    """lpa: physical addresses of 52 bits, whose upper ones lie elsewhere."""

    order = "<"
    width = 8

    def __init__(self, page: int, bits: int, lpa: bool) -> None:
        self.page, self.lpa = page, lpa
        shift, levels = page.bit_length() - 1, []
        while shift < bits:
            levels.append((shift, min(BITS[page], bits - shift)))
            shift += BITS[page]
        self.levels = tuple(levels)

    def empty(self, level: int) -> int:
        return 0

    def _address(self, pa: int) -> int:
        if not self.lpa:
            return pa
        if self.page == 0x10000:
            return pa & (1 << 48) - 1 | (pa >> 48 & 0xF) << 12
        return pa & (1 << 50) - 1 | (pa >> 50 & 3) << 8

    def link(self, pa: int, level: int) -> int:
        return self._address(pa) | VALID | TABLE

    def leaf(self, pa: int, prot: str, level: int) -> int:
        """No page of the kernel is executable to programs."""
        bits = VALID | ACCESSED | UXN | (TABLE if level == 0 else 0)
        # with LPA2 these bits are the address's
        bits |= 0 if self.lpa and self.page != 0x10000 else SHARED
        bits |= 0 if "w" in prot else READONLY
        bits |= 0 if "x" in prot else PXN
        return self._address(pa) | bits


@dataclass(frozen=True)
class Kind:
    """bits: of addresses as the kernel was made; actual: as the CPU has them."""

    page: int
    bits: int
    actual: int
    release: str
    image: int              # where the image is, from the start of its half on
    flipped: bool = True    # the linear map is the first half: since 5.4
    tcr: bool = True        # its VMCOREINFO has the register: since 5.9
    lpa: bool = False


def machine(kind: Kind) -> Other:
    page, start = kind.page, -(1 << kind.actual) + (1 << 64)
    half = -(1 << min(kind.actual, 48) - 1) + (1 << 64)
    linear, image_half = (start, half) if kind.flipped else (half, start)
    image_va, offset = image_half + kind.image, kind.image % (16 * MIB)
    ram = [(PHYS, PHYS + 4 * MIB)] + ([(HIGH, HIGH + MIB)] if kind.lpa else [])
    # tables of 64 KiB pages have all bits, in whatever the CPU uses
    bits = kind.bits if page == 0x10000 else kind.actual
    made = Other("aarch64", EM_AARCH64, 392, "<", page, f"{kind.release}-mkimage-arm64",
                 image_va, IMAGE, ram, linear - PHYS, Entries(page, bits, kind.lpa),
                 kernoffset=offset, bits=64)
    moved = linear - ((1 << 64) - (1 << kind.bits)) if kind.flipped else 0
    made.info = [f"NUMBER(VA_BITS)={kind.bits}",
                 f"NUMBER(kimage_voffset)={image_va - IMAGE:#x}",
                 f"NUMBER(PHYS_OFFSET)={PHYS - moved & (1 << 64) - 1:#x}",
                 f"KERNELOFFSET={offset:x}"]
    made.info += [f"NUMBER(TCR_EL1_T1SZ)={64 - kind.actual:#x}"] if kind.tcr else []
    tables = made.tables
    for at in range(0, 2 * MIB, page):
        tables.map(image_va + at, IMAGE + at, "r-x" if at < MIB // 16 else "rw-")
    for lo, hi in ram:
        for pa in range(lo, hi, page):
            tables.map(linear + pa - PHYS, pa, "rw-")
    vmalloc = image_half + (1 << 30)
    end = made.scatter(vmalloc, made.pages(PHYS, PHYS + MIB))
    tables.absent(end, 0x12340000)                          # swapped
    tables.absent(end + page, PHYS | VALID)                 # no page in the last level
    tables.map(end + 2 * page, 0x70000000, "rw-")           # no RAM
    group = 16 * page
    tables.map_group(vmalloc + (1 << 29), PHYS + group, "rw-", group.bit_length() - 1,
                     made.fmt.leaf(PHYS + group, "rw-", 0) | CONTIGUOUS, more=page)
    block = made.fmt.levels[1][0]
    tables.map(vmalloc + (4 << block), PHYS >> block << block, "rw-", 1)
    tables.absent(vmalloc + (5 << block), level=1)
    return made


for _name, _about, _kind in (
        ("va39", "pages of 4 KiB, three levels",
         Kind(0x1000, 39, 39, "6.12.107", 0x80000000)),
        ("va48", "pages of 4 KiB, four levels, of 5.10",
         Kind(0x1000, 48, 48, "5.10.223", 0x10000000)),
        ("lpa2", "pages of 4 KiB, five levels, 52 bits of either address",
         Kind(0x1000, 52, 52, "6.12.107", 0x80000000, lpa=True)),
        ("64k-va42", "pages of 64 KiB, two levels",
         Kind(0x10000, 42, 42, "6.12.107", 0x80000000)),
        ("64k-va48", "pages of 64 KiB, three levels",
         Kind(0x10000, 48, 48, "6.12.107", 0x80000000)),
        ("64k-va52", "pages of 64 KiB, 52 bits of either address",
         Kind(0x10000, 52, 52, "6.12.107", 0x80000000, lpa=True)),
        ("64k-va52-48", "a kernel made for 52 bits on a CPU with 48",
         Kind(0x10000, 52, 48, "6.12.107", 0x80000000)),
        ("4.19", "4.19: the linear map in the second half, no TCR_EL1",
         Kind(0x1000, 48, 48, "4.19.325", 0x8080000, flipped=False, tcr=False)),
        ("4.19-va39", "the same with three levels",
         Kind(0x1000, 39, 39, "4.19.325", 0x8080000, flipped=False, tcr=False)),
        ("4.19-64k", "the same with pages of 64 KiB and 42 bits",
         Kind(0x10000, 42, 42, "4.19.325", 0x8080000, flipped=False, tcr=False))):
    add_elf(f"arm64-{_name}", f"arm64, {_about}", lambda kind=_kind: machine(kind))
