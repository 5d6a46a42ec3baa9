# SPDX-License-Identifier: BSD-2-Clause
"""Writer of FreeBSD dump devices: a dump between two copies of its header.

Header: struct kerneldumpheader versions 1 to 4, sys/sys/kerneldump.h (10.x to 15); all
numbers big-endian.  Places on the device: sys/kern/kern_shutdown.c, dump_start()
and dump_finish().
"""
from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from .fbsd_crypt import Encryption

MAGIC = b"FreeBSD Kernel Dump"
TEXT = b"FreeBSD Text Dump"
CLEARED = b"Cleared Kernel Dump"
HEADER_SIZE = 512
AMD64_VERSION = 2
METADATA = 64 * 1024        # never written at the start of a device
HOSTNAME = b"mkimage.example"
KERNEL = b"FreeBSD 13.1-RELEASE mkimage\n"
PANIC = b"mkimage: a panic with a message"


@dataclass
class DumpHeader:
    """parity None: the right one, which makes all 128 words together zero."""

    length: int
    extent: int
    blocksize: int
    magic: bytes = MAGIC
    version: int = 4
    parity: int | None = None
    keysize: int = 0
    compression: int = 0
    time: int = 1656000000
    hostname: bytes = HOSTNAME
    arch: bytes = b"amd64"
    arch_version: int = AMD64_VERSION

    def _fields(self) -> bytes:
        start = struct.pack(">20s12sIIQ", self.magic, self.arch, self.version,
                            self.arch_version, self.length)
        if self.version == 1:
            return start + struct.pack(">QI64s192s192s", self.time, self.blocksize,
                                       self.hostname, KERNEL, PANIC)
        if self.version == 2:
            return start + struct.pack(">QII64s192s188s", self.time, self.keysize,
                                       self.blocksize, self.hostname, KERNEL, PANIC)
        if self.version == 3:
            return start + struct.pack(">QQIIB64s192s179s", self.extent, self.time,
                                       self.keysize, self.blocksize, self.compression,
                                       self.hostname, KERNEL, PANIC)
        return start + struct.pack(">QII64s192s175sBQ4x", self.time, self.keysize,
                                   self.blocksize, self.hostname, KERNEL, PANIC,
                                   self.compression, self.extent)

    def pack(self) -> bytes:
        head = self._fields()
        parity = 0
        for (word,) in struct.iter_unpack(">I", head):
            parity ^= word
        return head + struct.pack(">I", parity if self.parity is None else self.parity)

    def block(self) -> bytes:
        return self.pack().ljust(self.blocksize, b"\0")


@dataclass
class DumpDevice:
    """first None: the first header is the same as the last."""

    dump: bytes
    last: DumpHeader
    first: DumpHeader | None = None
    slack: int = 3 * 4096       # unused space before the first header
    encryption: Encryption | None = None

    def _key(self) -> bytes:
        """The key block, padded to the device's blocks, as the headers tell."""
        if self.encryption is None:
            return b""
        key = self.encryption.block()
        key += bytes(-len(key) % self.last.blocksize)
        self.last.keysize = len(key)
        return key

    def content(self) -> bytes:
        """... | first header | key | dump, extent bytes | last header | end."""
        key = self._key()
        first = self.first or self.last
        dump = self.encryption.encrypt(self.dump) if self.encryption else self.dump
        dump = dump.ljust(self.last.extent, b"\0") if self.last.extent < 1 << 32 else dump
        return (bytes(METADATA + self.slack) + first.block() + key + dump +
                self.last.block())

    def text_content(self) -> bytes:
        """A textdump: blocks of 512 bytes written backwards from the last header."""
        blocks = [self.dump[at:at + 512] for at in range(0, len(self.dump), 512)]
        return (bytes(METADATA + self.slack) + self.last.block() + b"".join(blocks[::-1]) +
                self.last.block())

    def front_content(self) -> bytes:
        """As a network dump to a TFTP server: one header, before the dump."""
        return self.last.pack() + self.dump

    def live_content(self) -> bytes:
        """As savecore -L finds it: one header, a page's end behind the dump."""
        return self.dump + bytes(-len(self.dump) % 4096) + self.last.pack()

    def write(self, path: Path) -> None:
        path.write_bytes(self.content())

    def dump_offset(self) -> int:
        return METADATA + self.slack + self.last.blocksize + len(self._key())


def gpt_disk(parts: list[bytes], sector: int = 512) -> bytes:
    """A disk with a GPT (UEFI 2.10, 5.3; checksums are left out) and a tail."""
    table = b""
    body = b""
    at = 64
    for part in parts:
        body += part + bytes(-len(part) % sector)
        end = at + (len(part) + sector - 1) // sector
        table += struct.pack("<16s16sQQQ72s", b"\x01" * 16, b"\x02" * 16, at, end - 1, 0, b"")
        at = end
    header = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, 1, at + 40,
                         64, at - 1, b"\x03" * 16, 2, 128, 128, 0)
    disk = bytes(sector) + header.ljust(sector, b"\0") + table
    return disk.ljust(64 * sector, b"\0") + body + bytes(41 * sector)


def mbr_disk(parts: list[bytes]) -> bytes:
    """An MBR with one slice, in which a BSD label names the partitions."""
    body = b"".join(part + bytes(-len(part) % 512) for part in parts)
    start, size = 63, 16 + len(body) // 512
    mbr = bytearray(512)
    mbr[446:462] = struct.pack("<B3sB3sII", 0x80, b"", 0xa5, b"", start, size)
    mbr[510:] = b"\x55\xaa"
    label = bytearray(512)
    struct.pack_into("<I", label, 0, 0x82564557)
    struct.pack_into("<I", label, 132, 0x82564557)
    struct.pack_into("<H", label, 138, 3 + len(parts))
    struct.pack_into("<IIIBBH", label, 148 + 2 * 16, size, start, 0, 0, 0, 0)
    at = start + 16
    for i, part in enumerate(parts):
        sectors = (len(part) + 511) // 512
        struct.pack_into("<IIIBBH", label, 148 + (3 + i) * 16, sectors, at, 0, 1, 0, 0)
        at += sectors
    slice_ = bytes(512) + bytes(label) + bytes(14 * 512) + body
    return bytes(mbr) + bytes((start - 1) * 512) + slice_ + bytes(7 * 512)
