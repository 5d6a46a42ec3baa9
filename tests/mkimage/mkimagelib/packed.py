# SPDX-License-Identifier: BSD-2-Clause
"""Whole files compressed: gzip, xz and bzip2 from the library, zstd written here.

RFC 8878 for zstd: frames of raw and RLE blocks, which every decoder must take.
"""
from __future__ import annotations

import bz2
import gzip
import lzma
import struct
from typing import Callable

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


METHODS: dict[str, Pack] = {
    "gz": gzip_whole,
    "gz3": gzip_members,
    "zst": zstd_whole,
    "zst5": zstd_frames,
    "xz": xz_whole,
    "bz2": bzip2_whole,
}
