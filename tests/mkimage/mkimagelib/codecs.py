# SPDX-License-Identifier: BSD-2-Clause
"""Page compressors: zlib from the library, three others just good enough to be correct.

Formats: zlib RFC 1950; snappy format_description.txt (raw format); LZO1X as in
linux Documentation/staging/lzo.rst; Zstandard RFC 8878.
"""
from __future__ import annotations

import struct
import zlib
from typing import Callable

Codec = Callable[[bytes], bytes]

_MIN_MATCH = 8


def zlib_page(data: bytes) -> bytes:
    return zlib.compress(data, 1)


def tokens(data: bytes, window: int = 1 << 32) -> list[tuple[bytes, int, int]]:
    """(literals, distance, length) triples; the last one may have length 0."""
    out = []
    seen: dict[bytes, int] = {}
    at = start = 0
    while at + _MIN_MATCH <= len(data):
        key = data[at:at + _MIN_MATCH]
        earlier = seen.get(key)
        seen[key] = at
        if earlier is None or at - earlier >= window:
            at += 1 if at - start < 512 else 4     # random bytes
            continue
        length = _MIN_MATCH
        while data[earlier + length:earlier + length + 64] == data[at + length:at + length + 64] \
                and at + length + 64 <= len(data):
            length += 64
        while at + length < len(data) and data[earlier + length] == data[at + length]:
            length += 1
        out.append((data[start:at], at - earlier, length))
        at += length
        start = at
    out.append((data[start:], 0, 0))
    return out


def _snappy_literals(data: bytes) -> bytes:
    if not data:
        return b""
    if len(data) <= 60:
        return bytes([(len(data) - 1) << 2]) + data
    return struct.pack("<BH", 61 << 2, len(data) - 1) + data


def snappy_page(data: bytes) -> bytes:
    """Raw format: the length as a varint, then literals and copies with 16-bit offsets."""
    size = len(data)
    out = bytearray()
    while size >= 0x80:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    out.append(size)
    for literals, distance, length in tokens(data):
        out += _snappy_literals(literals)
        while length:
            step = min(length, 64)
            out += struct.pack("<BH", (step - 1) << 2 | 2, distance)
            length -= step
    return bytes(out)


def _lzo_count(extra: int) -> bytes:
    """A length that did not fit the opcode: zeros stand for 255 each."""
    zeros, last = divmod(extra - 1, 255)
    return bytes(zeros) + bytes([last + 1])


def _lzo_literals(data: bytes, first: bool) -> bytes:
    """A run of at least four; a shorter one is possible only at the very start."""
    if not data:
        return b""
    if first and len(data) <= 238:
        return bytes([17 + len(data)]) + data
    if len(data) <= 18:
        return bytes([len(data) - 3]) + data
    return b"\0" + _lzo_count(len(data) - 18) + data


def _lzo_match(distance: int, length: int, trailing: int) -> bytes:
    """Distance up to 16384; up to three literals may follow the match itself."""
    if length <= 33:
        head = bytes([0x20 | (length - 2)])
    else:
        head = b"\x20" + _lzo_count(length - 33)
    return head + struct.pack("<H", (distance - 1) << 2 | trailing)


def lzo_page(data: bytes) -> bytes:
    found = tokens(data)
    out = bytearray()
    pending = found[0][0]
    out += _lzo_literals(pending, first=True)
    for i, (_, distance, length) in enumerate(found[:-1]):
        literals = found[i + 1][0]
        short = len(literals) <= 3
        out += _lzo_match(distance, length, len(literals) if short else 0)
        out += literals if short else _lzo_literals(literals, first=False)
    return bytes(out) + b"\x11\x00\x00"


def _runs(data: bytes) -> list[tuple[int, int]]:
    """Cut into (start, end) so that a long run of one byte is a piece of its own."""
    cuts = [0]
    at = 0
    while at < len(data):
        end = at + 1
        while end < len(data) and data[end] == data[at]:
            end += 1
        if end - at >= 16:
            cuts += [at, end]
        at = end
    cuts.append(len(data))
    return [(lo, hi) for lo, hi in zip(cuts, cuts[1:]) if lo < hi]


def zstd_page(data: bytes) -> bytes:
    """One frame with its content size (256 to 65791 bytes) and raw or RLE blocks."""
    out = struct.pack("<IBH", 0xFD2FB528, 0x60, len(data) - 256)
    pieces = _runs(data)
    for number, (start, end) in enumerate(pieces):
        last = int(number == len(pieces) - 1)
        rle = end - start >= 16 and data.count(data[start], start, end) == end - start
        header = (end - start) << 3 | int(rle) << 1 | last
        out += header.to_bytes(3, "little") + (data[start:start + 1] if rle else data[start:end])
    return out
