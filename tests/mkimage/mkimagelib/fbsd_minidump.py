# SPDX-License-Identifier: BSD-2-Clause
"""Writer of FreeBSD/amd64 minidumps, versions 1, 2 and 3.

Sources of the layout (freebsd-src):
  header            sys/amd64/include/minidump.h: version 1 in 7.x (r1.1 of 2006),
                    version 2 in 10.4 and 12.0, version 3, which appends
                    dumpavailsize, in 13.x
  order, rounding,  sys/amd64/amd64/minidump_machdep.c: 7.x (r1.2.4.1 of 2008) for
  what is dumped    version 1, 10.4 and 12.x for 2, 13.x and 15 for 3
  bit numbers       sys/vm/vm_dumpset.h, 13.x and 15, for version 3; versions 1
                    and 2 number bits by physical page
  size of bitmap    sys/vm/vm_page.c, vm_page_startup(): rounded to whole pages
"""
from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

from . import x86
from .fbsd_kernel import Amd64Kernel
from .memory import PAGE
from .sparse import SparseFile

MAGIC = b"minidump FreeBSD/amd64"


def round_page(length: int) -> int:
    return -(-length // PAGE) * PAGE


@dataclass
class Header:
    """struct minidumphdr; every field can be overridden to make a bad dump."""

    version: int
    msgbufsize: int
    bitmapsize: int
    pmapsize: int
    kernbase: int
    dmapbase: int
    dmapend: int
    dumpavailsize: int = 0
    magic: bytes = MAGIC

    def pack(self) -> bytes:
        fixed = struct.pack("<24sIIIIQQQ", self.magic, self.version, self.msgbufsize,
                            self.bitmapsize, self.pmapsize, self.kernbase,
                            self.dmapbase, self.dmapend)
        if self.version == 1 or self.version == 2:
            return fixed
        # 4 bytes of tail padding: the structure is aligned to 8
        return fixed + struct.pack("<I4x", self.dumpavailsize)


@dataclass
class Minidump:
    """The sections of a dump before they are written, so that cases can bend them."""

    kernel: Amd64Kernel
    version: int
    pfns: list[int]                     # dumped pages in file order
    bitmap: bytes = b""
    dump_avail: bytes = b""
    tables: list[bytes] = field(default_factory=list)
    header: Header = field(init=False)

    def __post_init__(self) -> None:
        kernel = self.kernel
        self.header = Header(
            self.version, len(kernel.msgbuf), len(self.bitmap),
            PAGE * len(self.tables), kernel.va_min, kernel.dmap_base,
            kernel.dmap_end, len(self.dump_avail))

    def write(self, path: Path) -> None:
        with SparseFile(path) as out:
            out.write(self.header.pack())
            out.pad_to(PAGE)
            out.write(self.kernel.msgbuf)
            out.pad_to(PAGE)
            out.write(self.dump_avail)
            out.pad_to(PAGE)
            out.write(self.bitmap)
            out.pad_to(PAGE)
            for table in self.tables:
                out.write(table)
            for pfn in self.pfns:
                out.write(self.kernel.memory.page(pfn))


def make_minidump(kernel: Amd64Kernel, version: int) -> Minidump:
    pfns = sorted(kernel.dumped_pfns(version))
    if version >= 3:
        bits = _dump_avail_bits(kernel, pfns)
        nbits = sum(_bits_of_range(r) for r in kernel.dump_avail)
        # sizeof(dump_avail) is below a page; one page is written in any case
        avail = _pack_dump_avail(kernel).ljust(PAGE, b"\0")
    else:
        bits = pfns
        nbits = -(-kernel.dmap_limit // PAGE)
        avail = b""
    bitmap = _bitmap(bits, round_page(-(-nbits // 64) * 8))
    return Minidump(kernel, version, pfns, bitmap, avail, _tables(kernel, version))


def _pack_dump_avail(kernel: Amd64Kernel) -> bytes:
    pairs = [*kernel.dump_avail, (0, 0)]
    return b"".join(struct.pack("<QQ", start, end) for start, end in pairs)


def _bits_of_range(bounds: tuple[int, int]) -> int:
    start, end = bounds
    return -(-end // PAGE) - start // PAGE


def _dump_avail_bits(kernel: Amd64Kernel, pfns: list[int]) -> list[int]:
    """Bit numbers run through the ranges without the holes between them."""
    bits = []
    base = 0
    for start, end in kernel.dump_avail:
        first = start // PAGE
        last = first + _bits_of_range((start, end))
        bits += [base + pfn - first for pfn in pfns if first <= pfn < last]
        base += last - first
    return bits


def _bitmap(bits: list[int], size: int) -> bytes:
    """An array of u64, least significant bit first: on amd64 plain bytes."""
    out = bytearray(size)
    for bit in bits:
        out[bit >> 3] |= 1 << (bit & 7)
    return bytes(out)


def _tables(kernel: Amd64Kernel, version: int) -> list[bytes]:
    directories = [kernel.directory_page(gib) for gib in range(kernel.gibs())]
    if version >= 2:
        return directories
    entries = (kernel.va_end - kernel.va_min) >> 21
    pdes = [pde for page in directories for pde in x86.unpack(page)][:entries]
    return [_pte_page(kernel, pde) for pde in pdes]


def _pte_page(kernel: Amd64Kernel, pde: int) -> bytes:
    """Version 1 has a page of 512 PTEs for every 2 MiB, made up for a large page."""
    if not pde & x86.P:
        return bytes(PAGE)
    if not pde & x86.PS:
        return kernel.memory.page((pde & x86.FRAME_4K) // PAGE)
    bits = x86.P | x86.RW | x86.ACCESSED | x86.DIRTY
    base = (pde & x86.FRAME_2M) | bits
    return b"".join((base + i * PAGE).to_bytes(8, "little") for i in range(x86.ENTRIES))
