# SPDX-License-Identifier: BSD-2-Clause
"""FreeBSD dump devices with a small minidump on them."""
from __future__ import annotations

from pathlib import Path
from typing import Callable

from .case import add, expect_path
from .fbsd_cases import DMAP, KVA, tiny_kernel
from .fbsd_device import CLEARED, DumpDevice, DumpHeader
from .fbsd_expect import tell
from .fbsd_minidump import make_minidump

Bend = Callable[[DumpDevice], None]


def _write(path: Path, block: int, bend: Bend | None, bad: bool) -> None:
    dump = make_minidump(tiny_kernel(KVA, DMAP), 3)
    dump.write(path)
    data = path.read_bytes()
    device = DumpDevice(data, DumpHeader(len(data), len(data), block))
    if bend is not None:
        bend(device)
    device.write(path)
    expect = tell(dump)
    expect.fact("device", 1)
    expect.fact("blocksize", block)
    expect.fact("dumpoffset", device.dump_offset())
    expect.fact("dumplength", len(data))
    if bad:
        expect.fact("bad", path.name)
    expect.write(expect_path(path))


def _add(name: str, about: str, block: int = 512, bend: Bend | None = None,
         bad: bool = False) -> None:
    add(name, about, lambda path: _write(path, block, bend, bad))


def _last(**values: int) -> Bend:
    """Both headers say something else."""
    def bend(device: DumpDevice) -> None:
        for key, value in values.items():
            setattr(device.last, key, value)
    return bend


def _cleared(device: DumpDevice) -> None:
    """savecore clears the last header only, and leaves its parity as it was."""
    whole = device.last
    words = whole.pack()
    device.first = DumpHeader(whole.length, whole.extent, whole.blocksize)
    device.last = DumpHeader(whole.length, whole.extent, whole.blocksize, CLEARED,
                             parity=int.from_bytes(words[-4:], "big"))


def _other_first(device: DumpDevice) -> None:
    """The first header is from another dump."""
    device.first = DumpHeader(0x123000, device.last.extent, device.last.blocksize)


_add("fbsd-device-512", "dump device with sectors of 512 bytes")
_add("fbsd-device-4096", "dump device with sectors of 4096 bytes", 4096)
_add("fbsd-device-cleared", "dump device whose dump savecore has saved", 512, _cleared)
_add("bad-device-parity", "headers of wrong parity", 512, _last(parity=0x12345678), True)
_add("bad-device-first", "first header not like the last", 512, _other_first, True)
_add("bad-device-extent", "extent of 2^64 - 1 bytes", 512, _last(extent=(1 << 64) - 1), True)
_add("bad-device-length", "length of 2^63 bytes", 512, _last(length=1 << 63), True)
_add("bad-device-version", "header version 5", 512, _last(version=5), True)
