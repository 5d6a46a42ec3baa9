# SPDX-License-Identifier: BSD-2-Clause
"""FreeBSD dump devices with a small minidump on them."""
from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Callable

from .case import add, case, expect_path
from .fbsd_cases import DMAP, KVA, tiny_kernel
from .fbsd_crypt import AES_256_CBC, CHACHA20, PRIVATE_KEY, Encryption
from .fbsd_device import CLEARED, DumpDevice, DumpHeader, gpt_disk, mbr_disk
from .fbsd_expect import tell
from .fbsd_minidump import make_minidump
from .packed import gzip_whole, zstd_whole

Bend = Callable[[DumpDevice], None]
Lay = Callable[[DumpDevice], bytes]


def _write(path: Path, block: int, bend: Bend | None, bad: bool,
           lay: Lay = DumpDevice.content) -> DumpDevice:
    dump = make_minidump(tiny_kernel(KVA, DMAP), 3)
    dump.write(path)
    data = path.read_bytes()
    device = DumpDevice(data, DumpHeader(len(data), len(data), block))
    if bend is not None:
        bend(device)
    content = lay(device)
    path.write_bytes(content)
    expect = tell(dump)
    expect.fact("device", 1)
    expect.fact("blocksize", block)
    expect.fact("dumpoffset", device.dump_offset())
    expect.fact("dumplength", len(data))
    if bad:
        expect.fact("bad", path.name)
    if device.encryption is not None:
        expect.fact("key", "fbsd-encrypted.pem")
        path.with_name("fbsd-encrypted.pem").write_text(PRIVATE_KEY)
    expect.write(expect_path(path))
    return device


def _add(name: str, about: str, block: int = 512, bend: Bend | None = None,
         bad: bool = False, lay: Lay = DumpDevice.content) -> None:
    def make(path: Path) -> None:
        _write(path, block, bend, bad, lay)
    add(name, about, make)


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
    device.first = whole
    device.last = replace(whole, magic=CLEARED, parity=int.from_bytes(words[-4:], "big"))


def _cleared_first(device: DumpDevice) -> None:
    """Cleared, and something was written over the first header since."""
    _cleared(device)
    assert device.first is not None
    device.first.hostname = b"another"


def _other_first(device: DumpDevice) -> None:
    """The first header is from another dump."""
    device.first = DumpHeader(0x123000, device.last.extent, device.last.blocksize)


def _extent(device: DumpDevice) -> None:
    """More was reserved than was used: dumps that may grow, compressed ones above all."""
    device.last.extent += 5 * 4096


def _encrypted(method: int, old_padding: bool = False) -> Bend:
    def bend(device: DumpDevice) -> None:
        device.encryption = Encryption(method, old_padding)
    return bend


def _older(device: DumpDevice) -> DumpDevice:
    last = DumpHeader(device.last.length, device.last.extent, device.last.blocksize,
                      time=device.last.time - 1000, hostname=b"older")
    return DumpDevice(device.dump, last)


def _gpt(sector: int) -> Lay:
    return lambda device: gpt_disk([bytes(8192), device.content(), bytes(4096)], sector)


def _several(device: DumpDevice) -> bytes:
    """A cleared dump that is newer, the one, and an older one."""
    cleared = DumpDevice(device.dump, DumpHeader(device.last.length, device.last.extent, 512,
                                                 time=device.last.time + 1000))
    _cleared(cleared)
    return gpt_disk([_older(device).content(), device.content(), cleared.content(),
                     _older(device).content()])


def _mbr(device: DumpDevice) -> bytes:
    return mbr_disk([bytes(8192), device.content(), bytes(512)])


_add("fbsd-device-512", "dump device with sectors of 512 bytes")
_add("fbsd-device-4096", "dump device with sectors of 4096 bytes", 4096)
_add("fbsd-device-cleared", "dump device whose dump savecore has saved", 512, _cleared)
_add("fbsd-device-v1", "dump device with header version 1", 512, _last(version=1))
_add("fbsd-device-v2", "dump device with header version 2", 512, _last(version=2))
_add("fbsd-device-v3", "dump device with header version 3", 512, _last(version=3))
_add("fbsd-device-extent", "dump device with more reserved than used", 512, _extent)
_add("fbsd-device-front", "dump behind its header, no other", lay=DumpDevice.front_content)
_add("fbsd-device-live", "dump before its header, no other", lay=DumpDevice.live_content)
_add("fbsd-device-gpt", "disk with a GPT and a dump in the second partition", lay=_gpt(512))
_add("fbsd-device-gpt-4096", "the same with sectors of 4096 bytes", 4096, lay=_gpt(4096))
_add("fbsd-device-gpt-several", "GPT with four dumps, one of them newer but saved",
     lay=_several)
_add("fbsd-device-mbr", "disk with an MBR, a BSD label and a dump", lay=_mbr)
_add("fbsd-device-aes", "encrypted dump device: AES-256-CBC", 512, _encrypted(AES_256_CBC))
_add("fbsd-device-aes-pkcs1", "the same with the key in PKCS#1 v1.5 padding", 4096,
     _encrypted(AES_256_CBC, True))
_add("fbsd-device-chacha20", "encrypted dump device: ChaCha20", 512, _encrypted(CHACHA20))
_add("bad-device-parity", "headers of wrong parity", 512, _last(parity=0x12345678), True)
_add("bad-device-first", "first header not like the last", 512, _other_first, True)
_add("bad-device-cleared", "cleared, and the first header overwritten", 512, _cleared_first,
     True)
_add("bad-device-extent", "extent of 2^64 - 1 bytes", 512, _last(extent=(1 << 64) - 1), True)
_add("bad-device-length", "length of 2^63 bytes", 512, _last(length=1 << 63), True)
_add("bad-device-version", "header version 5", 512, _last(version=5), True)
_add("bad-device-keysize", "key of 2^32 - 1 bytes", 512, _last(keysize=(1 << 32) - 1), True)
_add("bad-device-nokey", "a key block of zeros", 512, _last(keysize=512), True,
     lambda device: device.content()[:-512 - len(device.dump) - 512] +
     device.last.block() + bytes(512) + device.dump + device.last.block())


def _packed(method: int, pack: Callable[[bytes], bytes], compression: int) -> Bend:
    """dump_append() compresses, then encrypts; AES is refused, as it takes whole blocks."""
    def bend(device: DumpDevice) -> None:
        device.encryption = Encryption(method)
        device.dump = pack(device.dump)
        device.last.length = len(device.dump)
        device.last.extent = -(-len(device.dump) // 512) * 512 + 8192
        device.last.compression = compression
    return bend


_add("fbsd-device-chacha20-gzip", "device with a dump that was compressed, then encrypted", 512,
     _packed(CHACHA20, gzip_whole, 1))
_add("fbsd-device-chacha20-zstd", "the same with zstd", 512, _packed(CHACHA20, zstd_whole, 2))


def _encrypted_file(number: int, method: int, bend: Bend | None = None) -> None:
    """As savecore leaves it: the dump, and its key block beside it."""
    def make(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        device = _write(path, 512, bend or _encrypted(method), False)
        assert device.encryption is not None
        path.write_bytes(device.encryption.encrypt(device.dump))
        path.with_name(f"key.{number}").write_bytes(device.encryption.block().ljust(512, b"\0"))
    add(f"vmcore_encrypted.{number}", f"encrypted dump, saved, with key.{number}", make)


_encrypted_file(0, AES_256_CBC)
_encrypted_file(1, CHACHA20)
_encrypted_file(2, CHACHA20, _packed(CHACHA20, gzip_whole, 1))


@case("fbsd-device-gzip", "dump device with a dump that the kernel compressed")
def _gzip(path: Path) -> None:
    """More is reserved than is used; the length is that of the stream."""
    make_minidump(tiny_kernel(KVA, DMAP), 3).write(path)
    data = gzip.compress(path.read_bytes(), mtime=0)
    extent = (len(data) + 511) // 512 * 512 + 8192
    DumpDevice(data, DumpHeader(len(data), extent, 512, compression=1)).write(path)


@case("fbsd-device-zeros", "dump device with a dump that ends in 2 MiB of zeros")
def _zeros(path: Path) -> None:
    data = b"x" * 4096 + bytes(2 << 20)
    DumpDevice(data, DumpHeader(len(data), len(data), 512)).write(path)
