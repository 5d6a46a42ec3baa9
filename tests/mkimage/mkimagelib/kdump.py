# SPDX-License-Identifier: BSD-2-Clause
"""Writer of kdump-compressed files (64-bit little-endian headers, 4 KiB blocks).

The layout is that of makedumpfile (its IMPLEMENTATION page, diskdump_mod.h) and
of QEMU's dump/dump.c: header, sub header with the notes in it, bitmap of RAM,
bitmap of dumped pages, one descriptor for each dumped page, page data back to
back.
"""
from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from .codecs import Codec, zlib_page
from .memory import PAGE, Memory

BLOCK = PAGE
RAW, ZLIB, LZO, SNAPPY, ZSTD = 0, 1, 2, 4, 0x20
STATUS_INCOMPLETE = 8
SUB_SIZE = 104
DESC_SIZE = 24

# Sub header, 64-bit: (version that added the field, format); in file order.
_SUB_FIELDS = [("phys_base", 0, "Q"), ("dump_level", 1, "i"), ("split", 2, "i"),
               ("start_pfn", 2, "Q"), ("end_pfn", 2, "Q"), ("offset_vmcoreinfo", 3, "q"),
               ("size_vmcoreinfo", 3, "Q"), ("offset_note", 4, "q"), ("size_note", 4, "Q"),
               ("offset_eraseinfo", 5, "q"), ("size_eraseinfo", 5, "Q"),
               ("start_pfn_64", 6, "Q"), ("end_pfn_64", 6, "Q"), ("max_mapnr_64", 6, "Q")]

Chunks = list[tuple[int, bytes]]
Descriptor = list[int]      # offset, size, flags, page_flags
BendDesc = Callable[[int, Descriptor], None]


@dataclass
class Kdump:
    """ram and dumped are page numbers; methods maps a flag to its compressor."""

    memory: Memory
    ram: list[int]
    dumped: list[int]
    max_mapnr: int
    notes: bytes
    vmcoreinfo: bytes
    version: int = 6
    signature: bytes = b"KDUMP   "
    utsname: bytes = b""
    timestamp: tuple[int, int] = (0, 0)
    status: int = ZLIB
    methods: list[tuple[int, Codec]] = field(default_factory=lambda: [(ZLIB, zlib_page)])
    dump_level: int = 1
    phys_base: int = 0
    span: tuple[int, int] | None = None     # member of a split dump: [start, end)
    lost: set[int] = field(default_factory=set)     # descriptors with offset 0
    one_bitmap: bool = False
    shared_zero: bool = True
    eraseinfo: bytes = b""
    header: dict[str, int] = field(default_factory=dict)    # fields to bend
    sub: dict[str, int] = field(default_factory=dict)
    bend_desc: BendDesc | None = None       # gets a descriptor's number and fields
    missing_descs: int = 0                  # not written, although their bits are set

    # -- sizes and places --

    def bitmap_blocks(self) -> int:
        return -(-(-(-self.max_mapnr // 8)) // BLOCK)

    def sub_blocks(self) -> int:
        return -(-(SUB_SIZE + len(self._sub_area())) // BLOCK)

    def _sub_area(self) -> bytes:
        """What follows the sub header: notes, or in version 3 the text alone."""
        if self.version >= 4:
            return self.notes
        return self.vmcoreinfo if self.version == 3 else b""

    def bitmap_at(self) -> int:
        return (1 + self.sub_blocks()) * BLOCK

    def desc_at(self) -> int:
        count = 1 if self.one_bitmap else 2
        return self.bitmap_at() + count * self.bitmap_blocks() * BLOCK

    def data_at(self) -> int:
        return self.desc_at() + DESC_SIZE * len(self.members())

    def members(self) -> list[int]:
        """Pages that have a descriptor in this file."""
        if self.span is None:
            return self.dumped[:len(self.dumped) - self.missing_descs]
        return [pfn for pfn in self.dumped if self.span[0] <= pfn < self.span[1]]

    # -- contents --

    def _pack_header(self) -> bytes:
        values = {"header_version": self.version, "status": self.status, "block_size": BLOCK,
                  "sub_hdr_size": self.sub_blocks(),
                  "bitmap_blocks": self.bitmap_blocks() * (1 if self.one_bitmap else 2),
                  "max_mapnr": min(self.max_mapnr, 0xFFFFFFFF), "nr_cpus": 2}
        values.update(self.header)
        head = struct.pack("<8si", self.signature, values["header_version"])
        head += self.utsname.ljust(390, b"\0") + bytes(6)
        head += struct.pack("<QQ", *self.timestamp)
        head += struct.pack("<Iii", values["status"], values["block_size"],
                            values["sub_hdr_size"])
        head += struct.pack("<II", values["bitmap_blocks"], values["max_mapnr"])
        # total_ram_blocks, device_blocks, written_blocks, current_cpu: diskdump only
        return head + struct.pack("<4Ii", 0, 0, 0, 0, values["nr_cpus"])

    def _pack_sub(self, eraseinfo_at: int) -> bytes:
        start, end = self.span or (0, self.max_mapnr)
        notes_at = BLOCK + SUB_SIZE
        area = self._sub_area()
        text_at = notes_at + area.index(self.vmcoreinfo) if self.vmcoreinfo in area else 0
        if not self.vmcoreinfo:
            text_at = 0
        values = {"phys_base": self.phys_base & (1 << 64) - 1, "dump_level": self.dump_level,
                  "split": int(self.span is not None),
                  "start_pfn": min(start, 0xFFFFFFFF), "end_pfn": min(end, 0xFFFFFFFF),
                  "offset_vmcoreinfo": text_at,
                  "size_vmcoreinfo": len(self.vmcoreinfo) if text_at else 0,
                  "offset_note": notes_at if self.notes else 0, "size_note": len(self.notes),
                  "offset_eraseinfo": eraseinfo_at if self.eraseinfo else 0,
                  "size_eraseinfo": len(self.eraseinfo),
                  "start_pfn_64": start, "end_pfn_64": end, "max_mapnr_64": self.max_mapnr}
        values.update(self.sub)
        out = b""
        for name, since, form in _SUB_FIELDS:
            out += struct.pack(f"<{form}", values[name] if self.version >= since else 0)
        return out

    def _bitmap(self, at: int, pfns: list[int]) -> Chunks:
        """Only the blocks that have a bit set: a bitmap may be half a gigabyte of zeros."""
        blocks: dict[int, bytearray] = {}
        for pfn in pfns:
            byte = pfn >> 3
            block = blocks.setdefault(byte // BLOCK, bytearray(BLOCK))
            block[byte % BLOCK] |= 1 << (pfn & 7)
        return [(at + number * BLOCK, bytes(block)) for number, block in sorted(blocks.items())]

    def _stored_page(self, pfn: int, page: bytes) -> tuple[int, bytes]:
        """Pages take turns at the methods; one that does not shrink is stored raw."""
        flag, codec = self.methods[pfn // 8 % len(self.methods)]
        packed = codec(page)
        return (flag, packed) if len(packed) < len(page) else (RAW, page)

    def pages(self) -> tuple[list[bytes], bytes]:
        """Descriptors and the data area.  A page of zeros that opens the data area
        is shared by all pages of zeros (dump level 1)."""
        descs: list[Descriptor] = []
        data = bytearray()
        base = self.data_at()
        if self.shared_zero:
            data += bytes(PAGE)
        for pfn in self.members():
            page = self.memory.page(pfn)
            if pfn in self.lost:
                descs.append([0, 0, 0, 0])
            elif self.shared_zero and page.count(0) == PAGE:
                descs.append([base, PAGE, RAW, 0])
            else:
                flag, packed = self._stored_page(pfn, page)
                descs.append([base + len(data), len(packed), flag, 0])
                data += packed
        if self.bend_desc is not None:
            for number, desc in enumerate(descs):
                self.bend_desc(number, desc)
        return [struct.pack("<qIIQ", *desc) for desc in descs], bytes(data)

    def chunks(self) -> Chunks:
        """The file in pieces, as (offset, bytes), by parts of the format."""
        descs, data = self.pages()
        eraseinfo_at = self.data_at() + len(data)
        out = [(0, self._pack_header()), (BLOCK + SUB_SIZE, self._sub_area()),
               (BLOCK, self._pack_sub(eraseinfo_at)),
               *self._bitmap(self.bitmap_at(), self.ram)]
        if not self.one_bitmap:
            second = self.bitmap_at() + self.bitmap_blocks() * BLOCK
            out += self._bitmap(second, self.dumped)
        out += [(self.desc_at(), b"".join(descs)), (self.data_at(), data),
                (eraseinfo_at, self.eraseinfo)]
        return [(at, part) for at, part in out if part]

    def write(self, path: Path) -> None:
        write_chunks(path, self.chunks())


def write_chunks(path: Path, chunks: Chunks) -> None:
    """Zero blocks are left as holes; the file ends with the last chunk."""
    with open(path, "wb") as out:
        for at, part in chunks:
            for pos in range(0, len(part), BLOCK):
                block = part[pos:pos + BLOCK]
                if block.count(0) != len(block):
                    out.seek(at + pos)
                    out.write(block)
        out.truncate(end_of(chunks))


def end_of(chunks: Chunks) -> int:
    return max(at + len(part) for at, part in chunks)
