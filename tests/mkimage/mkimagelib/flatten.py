# SPDX-License-Identifier: BSD-2-Clause
"""The flattened form: a file as a stream of (offset, size, data) records.

A 4096-byte header (signature, type 1, version 1), then records with big-endian
signed 64-bit offset and size, then a record with both -1.  What is written last
counts.  Written by makedumpfile -F and by QEMU's dump/dump.c.
"""
from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from .kdump import Chunks

HEADER_SIZE = 4096
SIGNATURE = b"makedumpfile"
END = (-1, -1)


def record(offset: int, data: bytes, size: int | None = None) -> bytes:
    return struct.pack(">qq", offset, len(data) if size is None else size) + data


@dataclass
class Flat:
    """Records in the order of writing; tail is what follows the last one."""

    records: Chunks
    tail: bytes = struct.pack(">qq", *END)
    ftype: int = 1
    version: int = 1

    def pack(self) -> bytes:
        head = struct.pack(">16sqq", SIGNATURE, self.ftype, self.version)
        body = b"".join(record(at, data) for at, data in self.records)
        return head.ljust(HEADER_SIZE, b"\0") + body + self.tail

    def write(self, path: Path) -> None:
        path.write_bytes(self.pack())


def pieces(at: int, data: bytes, size: int) -> Chunks:
    return [(at + pos, data[pos:pos + size]) for pos in range(0, len(data), size)]


def file_pieces(path: Path, size: int) -> Chunks:
    """A plain file cut into records; runs of zeros are not written, but its end is."""
    data = path.read_bytes()
    cut = pieces(0, data, size)
    return [(at, part) for at, part in cut[:-1] if part.count(0) != len(part)] + cut[-1:]


def interleave(first: Chunks, second: Chunks) -> Chunks:
    """Two streams that are flushed in turn, in proportion to their lengths."""
    keyed = [((i + 1) / (len(first) + 1), chunk) for i, chunk in enumerate(first)]
    keyed += [((i + 1) / (len(second) + 1), chunk) for i, chunk in enumerate(second)]
    keyed.sort(key=lambda pair: pair[0])
    return [chunk for _, chunk in keyed]


def shuffled(chunks: Chunks) -> Chunks:
    """A fixed disorder: a stride that is prime to the number of records."""
    count = len(chunks)
    stride = next(step for step in range(max(count * 5 // 8, 1), 2 * count + 2)
                  if _coprime(step, count))
    return [chunks[i * stride % count] for i in range(count)]


def _coprime(a: int, b: int) -> bool:
    while b:
        a, b = b, a % b
    return a == 1
