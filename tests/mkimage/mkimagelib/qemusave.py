# SPDX-License-Identifier: BSD-2-Clause
"""Writer of QEMU's migration stream and of libvirt's save files.

Formats: qemu migration/savevm.c (sections), migration/ram.c (records), hw/i386/pc_piix.c
and pc_q35.c (where RAM is); libvirt src/qemu/qemu_saveimage.h.
"""
from __future__ import annotations

import struct
from dataclasses import dataclass

from .memory import PAGE, Memory
from .packed import METHODS, Pack

GIB4 = 1 << 32

ZERO, MEM_SIZE, DATA, EOS, CONTINUE = 2, 4, 8, 0x10, 0x20
START, PART, END, CONFIGURATION, FOOTER = 1, 2, 3, 7, 0x7E

RAM_ID = 2
VGA = 4


@dataclass(frozen=True)
class Pc:
    """A machine whose memory goes on at 4 GiB when it reaches limit."""

    name: str
    limit: int
    low: int


I440FX = Pc("pc-i440fx-7.2", 0xE0000000, 0xC0000000)
Q35 = Pc("pc-q35-7.2", 0xB0000000, 0x80000000)


def _name(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


def _section(kind: int, body: bytes) -> bytes:
    head = struct.pack(">BI", kind, RAM_ID)
    if kind == START:
        head += _name("ram") + struct.pack(">II", 0, 4)
    return head + body + struct.pack(">Q", EOS) + struct.pack(">BI", FOOTER, RAM_ID)


class Records:
    """Pages of RAM blocks; the block's name comes only when it changes."""

    def __init__(self) -> None:
        self.out = bytearray()
        self._block = ""

    def page(self, block: str, off: int, data: bytes) -> None:
        fill = data.count(data[0]) == len(data)
        flags = (ZERO if fill else DATA) | (CONTINUE if block == self._block else 0)
        self.out += struct.pack(">Q", off | flags)
        if block != self._block:
            self.out += _name(block)
            self._block = block
        self.out += data[:1] if fill else data


HTAB, ATTRIBUTES = b"spapr/htab", b"s390-storage_attributes"


def _other(kind: int, number: int, body: bytes, name: bytes = b"") -> bytes:
    head = struct.pack(">BI", kind, number)
    if kind == START:
        head += bytes([len(name)]) + name + struct.pack(">II", 0, 1)
    return head + body + struct.pack(">BI", FOOTER, number)


# What pseries and s390 save in turns with the memory (hw/ppc/spapr.c, hw/s390x/s390-stattrib.c):
# the size of a hash table, then runs of entries; attributes of pages, an end.
OTHERS = (
    _other(START, 3, struct.pack(">I", 18), HTAB) +
    _other(START, 7, struct.pack(">Q", 1), ATTRIBUTES),
    _other(PART, 3, struct.pack(">IIHH32xIHH", 0, 8, 2, 1, 0, 0, 0)) +
    _other(PART, 7, struct.pack(">QQ5xQ", 2, 5, 1)),
)


def stream(memory: Memory, pfns: list[int], machine: Pc,
           others: tuple[bytes, bytes] = (b"", b"")) -> bytes:
    """The first part has pages as they were earlier, the second has them all."""
    last = (max(pfns) + 1) * PAGE
    size = last if last <= machine.low else machine.limit + last - GIB4
    out = struct.pack(">4sI", b"QEVM", 3)
    out += struct.pack(">BI", CONFIGURATION, len(machine.name)) + machine.name.encode()
    blocks = _name("vga.vram") + struct.pack(">Q", VGA * PAGE)
    blocks += _name("pc.ram") + struct.pack(">Q", size)
    out += _section(START, struct.pack(">Q", size + VGA * PAGE | MEM_SIZE) + blocks)
    early = Records()
    for i in range(VGA):
        early.page("vga.vram", i * PAGE, bytes(PAGE))
    for pfn in pfns[::3]:
        early.page("pc.ram", _off(pfn, machine), b"\x5a" * PAGE)
    late = Records()
    for pfn in pfns:
        late.page("pc.ram", _off(pfn, machine), memory.page(pfn))
    return (out + others[0] + _section(PART, bytes(early.out)) + others[1] +
            _section(END, bytes(late.out)) + b"\0")


def _off(pfn: int, machine: Pc) -> int:
    pa = pfn * PAGE
    return pa if pa < GIB4 else machine.low + pa - GIB4


# How libvirt numbers the ways to compress.
_PACK: list[Pack] = [bytes, METHODS["gz"], METHODS["bz2"], METHODS["xz"], METHODS["lzo"],
                     METHODS["zst"]]


def libvirt_head(how: int) -> bytes:
    xml = b"<domain type='qemu'/>\0"
    head = b"LibvirtQemudSave" + struct.pack("<5I", 2, len(xml), 1, how, 0)
    return head + bytes(56) + xml


def libvirt(body: bytes, how: int = 0) -> bytes:
    return libvirt_head(how) + _PACK[how](body)
