# SPDX-License-Identifier: BSD-2-Clause
"""Linux on powerpc64, in either byte order: a radix tree, or tables beside a hash table.

linux arch/powerpc/include/asm/book3s/64/: pgtable.h, radix.h, radix-4k.h, radix-64k.h;
hash.h, hash-4k.h, hash-64k.h. Tables are big-endian. The array of struct page with a
hash table: arch/powerpc/mm/init_64.c (vmemmap_backing).
"""
from __future__ import annotations

from .kallsyms import Encoding, Kallsyms, KernelSymbol, Order
from .kallsyms_cases import many_symbols
from .linux_other import MIB, Other, Tables, add_elf

EM_PPC64 = 21
LINEAR = 0xC000000000000000
RAM = [(0, MIB), (16 * MIB, 18 * MIB), (1 << 32, (1 << 32) + 0x40000)]
IMAGE = 16 * MIB
RADIX = {0x1000: ((12, 9), (21, 9), (30, 9), (39, 13)),
         0x10000: ((16, 5), (21, 9), (30, 9), (39, 13))}
VARIABLES_OFF = 0x6000
RODATA_OFF = 0x80000
HUGE, MMU_PAGE_16M = 16 * MIB, 10   # since 4.9


def widths(page: int, bits: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    shift = page.bit_length() - 1
    out = []
    for n in bits:
        out.append((shift, n))
        shift += n
    return tuple(out)


class Radix:
    order = ">"
    width = 8

    def __init__(self, page: int) -> None:
        self.levels = RADIX[page]

    def empty(self, level: int) -> int:
        return 0

    def link(self, pa: int, level: int) -> int:
        return 1 << 63 | pa | self.levels[level - 1][1]

    def leaf(self, pa: int, prot: str, level: int) -> int:
        return 3 << 62 | pa | 0x184 | (2 if "w" in prot else 0) | ("x" in prot)


class Hash(Radix):
    """The pointers have no bits beside the address."""

    def __init__(self, levels: tuple[tuple[int, int], ...]) -> None:
        self.levels = levels

    def link(self, pa: int, level: int) -> int:
        return pa

    def leaf(self, pa: int, prot: str, level: int) -> int:
        # software keeps there what it knows of the hash table
        return super().leaf(pa, prot, level) | 0x00E0000000000000


def _other(page: int, order: str, fmt: Radix, release: str) -> Other:
    arch = f"{release}-mkimage-powerpc64" + ("le" if order == "<" else "")
    name = "ppc64" if order == ">" else "ppc64le"
    return Other(name, EM_PPC64, 504, order, page, arch, LINEAR + IMAGE, IMAGE, RAM, LINEAR,
                 fmt, kernoffset=IMAGE, tables_off=MIB)


def radix(page: int, order: str) -> Other:
    machine = _other(page, order, Radix(page), "6.12.107")
    machine.info = [f"KERNELOFFSET={IMAGE:x}", "NUMBER(RADIX_MMU)=1"]
    tables = machine.tables
    for pa in range(0, MIB, page):
        tables.map(LINEAR + pa, pa, "rw-")
    tables.map(LINEAR + IMAGE, IMAGE, "rwx", 1)
    tables.map(LINEAR + (1 << 32), 1 << 32, "rw-", 2)
    vmalloc = 0xC008000000000000
    end = machine.scatter(vmalloc, machine.pages(0x40000, MIB))
    tables.absent(end, 1 << 62 | 0x12340000 | 2)            # swapped
    tables.map(end + page, 0x50000000, "rw-")               # no RAM
    tables.absent(vmalloc + (1 << 39), level=3)
    tables.map(0xC00C000000000000, 16 * MIB, "rw-", 1)      # struct page
    return machine


def _variables(machine: Other, names: dict[str, int], order: str) -> None:
    """Variables, and a table of symbols that tells where they are."""
    at = IMAGE + VARIABLES_OFF
    symbols = [KernelSymbol(s.name, machine.image_va + (s.value & 0xFFFF), s.stype)
               for s in many_symbols(300)]
    symbols.append(KernelSymbol("_stext", machine.image_va, "T"))
    for name, value in names.items():
        machine.write(at, "Q", value)
        machine.symbols[name] = LINEAR + at
        symbols.append(KernelSymbol(name, LINEAR + at, "D"))
        at += 8
    table = Kallsyms(symbols, machine.image_va + RODATA_OFF, Order.V60, Encoding.BASE,
                     machine.image_va, order)
    machine.memory.write(IMAGE + RODATA_OFF, table.pack())


def _backing(machine: Other, base: int) -> None:
    """Three stretches of 64 KiB that only the kernel's list of them tells of."""
    image, at = LINEAR + IMAGE, IMAGE + 0x7000
    psize, shift, size = 2, 16, 40
    machine.write(at, "Q", image + 0x7040)                  # vmemmap_list
    machine.write(at + 8, "I", psize)                       # mmu_vmemmap_psize
    for row, log2 in ((psize, shift), (MMU_PAGE_16M, 24)):
        machine.write(at + 0x100 + row * size + 4, "I", log2)
    for i in range(3):
        node, pa = at + 0x40 + i * 32, 0x40000 + (i * 5 + 1) * 0x10000
        machine.write(node, "QQQ", LINEAR + node + 32 if i < 2 else 0, pa, base + i * 0x10000)
        machine.windows.append((base + i * 0x10000, 0x10000, pa))
    machine.info += [
        f"SYMBOL(vmemmap_list)={image + 0x7000:x}",
        f"SYMBOL(mmu_vmemmap_psize)={image + 0x7008:x}",
        f"SYMBOL(mmu_psize_defs)={image + 0x7100:x}", f"SIZE(mmu_psize_def)={size}",
        "OFFSET(mmu_psize_def.shift)=4", "SIZE(vmemmap_backing)=24",
        "OFFSET(vmemmap_backing.list)=0", "OFFSET(vmemmap_backing.phys)=8",
        "OFFSET(vmemmap_backing.virt_addr)=16"]


def huge(machine: Other, tables: Tables, va: int, pa: int) -> None:
    """A page of 16 MiB where others have 4 KiB: the entry above leads to 16 of them.

    linux arch/powerpc/mm/hugetlbpage.c, __hugepte_alloc().
    """
    above = tables.fmt.levels[2][0]
    directory = tables.take(0)
    entry = 1 << 63 | directory | MMU_PAGE_16M << 2
    machine.memory.write(tables.slot(va, 2), entry.to_bytes(8, "big"))
    page = tables.fmt.leaf(pa, "rw-", 0).to_bytes(8, "big")
    machine.memory.write(directory + (va % (1 << above) // HUGE) * 8, page)


def hashed(page: int, order: str, bits: tuple[int, ...], release: str, vmalloc: int,
           vmemmap: int, told: bool = True) -> Other:
    machine = _other(page, order, Hash(widths(page, bits)), release)
    machine.info = [f"KERNELOFFSET={IMAGE:x}"] + (["NUMBER(RADIX_MMU)=0"] if told else [])
    machine.windows = [(LINEAR + lo, hi - lo, lo) for lo, hi in RAM]
    _backing(machine, vmemmap)
    names = ("__pte_index_size", "__pmd_index_size", "__pud_index_size", "__pgd_index_size")
    _variables(machine, {**dict(zip(names, bits)), "__kernel_virt_start": vmalloc}, order)
    tables = machine.tables
    end = machine.scatter(vmalloc + 0x100000, machine.pages(0x40000, MIB))
    tables.absent(end, 1 << 62 | 0x12340000 | 2)            # swapped
    tables.absent(end + page, 0)
    large = 1 << machine.fmt.levels[1][0]
    tables.map(vmalloc + 4 * large, 16 * MIB if large <= 16 * MIB else 0, "rw-", 1)
    tables.absent(vmalloc + 5 * large, 0x12345014, 1)       # a directory of huge pages
    return machine


add_elf("ppc64le-radix", "powerpc64le, radix tree, pages of 64 KiB",
        lambda: radix(0x10000, "<"))
add_elf("ppc64le-radix-4k", "the same with pages of 4 KiB", lambda: radix(0x1000, "<"))
add_elf("ppc64-radix", "powerpc64, big-endian, radix tree", lambda: radix(0x10000, ">"))
add_elf("ppc64-hash", "powerpc64, big-endian, hash table, pages of 64 KiB",
        lambda: hashed(0x10000, ">", (8, 10, 10, 8), "6.12.107", 0xC008000000000000,
                       0xC00C000000000000))
add_elf("ppc64le-hash", "the same, little-endian",
        lambda: hashed(0x10000, "<", (8, 10, 10, 8), "6.12.107", 0xC008000000000000,
                       0xC00C000000000000))
add_elf("ppc64-hash-4.14", "powerpc64 of 4.14, hash table, other widths; no RADIX_MMU",
        lambda: hashed(0x10000, ">", (8, 10, 7, 8), "4.14.336", 0xD000000000000000,
                       0xF000000000000000, told=False))
add_elf("ppc64-hash-4k", "powerpc64, hash table, pages of 4 KiB; no RADIX_MMU",
        lambda: hashed(0x1000, ">", (9, 7, 9, 9), "5.10.223", 0xC0003D0000000000,
                       0xC0003F0000000000, told=False))


def _swapped(note_order: str = "<", planted: bool = False) -> Other:
    """As QEMU: a big-endian file of a little-endian kernel, whose note is copied as it is."""
    machine = hashed(0x10000, "<", (8, 10, 10, 8), "6.12.107", 0xC008000000000000,
                     0xC00C000000000000)
    machine.container, machine.note_order, machine.planted = ">", note_order, planted
    return machine


add_elf("ppc64le-in-big", "powerpc64le, hash table, in a big-endian file with the kernel's note",
        _swapped)
add_elf("ppc64le-in-big-all", "the same, the note as all of the file", lambda: _swapped(">"))
add_elf("ppc64le-in-big-nonote", "the same, the note in memory only",
        lambda: _swapped(planted=True), noted=False)
