# SPDX-License-Identifier: BSD-2-Clause
"""FreeBSD textdumps, saved and on a dump device."""
from __future__ import annotations

from pathlib import Path

from .case import add
from .fbsd_device import TEXT, DumpDevice, DumpHeader
from .fbsd_textdump import FILES, header, textdump


def _file(name: str, about: str, data: bytes) -> None:
    def make(path: Path) -> None:
        path.write_bytes(data)
    add(name, about, make)


def _device() -> bytes:
    data = textdump(FILES)
    # The dumper's settings are in the header, though textdumps do not heed them.
    return DumpDevice(data, DumpHeader(len(data), 0, 512, TEXT, compression=2)).text_content()


def _sized(size: bytes) -> bytes:
    """ddb.txt whose size is no number, or a wrong one, with a right checksum."""
    block = bytearray(header("ddb.txt", 0))
    block[124:136] = size.ljust(12, b"\0")
    block[148:156] = b" " * 8
    block[148:156] = (b"%6o" % sum(block)).ljust(8, b"\0")
    return bytes(block) + bytes(512)


_file("fbsd-textdump", "textdump as savecore leaves it", textdump(FILES))
_file("fbsd-textdump-zeros", "the same with blocks of zeros at its end",
      textdump(FILES) + bytes(10240))
_file("fbsd-textdump-nopanic", "textdump that was asked for: no panic.txt",
      textdump({n: d for n, d in FILES.items() if n != "panic.txt"}))
_file("fbsd-textdump-device", "textdump on a dump device", _device())
_file("bad-textdump-size", "a size that is no number", _sized(b"12x"))
_file("bad-textdump-size-max", "a size of 2^33 - 1 bytes", _sized(b"77777777777"))
_file("bad-textdump-size-12", "a size of twelve digits", _sized(b"777777777777"))
_file("bad-textdump-second", "a second file without a header",
      textdump({"ddb.txt": FILES["ddb.txt"]}) + b"x" * 1024)
_file("bad-textdump-many", "a thousand files", b"".join(header("ddb.txt", 0)
                                                         for _ in range(1000)))
