# SPDX-License-Identifier: BSD-2-Clause
"""Writer of FreeBSD dump devices: a dump between two copies of its header.

Header: struct kerneldumpheader version 4, sys/sys/kerneldump.h (12.x to 15); all
numbers big-endian.  Places on the device: sys/kern/kern_shutdown.c, dump_start()
and dump_finish().
"""
from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"FreeBSD Kernel Dump"
CLEARED = b"Cleared Kernel Dump"
HEADER_SIZE = 512
AMD64_VERSION = 2
METADATA = 64 * 1024        # never written at the start of a device


@dataclass
class DumpHeader:
    """parity None: the right one, which makes all 128 words together zero."""

    length: int
    extent: int
    blocksize: int
    magic: bytes = MAGIC
    version: int = 4
    parity: int | None = None

    def pack(self) -> bytes:
        head = struct.pack(">20s12sIIQQII64s192s175sBQ4x", self.magic, b"amd64", self.version,
                           AMD64_VERSION, self.length, 1656000000, 0, self.blocksize,
                           b"mkimage.example", b"FreeBSD 13.1-RELEASE mkimage\n",
                           b"mkimage: a panic with a message", 0, self.extent)
        parity = 0
        for (word,) in struct.iter_unpack(">I", head):
            parity ^= word
        return head + struct.pack(">I", parity if self.parity is None else self.parity)


@dataclass
class DumpDevice:
    """first None: the first header is the same as the last."""

    dump: bytes
    last: DumpHeader
    first: DumpHeader | None = None
    slack: int = 3 * 4096       # unused space before the first header

    def write(self, path: Path) -> None:
        """... | first header | dump, extent bytes | last header | end."""
        block = self.last.blocksize
        first = self.first or self.last
        body = bytes(METADATA + self.slack)
        body += first.pack().ljust(block, b"\0")
        body += self.dump
        body += self.last.pack().ljust(block, b"\0")
        path.write_bytes(body)

    def dump_offset(self) -> int:
        return METADATA + self.slack + self.last.blocksize
