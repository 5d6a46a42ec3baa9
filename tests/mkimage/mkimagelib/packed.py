# SPDX-License-Identifier: BSD-2-Clause
"""Whole files compressed: gzip, xz, lzma and bzip2 from the library, the rest written here.

RFC 8878 for zstd: frames of raw and RLE blocks, which every decoder must take.
LZ4: lz4_Frame_format.md, with the legacy frame, lz4_Block_format.md and
xxhash_spec.md.  lzop: the header as linux lib/decompress_unlzo.c skips it, with
what its tool writes there.
"""
from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib
from typing import Callable

from .codecs import lzo_page, tokens

Pack = Callable[[bytes], bytes]

_ZSTD_MAGIC = 0xFD2FB528
_ZSTD_SKIPPABLE = 0x184D2A50
_WINDOW_LOG = 16                # as small as a block can be worth it
_RAW, _RLE = 0, 1


def _parts(data: bytes, count: int) -> list[bytes]:
    each = len(data) // count
    return [data[i * each:(i + 1) * each if i + 1 < count else len(data)]
            for i in range(count)]


def gzip_whole(data: bytes) -> bytes:
    return gzip.compress(data, 6, mtime=0)


def gzip_members(data: bytes) -> bytes:
    return b"".join(gzip_whole(part) for part in _parts(data, 3))


def xz_whole(data: bytes) -> bytes:
    return lzma.compress(data, preset=0)


def bzip2_whole(data: bytes) -> bytes:
    return bz2.compress(data, 1)


def _zstd_block(data: bytes, last: bool) -> bytes:
    if data and data == data[:1] * len(data):
        return (len(data) << 3 | _RLE << 1 | last).to_bytes(3, "little") + data[:1]
    return (len(data) << 3 | _RAW << 1 | last).to_bytes(3, "little") + data


def zstd_whole(data: bytes) -> bytes:
    """One frame that does not say how long it is, as FreeBSD's kernel writes it."""
    size = 4096
    out = [struct.pack("<IBB", _ZSTD_MAGIC, 0, (_WINDOW_LOG - 10) << 3)]
    for at in range(0, len(data), size):
        out.append(_zstd_block(data[at:at + size], at + size >= len(data)))
    return b"".join(out)


def zstd_frames(data: bytes) -> bytes:
    """As pzstd: a skippable frame before each that tells its length."""
    out = []
    for part in _parts(data, 5):
        frame = zstd_whole(part)
        out.append(struct.pack("<III", _ZSTD_SKIPPABLE, 4, len(frame)) + frame)
    return b"".join(out)


def lzma_whole(data: bytes) -> bytes:
    return lzma.compress(data, format=lzma.FORMAT_ALONE, preset=0)


def _lz4_count(extra: int) -> bytes:
    """What did not fit into the four bits of a token."""
    return b"\xff" * (extra // 255) + bytes([extra % 255])


def lz4_block(data: bytes) -> bytes:
    """Sequences; the last twelve bytes begin no match and the last five are literals."""
    tail = max(len(data) - 12, 0)
    found = tokens(data[:tail], 0x10000)
    out = bytearray()
    for number, (literals, distance, length) in enumerate(found):
        last = number == len(found) - 1
        if last:
            literals += data[tail:]
        head = min(len(literals), 15) << 4 | (0 if last else min(length - 4, 15))
        out.append(head)
        if len(literals) >= 15:
            out += _lz4_count(len(literals) - 15)
        out += literals
        if not last:
            out += struct.pack("<H", distance)
            if length - 4 >= 15:
                out += _lz4_count(length - 4 - 15)
    return bytes(out)


def lz4_legacy(data: bytes) -> bytes:
    size = 8 << 20
    out = [struct.pack("<I", 0x184C2102)]
    for at in range(0, len(data), size):
        block = lz4_block(data[at:at + size])
        out.append(struct.pack("<I", len(block)) + block)
    return b"".join(out)


def _xxh32(data: bytes) -> int:
    p1, p2, p3, p4, p5 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1
    mask = 0xFFFFFFFF

    def rotate(value: int, n: int) -> int:
        value &= mask
        return (value << n | value >> 32 - n) & mask

    whole = len(data) // 16 * 16
    lanes = [p1 + p2, p2, 0, -p1]
    for at in range(0, whole, 16):
        words = struct.unpack_from("<4I", data, at)
        lanes = [rotate(lane + word * p2, 13) * p1 for lane, word in zip(lanes, words)]
    value = sum(rotate(lane, n) for lane, n in zip(lanes, (1, 7, 12, 18))) if whole else p5
    value += len(data)
    rest = data[whole:]
    for at in range(0, len(rest) // 4 * 4, 4):
        value = rotate(value + struct.unpack_from("<I", rest, at)[0] * p3, 17) * p4
    for byte in rest[len(rest) // 4 * 4:]:
        value = rotate(value + byte * p5, 11) * p1
    value &= mask
    value = (value ^ value >> 15) * p2 & mask
    value = (value ^ value >> 13) * p3 & mask
    return value ^ value >> 16


def lz4_frame(data: bytes) -> bytes:
    """As lz4 writes: independent blocks, of 64 KiB here, and a sum of all."""
    size = 1 << 16
    head = struct.pack("<BB", 0x64, 0x40)
    out = [struct.pack("<I", 0x184D2204), head, bytes([_xxh32(head) >> 8 & 0xFF])]
    for at in range(0, len(data), size):
        part = data[at:at + size]
        block = lz4_block(part)
        if len(block) < len(part):
            out.append(struct.pack("<I", len(block)) + block)
        else:
            out.append(struct.pack("<I", len(part) | 1 << 31) + part)
    return b"".join(out) + struct.pack("<II", 0, _xxh32(data))


def lzop_file(data: bytes) -> bytes:
    """With sums of what the blocks are decoded to, and the name of the file."""
    size = 1 << 14              # as far back as the encoder can point
    name = b"vmcore"
    head = struct.pack(">HHHBBIIIIB", 0x1040, 0x20A0, 0x0940, 1, 5, 0x03000001,
                       0o100600, 1_600_000_000, 0, len(name)) + name
    out = [b"\x89LZO\0\r\n\x1a\n", head, struct.pack(">I", zlib.adler32(head))]
    for at in range(0, len(data), size):
        part = data[at:at + size]
        packed = lzo_page(part)
        packed = packed if len(packed) < len(part) else part
        out.append(struct.pack(">III", len(part), len(packed), zlib.adler32(part)) + packed)
    return b"".join(out) + struct.pack(">I", 0)


METHODS: dict[str, Pack] = {
    "gz": gzip_whole,
    "gz3": gzip_members,
    "zst": zstd_whole,
    "zst5": zstd_frames,
    "xz": xz_whole,
    "bz2": bzip2_whole,
    "lzma": lzma_whole,
    "lz4": lz4_legacy,
    "lz4f": lz4_frame,
    "lzo": lzop_file,
}
