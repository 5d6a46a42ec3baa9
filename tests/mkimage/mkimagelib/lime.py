# SPDX-License-Identifier: BSD-2-Clause
"""Writers of memory images: LiME, AVML and raw memory.

Formats: LiME src/disk.c and doc/README.md; avml src/image.rs and snap.rs;
snappy framing_format.txt (chunks of at most 64 KiB, a masked CRC-32C each).
"""
from __future__ import annotations

import struct
from pathlib import Path

from .codecs import snappy_page
from .memory import Memory
from .sparse import SparseFile
from .vmcore import copy

Range = tuple[int, int]

AVML_BLOCK = 16 << 20
CHUNK = 65536


def header(magic: bytes, version: int, start: int, end: int) -> bytes:
    """The address of the last byte, not of the one behind it."""
    return magic + struct.pack("<IQQQ", version, start, end - 1, 0)


def write_lime(path: Path, memory: Memory, ranges: list[Range]) -> None:
    with SparseFile(path) as out:
        for start, end in ranges:
            out.write(header(b"EMiL", 1, start, end))
            copy(memory, out, start, end - start)


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC = _crc_table()


def masked_crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _chunk(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "little") + body


def framed(data: bytes) -> bytes:
    """A framed stream; what does not shrink is stored as it is."""
    out = _chunk(0xFF, b"sNaPpY")
    for at in range(0, len(data), CHUNK):
        part = data[at:at + CHUNK]
        crc = struct.pack("<I", masked_crc32c(part))
        packed = snappy_page(part)
        if len(packed) < len(part) - len(part) // 8:
            out += _chunk(0, crc + packed)
        else:
            out += _chunk(1, crc + part)
    return out


def write_avml(path: Path, memory: Memory, ranges: list[Range],
               block: int = AVML_BLOCK) -> None:
    with open(path, "wb") as out:
        for start, end in ranges:
            for at in range(start, end, block):
                stop = min(at + block, end)
                data = framed(memory.read(at, stop - at))
                out.write(header(b"AVML", 2, at, stop) + data)
                out.write(struct.pack("<Q", len(data)))


def write_packed(path: Path, memory: Memory, ranges: list[Range]) -> str:
    """Ranges one behind the other without a header; returns the map that tells them."""
    with SparseFile(path) as out:
        for start, end in ranges:
            copy(memory, out, start, end - start)
    return ",".join(f"{start:#x}-{end:#x}" for start, end in ranges)


def write_raw(path: Path, memory: Memory, ranges: list[Range]) -> str:
    """The offset is the address; the map keeps to what is memory."""
    with SparseFile(path) as out:
        for start, end in ranges:
            out.skip(start - out.tell())
            copy(memory, out, start, end - start)
    return ",".join(f"{start:#x}-{end:#x}@{start:#x}" for start, end in ranges)
