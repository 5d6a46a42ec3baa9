# SPDX-License-Identifier: BSD-2-Clause
"""The stand-alone dump tools of s390, as s390-tools has them: what each writes.

zipl/boot: stage2dump.c (header, search for what is not zero), eckd2dump.c, eckd2dump_sv.c,
eckd2dump_zlib.c, eckd2dump_mv.c, tape2dump.c; of 2.0 for what was written until 2018.
include/dump/s390_dump.h.
"""
from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Protocol

from .sparse import SparseFile

MIB, BLOCK = 1 << 20, 4096
MAGIC, MAGIC_EXTENDED = 0xA8190173618F23FD, 0xA8190173618F23FE
TOD, TOD_END = 0xD8000000, 0xD8001000
STOP = (1 << 64) - 1
ENTRIES = 1011              # that the header of a segment has room for
PLAIN = 1 << 31


class Ram(Protocol):
    """Memory from 0 on; zeros where there is none."""

    end: int

    def read(self, at: int, length: int) -> bytes: ...


def header(end: int, version: int = 5, tod: int = TOD, extended: bool = False,
           volume: int = 0, many: bool = False, entry: int = 0) -> bytes:
    head = bytearray(BLOCK)
    magic = MAGIC_EXTENDED if extended else MAGIC
    struct.pack_into(">QIIIIQQQII", head, 0, magic, version, BLOCK, 4, BLOCK, end, 0, end,
                     end // BLOCK & 0xFFFFFFFF, 0)
    struct.pack_into(">QQIIIQBHH", head, 56, tod, 0xFF00000000000000, 2, volume, 2, end,
                     int(many), 2, 2)
    struct.pack_into(">BI", head, 0x61, int(entry != 0), entry)
    if many:
        struct.pack_into(">Q", head, 0x200, magic)
    return bytes(head)


def end_marker(tod: int = TOD_END) -> bytes:
    return b"DUMP_END" + struct.pack(">Q", tod)


def _end_block(tod: int) -> bytes:
    return end_marker(tod).ljust(BLOCK, b"\0")


def _is_zero(ram: Ram, at: int) -> bool:
    data = ram.read(at, min(MIB, ram.end - at))
    return data.count(0) == len(data)


def find_segment(ram: Ram, start: int, limit: int) -> tuple[int, int, bool, int]:
    """Where one begins, its length, whether it is the last, and where the next begins."""
    def skip(at: int, end: int, zero: bool) -> int:
        while at < end and _is_zero(ram, at) == zero:
            at += MIB
        return min(at, end)

    first = skip(start, ram.end, True)
    if first == ram.end:
        return 0, 0, True, ram.end
    last = skip(first, min(first + limit, ram.end) if limit else ram.end, False)
    after = skip(last, ram.end, True)
    return first, last - first, after == ram.end, after


def _copy(out: SparseFile, ram: Ram, start: int, length: int) -> None:
    for at in range(start, start + length, MIB):
        out.write(ram.read(at, min(MIB, start + length - at)))


def segment_header(start: int, length: int, last: bool, blocks: int = 0,
                    entries: list[int] | None = None) -> bytes:
    head = bytearray(BLOCK)
    struct.pack_into(">QQQI", head, 0, start, length, STOP if last else 0, blocks)
    if entries is not None:
        struct.pack_into(f">I{len(entries)}I", head, 0x30, len(entries), *entries)
    return bytes(head)


def _plain_segment(out: SparseFile, ram: Ram, start: int, length: int, last: bool) -> None:
    out.write(segment_header(start, length, last))
    _copy(out, ram, start, length)


def _zlib_segment(out: SparseFile, ram: Ram, start: int, length: int, last: bool) -> None:
    """Each entry ends in what the buffer held before."""
    data, entries = bytearray(), []
    for at in range(start, start + length, MIB):
        plain = ram.read(at, min(MIB, start + length - at))
        stored = zlib.compress(plain, 1)
        entries.append(len(data) // BLOCK)
        if len(stored) >= len(plain):
            entries[-1] |= PLAIN
            stored = plain
        data += stored + b"\xa5" * (-len(stored) % BLOCK)
    out.write(segment_header(start, length, last, len(data) // BLOCK, entries))
    out.write(bytes(data))


def extended(path: Path, ram: Ram, packed: bool = False, tod: int = TOD_END) -> None:
    """On one disk. To compress, the first MiB is written first and then used for that."""
    at, last = 0, False
    with SparseFile(path) as out:
        out.write(header(ram.end, 2, extended=True, entry=MIB if packed else 0))
        if packed:
            _plain_segment(out, ram, 0, MIB, False)
            at = MIB
        while at < ram.end and not last:
            start, length, last, at = find_segment(ram, at, ENTRIES * MIB if packed else 0)
            (_zlib_segment if packed else _plain_segment)(out, ram, start, length, last)
        out.write(_end_block(tod))


def tape(path: Path, ram: Ram) -> None:
    """Since 2018 the header is that of an extended dump, though all memory follows."""
    with SparseFile(path) as out:
        out.write(header(ram.end, 2, extended=True, entry=MIB))
        _copy(out, ram, 0, ram.end)
        out.write(end_marker())


def single(path: Path, ram: Ram) -> None:
    """On a disk until 2018, on a tape, or by zgetdump."""
    with SparseFile(path) as out:
        out.write(header(ram.end))
        _copy(out, ram, 0, ram.end)
        out.write(end_marker())


def volumes(paths: list[Path], sizes: list[int], ram: Ram) -> None:
    """On partitions of these sizes, until 2018: each is filled."""
    at = 0
    for i, (path, size) in enumerate(zip(paths, sizes)):
        with SparseFile(path) as out:
            out.write(header(ram.end, volume=i, many=True))
            share = min(size - BLOCK, ram.end - at)
            _copy(out, ram, at, share)
            at += share
            if at == ram.end:
                out.write(_end_block(TOD_END))
            out.skip(size - out.tell())
        if at == ram.end:
            return
    raise ValueError("the volumes are too small")


def extended_volumes(paths: list[Path], sizes: list[int], ram: Ram) -> None:
    """The same since then; a volume that has less than 1 MiB left is left."""
    at, last = 0, False
    for i, (path, size) in enumerate(zip(paths, sizes)):
        with SparseFile(path) as out:
            out.write(header(ram.end, 2, extended=True, volume=i, many=True))
            room = size - 3 * BLOCK
            while not last and room >= MIB:
                start, length, last, at = find_segment(ram, at, room // MIB * MIB)
                _plain_segment(out, ram, start, length, last)
                room -= length
                room -= BLOCK if room else 0
            if last:
                out.write(_end_block(TOD_END))
            out.skip(size - out.tell())
        if last:
            return
    raise ValueError("the volumes are too small")
