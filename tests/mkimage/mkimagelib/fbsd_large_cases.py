# SPDX-License-Identifier: BSD-2-Clause
"""A FreeBSD/amd64 minidump of the size that real ones have, to measure with.

Its pages are random bytes rather than the pattern, which would take a minute.
"""
from __future__ import annotations

from pathlib import Path
from random import Random

from .case import add
from .fbsd_cases import DMAP, GIB, KVA, MESSAGES, MIB, ring
from .fbsd_kernel import Amd64Kernel, Ranges
from .fbsd_minidump import make_minidump
from .memory import PAGE, Memory

RANGES: Ranges = [(0x1000, 0x9F000), (0x100000, 0xC0000000), (0x100000000, 0x140000000)]
PAGES = 1 << 18
SMALL = 128 * MIB       # of the kernel map, in pages of 4 KiB
LARGE = 256 * MIB       # and of 2 MiB
# From the start of the kernel map to the end of the kernel, a page of directory
# entries for each GiB (minidumpsys() in amd64/minidump_machdep.c).
MAPPED = 2047 * GIB


class RandomMemory(Memory):
    def page(self, pfn: int) -> bytes:
        if self.is_planted(pfn):
            return super().page(pfn)
        return Random(pfn).randbytes(PAGE)


def _runs(rnd: Random, first: int, count: int, longest: int) -> list[int]:
    """count page numbers from first on, in runs with gaps of like length between."""
    out: list[int] = []
    while len(out) < count:
        run = rnd.randint(1, longest)
        out += range(first, first + run)
        first += run + rnd.randint(1, longest)
    return out[:count]


def large_kernel() -> Amd64Kernel:
    """1 GiB: a quarter under large pages, an eighth under small ones, and what the
    direct map alone reaches: a half in long runs, the rest in runs of up to 64 pages."""
    rnd = Random(1)
    kernel = Amd64Kernel(KVA, KVA + MAPPED, DMAP, RANGES, list(range(0x200, 0x300)))
    kernel.memory = RandomMemory()
    kernel.msgbuf = ring(MESSAGES, 24 * PAGE)
    for at in range(0, LARGE, 2 * MIB):
        kernel.map_2m(KVA + GIB + at, 0x20000000 + at, "rw-")
    small = _runs(rnd, 0x100000000 // PAGE, SMALL // PAGE, 16)
    rnd.shuffle(small)
    for i, pfn in enumerate(small):
        kernel.map_4k(KVA + i * PAGE, pfn * PAGE, "rw-")
    rest = PAGES - LARGE // PAGE - len(small)
    kernel.registered.update(range(0x30000000 // PAGE, 0x30000000 // PAGE + rest // 2))
    kernel.registered.update(_runs(rnd, 0x48000000 // PAGE, rest - rest // 2, 64))
    return kernel


def _write(path: Path) -> None:
    make_minidump(large_kernel(), 3).write(path)


add("fbsd-large", "v3 of 1 GiB; for bench, not of --all", _write, large=True)
