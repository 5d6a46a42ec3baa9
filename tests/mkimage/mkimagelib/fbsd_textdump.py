# SPDX-License-Identifier: BSD-2-Clause
"""Writer of FreeBSD textdumps: sys/ddb/db_textdump.c, textdump_mkustar() and textdump_dumpsys().

No blocks of zeros end the archive; the version bytes are NULs.
"""
from __future__ import annotations

from .fbsd_device import KERNEL

FILES = {
    "ddb.txt": b"db:0:kdb.enter.panic>  bt\nTracing pid 1 tid 100001 td 0xfffff80003000000\n"
               b"kdb_enter() at kdb_enter+0x37\n",
    "config.txt": b"options \tDDB\noptions \tTEXTDUMP_PREFERRED\n",
    "msgbuf.txt": b"".join(b"<%d>mkimage: message %d\n" % (i % 8, i) for i in range(60)) +
                  b"panic: mkimage: a panic with a message\nno newline at the end",
    "panic.txt": b"mkimage: a panic with a message",
    "version.txt": KERNEL + b"    root@mkimage.example:/usr/obj\n",
}


def header(name: str, size: int, mtime: int = 1656000000) -> bytes:
    """textdump_mkustar()."""
    block = bytearray(512)
    block[0:len(name)] = name.encode()
    for at, text in ((100, b"0600"), (108, b"0"), (116, b"0"), (124, b"%o" % size),
                     (136, b"%o" % mtime), (148, b"        "), (257, b"ustar"),
                     (265, b"root"), (297, b"wheel")):
        block[at:at + len(text)] = text
    block[148:156] = (b"%6o" % sum(block)).ljust(8, b"\0")[:8]
    return bytes(block)


def textdump(files: dict[str, bytes]) -> bytes:
    out = b""
    for name, data in files.items():
        out += header(name, len(data)) + data + bytes(-len(data) % 512)
    return out
