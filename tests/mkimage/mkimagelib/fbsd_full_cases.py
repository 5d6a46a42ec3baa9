# SPDX-License-Identifier: BSD-2-Clause
"""FreeBSD/amd64 full dumps of kernels that tell their place in different ways."""
from __future__ import annotations

from pathlib import Path

from . import x86
from .case import add, expect_path
from .fbsd_cases import DMAP, DMAP_LA57, KVA, MESSAGES, ring
from .fbsd_full import write_full
from .fbsd_kernel import Amd64Kernel, Ranges
from .fbsd_kernel_cases import FIXED_PA, RELOCATED_PA, write_kernel_file
from .fbsd_namelist import (DATA_START, KERNBASE, KERNSTART, MSGBUF_SIZE, NBPDR,
                            RELEASE_12, RELEASE_13, RELEASE_15, KernelFile, LoadedKernel, Release)
from .lime import write_raw
from .memory import PAGE, PageAllocator
from .walk_expect import Walker
from .x86_tables import PageTables

# Places behind the kernel's data.
HEAP, MSGBUF, TABLES = 0x10000, 0x20000, 0x30000
TABLE_PAGES = 48
RECURSIVE_SLOT = 256        # PML4PML4I: the root maps itself (four levels only)


def _ranges(kernel_pa: int) -> Ranges:
    return [(0x1000, 0x9F000), (kernel_pa, kernel_pa + 0x10000),
            (kernel_pa + NBPDR, kernel_pa + NBPDR + TABLES + TABLE_PAGES * PAGE),
            (0x100000000, 0x100021000)]


def _map_all(tables: PageTables, kernel_pa: int, dmap: int) -> None:
    tables.map(KERNSTART, kernel_pa, "r-x", x86.SIZE_2M, x86.GLOBAL)
    tables.map(DATA_START, kernel_pa + NBPDR, "rw-", x86.SIZE_2M, x86.GLOBAL)
    for pa in range(0, 0xA0000, PAGE):
        tables.map(dmap + pa, pa, "rw-")
    for pa in (kernel_pa, kernel_pa + NBPDR):
        tables.map(dmap + pa, pa, "rw-", x86.SIZE_2M)
    tables.map(dmap + 0x100000000, 0x100000000, "rw-", x86.SIZE_1G, x86.PAT_LARGE)
    for i in range(30):
        tables.map(KVA + 2 * i * PAGE, 0x1000 + i * 7 % 150 * PAGE, ("rw-", "r--", "rwx")[i % 3])
    tables.map(KVA + 100 * PAGE, 0xFEE00000, "rw-")     # a device
    tables.map(KVA + 101 * PAGE, 0xA0000, "rw-")        # no memory
    tables.map(KVA + (1 << 30), 0x100000000, "r--", x86.SIZE_1G)


# Every 64th page, which the pattern leaves zero, of 16 GiB: PN_XNUM and more.
MANY: Ranges = [(pfn * PAGE, (pfn + 1) * PAGE)
                for pfn in range(0x20003F, 0x20003F + 64 * 65600, 64)]


def _write(path: Path, release: Release, delta: bool, levels: int,
           kernel_file: str, more: Ranges | None = None, raw: bool = False) -> None:
    kernel_pa = RELOCATED_PA if release.relocatable else FIXED_PA
    dmap = DMAP_LA57 if levels == 5 else DMAP
    ranges = _ranges(kernel_pa)
    kernel = Amd64Kernel(KVA, KERNBASE + (1 << 30), dmap, ranges, [])
    data_pa = kernel_pa + NBPDR
    file = KernelFile(release, five_level=levels == 5)
    loaded = LoadedKernel(kernel, file, kernel_pa, data_pa + HEAP)
    loaded.add_all()
    loaded.add_msgbuf(ring(MESSAGES, 3 * PAGE - MSGBUF_SIZE), data_pa + MSGBUF, len(MESSAGES), 0)
    first = (data_pa + TABLES) // PAGE
    free = PageAllocator(list(range(first + 1, first + TABLE_PAGES)))
    tables = PageTables(kernel.memory, levels, first * PAGE, free)
    _map_all(tables, kernel_pa, dmap[0])
    pml4 = tables.root
    if levels == 5:
        pml4 = kernel.memory.read_u64(tables.root + 511 * 8) & x86.FRAME_4K
        loaded.set_u64("KPML5phys", tables.root)
    else:
        kernel.memory.write_u64(pml4 + RECURSIVE_SLOT * 8, pml4 | x86.flags("rw-"))
    loaded.set_u64("KPML4phys", pml4)
    for start, _ in more or []:
        if start % (1 << 30) == 0x3F000:
            tables.map(dmap[0] + start - 0x3F000, start - 0x3F000, "rw-", x86.SIZE_1G)
    ranges += more or []
    facts = {"format": "elf", "kernel": kernel_file}
    if raw:
        facts |= {"format": "raw", "raw": write_raw(path, kernel.memory, ranges)}
    else:
        write_full(path, kernel.memory, ranges, kernel_pa if delta else None)
    _tell(path, loaded, tables, ranges, facts)


def _tell(path: Path, loaded: LoadedKernel, tables: PageTables, ranges: Ranges,
          facts: dict[str, str]) -> None:
    walker = Walker(tables, ranges)
    expect = walker.expect
    for key, text in facts.items():
        expect.fact(key, text)
    expect.fact("os", "freebsd")
    expect.fact("arch", "amd64")
    expect.fact("kernbase", KERNBASE)
    expect.fact("kernphys", loaded.kernel_pa)
    expect.fact("levels", tables.levels)
    expect.fact("root", tables.root)
    expect.fact("osrelease", loaded.file.release.name)
    walker.virtual()
    walker.physical()
    walker.words(loaded.kernel.dmap_base)
    for line in loaded.lines:
        expect.line(line)
    expect.write(expect_path(path))


def _file(path: Path, five_level: bool) -> None:
    write_kernel_file(path, KernelFile(RELEASE_15, five_level), RELOCATED_PA)


add("fbsd-full", "full dump of 15: PT_DUMP_DELTA says where the kernel is",
    lambda path: _write(path, RELEASE_15, True, 4, "fbsd-full.elf"))
add("fbsd-full.elf", "its kernel file", lambda path: _file(path, False))
add("fbsd-full-13.1", "full dump of 13.1: nothing says where the kernel is "
    "(kernel file: fbsd-v3-kernel.elf)",
    lambda path: _write(path, RELEASE_13, False, 4, "fbsd-v3-kernel.elf"))
add("fbsd-full-12", "full dump of 12.2: the kernel is at 2 MiB (fbsd-v2-kernel.elf)",
    lambda path: _write(path, RELEASE_12, False, 4, "fbsd-v2-kernel.elf"))
add("fbsd-full-la57", "full dump of 15 with five-level paging",
    lambda path: _write(path, RELEASE_15, True, 5, "fbsd-full-la57.elf"))
add("fbsd-full-raw", "amd64 13.1 as raw memory with a map (fbsd-v3-kernel.elf)",
    lambda path: _write(path, RELEASE_13, False, 4, "fbsd-v3-kernel.elf", raw=True))
add("fbsdmany-full", "full dump of 15 with 65,605 program headers (fbsd-full.elf)",
    lambda path: _write(path, RELEASE_15, True, 4, "fbsd-full.elf", MANY))
add("fbsd-full-la57.elf", "its kernel file: la57 and KPML5phys",
    lambda path: _file(path, True))
