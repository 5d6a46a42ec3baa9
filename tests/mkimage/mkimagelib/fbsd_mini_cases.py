# SPDX-License-Identifier: BSD-2-Clause
"""FreeBSD minidumps of i386, arm64, riscv64, arm, mips and powerpc64."""
from __future__ import annotations

import struct
from functools import partial
from typing import Callable

from .case import add
from .fbsd_mini import Mini
from .fbsd_power import hashed, radix
from .memory import PAGE

LOW = [(0x1000, 0x9F000), (0x100000, 0x180000), (0x20000000, 0x20040000)]
HIGH = [*LOW, (0x100000000, 0x100040000)]
COARSE = [(0x4000, 0x9C000), (0x100000, 0x180000), (0x80000000, 0x80100000)]

Entry = Callable[[int, str], int]
# Gives a machine its pages and tables: how many entries, which rights there
# are, what an entry says, how many bytes it has.
Fill = Callable[[Mini, int, tuple[str, ...], Entry, int], Mini]


def _sizes(mini: Mini) -> tuple[int, int, int, int]:
    return mini.version, len(mini.msgbuf), len(mini.bitmap()), len(mini.tables)


def _magic(mini: Mini) -> bytes:
    return f"minidump FreeBSD/{mini.arch}".encode().ljust(24, b"\0")


def spread(mini: Mini, count: int, rights: tuple[str, ...], entry: Entry, width: int) -> Mini:
    """Three pages of four in the kernel map are mapped, some to pages left out."""
    mini.choose()
    pages = mini.pages()
    mini.kernend = mini.kernbase + count * mini.page
    entries = []
    for i in range(count):
        if i % 4 == 3:
            entries.append(0)
            continue
        pa, right = pages[i * 13 % len(pages)], rights[i % len(rights)]
        mini.mapped[mini.kernbase + i * mini.page] = (pa, right)
        entries.append(entry(pa, right))
    kind = {4: "I", 8: "Q"}[width]
    mini.tables = struct.pack(f"{mini.order}{count}{kind}", *entries)
    return mini


# i386: sys/i386/include/minidump.h

def i386(pae: bool, version: int, fill: Fill = spread) -> Mini:
    def header(mini: Mini) -> bytes:
        fixed = _magic(mini) + struct.pack("<IIIIII", *_sizes(mini), mini.kernbase, int(pae))
        return fixed + (struct.pack("<I", PAGE) if version > 1 else b"")

    def entry(pa: int, right: str) -> int:
        return pa | 0x61 | (2 if "w" in right else 0) | (0 if "x" in right else 1 << 63)

    mini = Mini("i386", "i386", version, header, 0xC0000000, HIGH if pae else LOW, version > 1,
                word=4)
    rights = ("rwx", "r-x", "rw-", "r--") if pae else ("rwx", "r-x")
    return fill(mini, 1024, rights, entry, 8 if pae else 4)


# arm64: sys/arm64/include/minidump.h; ATTR_* of sys/arm64/include/pte.h

def arm64(version: int, page: int = PAGE, fill: Fill = spread) -> Mini:
    def header(mini: Mini) -> bytes:
        assert mini.dmap is not None
        base, end, phys = mini.dmap
        fixed = _magic(mini) + struct.pack("<IIIIQQQQ", *_sizes(mini), mini.kernbase, phys,
                                           base, end)
        if version > 1:
            fixed += struct.pack("<II", page, int(page > PAGE) if version > 2 else 0)
        return fixed

    def entry(pa: int, right: str) -> int:
        return pa | 0x703 | (0 if "w" in right else 0x80) | (0 if "x" in right else 3 << 53)

    phys = 0x4000 if page > PAGE else 0
    mini = Mini("arm64", "aarch64", version, header, 0xFFFF000000000000,
                COARSE if page > PAGE else HIGH, version > 1, page=page,
                dmap=(0xFFFFA00000000000, 0xFFFFFF0000000000, phys))
    return fill(mini, 2048 if page > PAGE else 1024, ("rwx", "r-x", "rw-", "r--"), entry, 8)


# riscv: sys/riscv/include/minidump.h, pte.h

def riscv(version: int, attributes: int = 0, fill: Fill = spread) -> Mini:
    def header(mini: Mini) -> bytes:
        assert mini.dmap is not None
        base, end, phys = mini.dmap
        fixed = _magic(mini) + struct.pack("<IIIIQQQQ", *_sizes(mini), mini.kernbase, phys,
                                           base, end)
        return fixed + (struct.pack("<I4x", PAGE) if version > 1 else b"")

    def entry(pa: int, right: str) -> int:
        return (pa >> 12 << 10 | 0xC3 | (4 if "w" in right else 0) |
                (8 if "x" in right else 0) | attributes << 61)

    mini = Mini("riscv", "riscv64", version, header, 0xFFFFFFC000000000,
                [(0x80000000, 0x80060000), (0x90000000, 0x90040000)], version > 1,
                dmap=(0xFFFFFFD000000000, 0xFFFFFFD020000000, 0x80000000))
    return fill(mini, 1024, ("rwx", "r-x", "rw-", "r--"), entry, 8)


# arm: sys/arm/include/minidump.h; PTE2_* of sys/arm/include/pte.h

def arm(version: int, mmuformat: int = 2, order: str = "<", count: int = 1024,
        fill: Fill = spread) -> Mini:
    def header(mini: Mini) -> bytes:
        fixed = _magic(mini) + struct.pack(f"{order}IIIIIII", *_sizes(mini), mini.kernbase, 7,
                                           mmuformat)
        return fixed + (struct.pack(f"{order}I", PAGE) if version > 1 else b"")

    def v6(pa: int, right: str) -> int:
        return pa | 0x2 | (0 if "w" in right else 0x80) | (0 if "x" in right else 1)

    def v4(pa: int, right: str) -> int:
        return pa | 0x2 | (0x10 if "w" in right else 0)

    mini = Mini("arm", "arm", version, header, 0xC0000000, LOW, version > 1, order, 4,
                packed=True)
    if mmuformat == 1:
        return fill(mini, count, ("rw-", "r--"), v4, 4)
    fill(mini, count, ("rwx", "r-x", "rw-", "r--"), v6, 4)
    return _large_page(mini) if fill is spread else mini


def _large_page(mini: Mini) -> Mini:
    """The first 16 entries become those of one page of 64 KiB."""
    large = struct.pack(f"{mini.order}I", 0x20010000 | 0x1) * 16
    mini.tables = large + mini.tables[64:]
    for i in range(16):
        mini.mapped[0xC0000000 + i * PAGE] = (0x20010000 + i * PAGE, "rw-")
    return mini


# mips: sys/mips/include/minidump.h, pte.h

def mips(is64: bool, version: int, order: str, fill: Fill = spread) -> Mini:
    def header(mini: Mini) -> bytes:
        fixed = _magic(mini) + struct.pack(f"{order}IIIIQQQ", *_sizes(mini), mini.kernbase, 0, 0)
        return fixed + (struct.pack(f"{order}I4x", PAGE) if version > 1 else b"")

    def entry(pa: int, right: str) -> int:
        readonly = 1 << (55 if is64 else 29)
        return pa >> 12 << 6 | 0x1E | (0 if "w" in right else readonly)

    name = ("mips64" if is64 else "mips") + ("el" if order == "<" else "")
    mini = Mini("mips", name, version, header,
                0xC000000000000000 if is64 else 0xC0000000, HIGH if is64 else LOW, version > 1,
                order, 8 if is64 and version > 1 else 4,
                fixed=[0x9800000000000000, 0xFFFFFFFF80000000, 0xFFFFFFFFA0000000] if is64
                else [0x80000000, 0xA0000000])
    # PA 0x20000000 is beyond KSEG0: only entries reach it
    return fill(mini, 1024, ("rwx", "r-x"), entry, 8 if is64 else 4)


def _add(name: str, about: str, make: Callable[[], Mini]) -> None:
    add(name, about, lambda path: make().write(path))


for _v in (1, 2):
    _add(f"fbsd-i386-v{_v}", f"i386 v{_v}: 32-bit entries", partial(i386, False, _v))
    _add(f"fbsd-i386-pae-v{_v}", f"i386 v{_v} with PAE", partial(i386, True, _v))
    _add(f"fbsd-riscv-v{_v}", f"riscv64 v{_v}", partial(riscv, _v))
    _add(f"fbsd-arm-v{_v}", f"arm v{_v}: small pages and a large one", partial(arm, _v))
    _add(f"fbsd-mips-v{_v}", f"mips v{_v}, 32 bit, big-endian", partial(mips, False, _v, ">"))
    _add(f"fbsd-mips64-v{_v}", f"mips v{_v}, 64 bit, big-endian", partial(mips, True, _v, ">"))
    _add(f"fbsd-powerpc64-hpt-v{_v}", f"powerpc64 v{_v}: hash table",
         partial(hashed, _v, ">"))
for _v in (1, 2, 3):
    _add(f"fbsd-arm64-v{_v}", f"arm64 v{_v}, 4 KiB pages", partial(arm64, _v))
_add("fbsd-arm64-16k", "arm64 v3, 16 KiB pages", lambda: arm64(3, 4 * PAGE))
_add("fbsd-riscv-svpbmt", "riscv64 v2: memory attributes above the address",
     lambda: riscv(2, 3))
_add("fbsd-arm-v4format", "arm v2 with tables of before ARMv6", lambda: arm(2, 1))
_add("fbsd-arm-odd", "arm v2: tables that end inside a page, pages right behind",
     lambda: arm(2, count=768))
_add("fbsd-armeb", "arm v2, big-endian", lambda: arm(2, 2, ">"))
_add("fbsd-mipsel", "mips v2, 32 bit, little-endian", lambda: mips(False, 2, "<"))
_add("fbsd-mips64el", "mips v2, 64 bit, little-endian", lambda: mips(True, 2, "<"))
_add("fbsd-powerpc64le-hpt", "powerpc64le v2: hash table", lambda: hashed(2, "<"))
_add("fbsd-powerpc64-radix", "powerpc64 v2: radix tree", lambda: radix(">"))
_add("fbsd-powerpc64le-radix", "powerpc64le v2: radix tree", lambda: radix("<"))
