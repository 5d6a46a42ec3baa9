# SPDX-License-Identifier: BSD-2-Clause
"""FreeBSD/amd64 minidumps that are as a kernel writes them."""
from __future__ import annotations

from pathlib import Path
from typing import Callable

from . import x86
from .case import add, expect_path
from .fbsd_expect import tell
from .fbsd_kernel import Amd64Kernel, Ranges
from .fbsd_minidump import make_minidump
from .memory import PAGE

MIB = 1 << 20
GIB = 1 << 30

# sys/amd64/include/vmparam.h and pmap.h, 13.x: kernel map and 4 TiB direct map.
KVA = 0xFFFFFE0000000000
DMAP = (0xFFFFF80000000000, 0xFFFFFC0000000000)
# The same in 7.x, whose kernels wrote version 1: a kernel map of 2 GiB at the
# top and a direct map of 512 GiB.
KVA_V1 = 0xFFFFFFFF80000000
DMAP_V1 = (0xFFFFFF0000000000, 0xFFFFFF8000000000)
# Five-level paging (15): the direct map moves, the kernel map does not.
DMAP_LA57 = (0xFF01000000000000, 0xFF05000000000000)

# The shape of a PC: a gap below 1 MiB, another below 4 GiB.  No range is a
# multiple of 64 pages long, so bit numbers and page numbers run apart.
PC_RANGES: Ranges = [(0x1000, 0x9F000), (0x100000, 0x700000),
                     (0x100000000, 0x100143000)]
TABLE_PFNS = list(range(0x6E0, 0x700))
TABLE_NODUMP = 0x6DF

MESSAGES = b"".join(b"<6>mkimage line %d: the quick brown fox\n" % i for i in range(120))


def ring(text: bytes, size: int) -> bytes:
    """A message buffer that has not wrapped: text, then unused zeros."""
    return text[:size].ljust(size, b"\0")


def wrapped_ring(text: bytes, size: int) -> bytes:
    """One that has: the newest bytes come first, the oldest follow them."""
    seq = size + size // 3
    stream = (text * (seq // len(text) + 1))[:seq]
    return stream[size:] + stream[seq - size:size]


def map_small_pages(kernel: Amd64Kernel, va: int) -> None:
    """4 KiB pages in the first 2 MiB: scattered, in runs, with every protection."""
    for i in range(40):
        kernel.map_4k(va + i * PAGE, 0x1000 + (i * 29 % 150) * PAGE, "rw-")
    for i in range(24):
        kernel.map_4k(va + (64 + i) * PAGE, 0x200000 + i * PAGE, "r-x")
    for i, prot in enumerate(("r--", "rwx", "r-x", "rw-")):
        kernel.map_4k(va + (100 + 2 * i) * PAGE, 0x300000 + i * PAGE, prot)
    # one page in each range next to its ends, where off-by-one errors show
    ends = [0x1000, 0x9E000, 0x100000, 0x6DE000, 0x100000000, 0x100142000]
    for i, pa in enumerate(ends):
        kernel.map_4k(va + (120 + i) * PAGE, pa, "rw-")
    kernel.map_4k(va + 511 * PAGE, 0x250000, "r--")


def map_left_out_pages(kernel: Amd64Kernel, va: int) -> None:
    """Valid PTEs to pages that are not in the dump."""
    kernel.map_4k(va, 0x310000, "rw-")
    for i, pfn in enumerate((0x311, 0x312, 0x320)):     # PG_NODUMP
        kernel.nodump.add(pfn)
        kernel.map_4k(va + (1 + i) * PAGE, pfn * PAGE, "rw-")
    kernel.map_4k(va + 4 * PAGE, 0xFEE00000, "rw-")     # a device
    kernel.map_4k(va + 5 * PAGE, 0xA0000, "rw-")        # hole just below a range
    kernel.map_4k(va + 6 * PAGE, 0xFF000, "rw-")        # likewise, last page of it
    kernel.map_4k(va + 7 * PAGE, 0x0, "rw-")            # below the first range
    kernel.map_4k(va + 8 * PAGE, 0x100143000, "rw-")    # just past the last
    kernel.map_4k(va + 9 * PAGE, 0x313000, "rw-")


def map_undumped_table(kernel: Amd64Kernel, va: int) -> None:
    """A page table that is itself not in the dump; its pages are."""
    kernel.memory.clear(TABLE_NODUMP)
    kernel.nodump.add(TABLE_NODUMP)
    kernel.memory.write_u64(kernel.pde_pa(va),
                            TABLE_NODUMP * PAGE | x86.P | x86.RW | x86.ACCESSED)
    for i in range(4):
        kernel.memory.write_u64(TABLE_NODUMP * PAGE + i * 8,
                                (0x330 + i) * PAGE | x86.flags("rw-"))


def register_direct(kernel: Amd64Kernel) -> None:
    """Pages used through the direct map only, and some dropped at the last moment."""
    for pfn in [*range(0x10, 0x50, 3), *range(0x140, 0x180), *range(0x100010, 0x100030)]:
        kernel.registered.add(pfn)
    kernel.nodump.update((0x150, 0x151, 0x100020))


def small_kernel(va: int, gibs: int, dmap: tuple[int, int],
                 ranges: Ranges | None = None) -> Amd64Kernel:
    """A kernel map with one of each kind of mapping in it."""
    kernel = Amd64Kernel(va, va + gibs * GIB, dmap, ranges or PC_RANGES, TABLE_PFNS)
    kernel.msgbuf = ring(MESSAGES, 2 * PAGE - 72)
    map_small_pages(kernel, va)
    kernel.map_2m(va + 2 * MIB, 0x400000, "rw-")
    kernel.map_2m(va + 4 * MIB, 0x100000000, "r-x", x86.PAT_LARGE)
    map_undumped_table(kernel, va + 8 * MIB)
    map_left_out_pages(kernel, va + 12 * MIB)
    register_direct(kernel)
    return kernel


def large_kernel(dmap: tuple[int, int] = DMAP) -> Amd64Kernel:
    """The same with 1 GiB pages, an empty GiB and a page at the very end."""
    kernel = small_kernel(KVA, 5, dmap)
    kernel.map_1g(KVA + GIB, 0x100000000, "rw-", x86.PAT_LARGE)
    kernel.map_1g(KVA + 2 * GIB, 0x140000000, "rw-")    # no such memory
    kernel.map_4k(KVA + 5 * GIB - PAGE, 0x340000, "r--")
    return kernel


def tiny_kernel(va: int, dmap: tuple[int, int]) -> Amd64Kernel:
    """As few pages as still show something: a seed for fuzzing."""
    kernel = Amd64Kernel(va, va + 4 * MIB, dmap,
                         [(0x1000, 0x9F000), (0x100000, 0x140000)],
                         list(range(0x138, 0x140)))
    kernel.msgbuf = ring(b"<6>tiny\n", 256)
    for i in range(6):
        kernel.map_4k(va + i * PAGE, 0x9C000 + i * PAGE, "rw-")
    kernel.map_4k(va + 8 * PAGE, 0x100000, "r-x")
    kernel.map_2m(va + 2 * MIB, 0x200000, "rw-")        # wholly outside memory
    kernel.registered.update((1, 2, 0x101))
    return kernel


def write_good(path: Path, kernel: Amd64Kernel, version: int) -> None:
    dump = make_minidump(kernel, version)
    dump.write(path)
    tell(dump).write(expect_path(path))


def _add(name: str, about: str, version: int, make: Callable[[], Amd64Kernel]) -> None:
    add(name, about, lambda path: write_good(path, make(), version))


def _msgbuf_kernel(content: bytes) -> Amd64Kernel:
    kernel = tiny_kernel(KVA, DMAP)
    kernel.msgbuf = content
    return kernel


def _odd_ranges_kernel() -> Amd64Kernel:
    """Ranges that begin and end inside pages, touch, and are one page long."""
    ranges = [(0x1000, 0x9FC00), (0x100000, 0x101000), (0x102000, 0x1C5000),
              (0x1C5000, 0x700000), (0x40000800, 0x40011400), (0x100000000, 0x100003000)]
    kernel = Amd64Kernel(KVA, KVA + GIB, DMAP, ranges, TABLE_PFNS)
    kernel.msgbuf = ring(MESSAGES, PAGE)
    pages = [0x1, 0x9E, 0x9F, 0x100, 0x102, 0x1C4, 0x1C5, 0x6DE,
             0x40001, 0x40010, 0x40011, 0x100000, 0x100002]
    for i, pfn in enumerate(pages):
        kernel.map_4k(KVA + 2 * i * PAGE, pfn * PAGE, "rw-")
    left_out = [0x0, 0xA0, 0xFF, 0x101, 0x700, 0x40000, 0x40012, 0xFFFFF, 0x100003]
    for i, pfn in enumerate(left_out):
        kernel.map_4k(KVA + 2 * MIB + 2 * i * PAGE, pfn * PAGE, "rw-")
    return kernel


def _runs_kernel() -> Amd64Kernel:
    """Runs of pages that are longer than any part of an index over the bitmap."""
    kernel = Amd64Kernel(KVA, KVA + GIB, DMAP, [(0x1000, 0x9F000), (0x100000, 0x10000000)],
                         list(range(0x100, 0x110)))
    kernel.msgbuf = ring(MESSAGES, PAGE)
    for i in range(40):
        kernel.map_4k(KVA + i * PAGE, (0x8000 + i * 7) * PAGE, "rw-")
    kernel.map_2m(KVA + 2 * MIB, 0x8000000, "rw-")
    for first, count in ((0x200, 12000), (0x8000, 20000)):
        kernel.registered.update(range(first, first + count))
        for pfn in range(first, first + count):
            kernel.memory.clear(pfn)        # the file has holes for them
    return kernel


def _span_kernel(gib: int = 64) -> Amd64Kernel:
    """Memory in islands up to gib GiB; few pages are dumped."""
    islands = [(0x1000, 0x9F000), (0x100000, 0x80000000),
               (0x100000000, 0x300000000), (0x480000000, 0x4C0001000),
               (0x800003000, 0x900000000), (0xFC0000000, gib << 30)]
    kernel = Amd64Kernel(KVA, KVA + 2 * GIB, DMAP, islands, list(range(0x200, 0x280)))
    kernel.msgbuf = ring(MESSAGES, 2 * PAGE)
    pfns = [start // PAGE + (last - start) // PAGE * step // 40
            for start, last in islands for step in range(40)]
    pfns += [(last - 1) // PAGE for _, last in islands]
    for i, pfn in enumerate(sorted(set(pfns))):
        kernel.map_4k(KVA + i * 3 * PAGE, pfn * PAGE, "rw-")
    kernel.map_2m(KVA + GIB, 0x900000000 - 2 * MIB, "rw-")
    kernel.map_4k(KVA + GIB + 4 * MIB, 0x800002000, "rw-")
    return kernel


def _register() -> None:
    _add("fbsd-v3-tiny", "v3 with eight pages and a one-page bitmap", 3,
         lambda: tiny_kernel(KVA, DMAP))
    _add("fbsd-v2-tiny", "v2 of the same machine: no dump_avail", 2,
         lambda: tiny_kernel(KVA, DMAP))
    _add("fbsd-v1-tiny", "v1 of the same machine: a section of PTEs", 1,
         lambda: tiny_kernel(KVA_V1, DMAP_V1))
    _add("fbsd-v3", "v3 with 4 KiB, 2 MiB and 1 GiB mappings, three ranges, pages left out",
         3, large_kernel)
    _add("fbsd-v2", "v2 of the same machine", 2, large_kernel)
    _add("fbsd-v1", "v1: 4 KiB and 2 MiB mappings in a 1 GiB kernel map", 1,
         lambda: small_kernel(KVA_V1, 1, DMAP_V1))
    _add("fbsd-v3-la57", "v3 of a machine with five-level paging: another direct map",
         3, lambda: large_kernel(DMAP_LA57))
    _add("fbsd-v3-ranges", "v3 whose six ranges begin and end inside pages, and touch",
         3, _odd_ranges_kernel)
    _add("fbsd-v3-span64g", "v3 of 64 GiB in six islands, few pages dumped", 3, _span_kernel)
    _add("fbsd-v3-span1t", "v3 of 1 TiB: a bitmap of 32 MiB, few pages dumped", 3,
         lambda: _span_kernel(1024))
    _add("fbsd-v2-span64g", "v2 of the same: a bitmap of 2 MiB", 2, _span_kernel)
    _add("fbsd-v3-runs", "v3 with runs of 12,000 and 20,000 pages of zeros", 3, _runs_kernel)
    _add("fbsd-v3-nomsgbuf", "v3 with an empty message buffer", 3,
         lambda: _msgbuf_kernel(b""))
    _add("fbsd-v3-wrapped", "v3 whose message buffer has wrapped", 3,
         lambda: _msgbuf_kernel(wrapped_ring(MESSAGES, 3000)))


_register()
