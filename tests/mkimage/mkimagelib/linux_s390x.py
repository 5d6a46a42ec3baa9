# SPDX-License-Identifier: BSD-2-Clause
"""Linux on s390x: big-endian; up to 6.9 with kernel addresses that are physical.

Page tables: z/Architecture Principles of Operation, chapter 3; the bits that software
uses and what an empty entry is: linux arch/s390/include/asm/pgtable.h. Lowcore:
arch/s390/include/asm/lowcore.h. Files of the stand-alone dump tools: s390_dump.py.
"""
from __future__ import annotations

import struct
from pathlib import Path
from typing import Callable

from . import s390_dump
from .case import add, expect_path
from .expect import Expect
from .linux_other import MIB, Other, add_elf
from .memory import PAGE

EM_S390 = 22
RAM = [(0, MIB + 0x40000), (16 * MIB, 18 * MIB), (1 << 32, (1 << 32) + 0x40000)]
LOWCORE_VMCOREINFO, LOWCORE_OS_INFO = 0xE0C, 0xE18
OS_INFO_OFF = 0x7000


class Dat:
    """levels of tables, types in their entries; the lowest two have none."""

    order = ">"
    width = 8

    def __init__(self, levels: int) -> None:
        self.levels = ((12, 8), (20, 11), (31, 11), (42, 11), (53, 11))[:levels]

    def empty(self, level: int) -> int:
        return 0x400 if level == 0 else 0x20 | level - 1 << 2

    def link(self, pa: int, level: int) -> int:
        return pa | level - 1 << 2 | (3 if level > 1 else 0)

    def leaf(self, pa: int, prot: str, level: int) -> int:
        rights = (0 if "w" in prot else 0x200) | (0 if "x" in prot else 0x100)
        if level == 0:
            return pa | rights | 0x01 | 0x04 | 0x10 | 0x08
        return pa | rights | 0x400 | level - 1 << 2 | 0x5003


def _fill(machine: Other, vmalloc: int) -> None:
    """Every size of page in the direct map, pages elsewhere."""
    tables, base = machine.tables, machine.dmap
    for pa in range(0, MIB, PAGE):
        tables.map(base + pa, pa, "rwx" if pa == 0 else "rw-")
    tables.map(base + MIB, MIB, "rw-", 1)
    for pa in range(16 * MIB, 18 * MIB, MIB):
        tables.map(base + pa, pa, "rw-", 1)
    tables.map(base + (1 << 32), 1 << 32, "rw-", 2)
    if machine.image_va != base + machine.image_pa:
        for off in range(0, 2 * MIB, MIB):
            tables.map(machine.image_va + off, machine.image_pa + off,
                       "r-x" if off == 0 else "rw-", 1)
    end = machine.scatter(vmalloc, machine.pages(0x40000, 0x80000))
    tables.map(end, 0x500000, "rw-")                    # no RAM
    tables.absent(end + PAGE, 0x1234567 << 12 | 0x604)  # swapped
    tables.absent(vmalloc + (4 << 30), level=2)
    machine.write(LOWCORE_VMCOREINFO, "Q", machine.note_pa)


def moved(levels: int = 3, note_off: int = 0) -> Other:
    """6.10 and later: KASLR puts image and direct map anywhere.

    A note at an offset in its page is found only by who is told where it is.
    """
    top = 1 << (42 if levels == 3 else 53)
    va, pa, base = top - (6 << 30), 16 * MIB, 1 << 40
    machine = Other("s390x", EM_S390, 336, ">", PAGE, "6.12.107-mkimage-s390x", va, pa, RAM,
                    base, Dat(levels), kernoffset=va - MIB)
    machine.note_pa += note_off
    machine.info = [f"KERNELOFFSET={va - MIB:x}", f"IDENTITYBASE={base:x}",
                    f"KERNELOFFPHYS={pa - MIB:x}"]
    _fill(machine, top - (512 << 30))
    return machine


def told_by_os_info() -> Other:
    """struct os_info (arch/s390/include/asm/os_info.h), for a kernel that runs after."""
    machine = moved(note_off=0x40)
    at = machine.image_pa + OS_INFO_OFF
    machine.write(LOWCORE_VMCOREINFO, "Q", machine.image_pa | 1)    # where it was loaded
    machine.write(LOWCORE_OS_INFO, "Q", at)
    machine.write(at, "QIHHQQQQI", 0x4F53494E464F535A, 0, 1, 1, 0, 0, machine.note_pa,
                  4096, 0)
    return machine


def identity() -> Other:
    """Up to 6.9: the image and all memory are where their addresses say."""
    pa = 16 * MIB
    machine = Other("s390x", EM_S390, 336, ">", PAGE, "6.1.176-mkimage-s390x", pa, pa, RAM,
                    0, Dat(3), kernoffset=0xF00000)
    machine.info = ["KERNELOFFSET=f00000"]
    _fill(machine, 0x38000000000)
    return machine


class _Ram:
    """Zeros where there is no memory."""

    def __init__(self, machine: Other) -> None:
        self._memory, self._ram = machine.memory, machine.ram
        self.end = machine.ram[-1][1]

    def read(self, at: int, length: int) -> bytes:
        return b"".join(self._memory.page(pa // PAGE)
                        if any(lo <= pa < hi for lo, hi in self._ram) else bytes(PAGE)
                        for pa in range(at, at + length, PAGE))


def _standalone(path: Path, write: Callable[[_Ram], None], files: int = 1) -> None:
    """What write writes holds memory as it lies, with zeros where there is none."""
    machine = identity()
    machine.ram = RAM[:2]
    machine.plant_note()
    write(_Ram(machine))
    # The container does not tell memory from what is none.
    for pfn in range(RAM[0][1] // PAGE, RAM[1][0] // PAGE):
        machine.memory.clear(pfn)
    machine.ram = [(0, RAM[1][1])]
    expect = machine.expect("s390")
    if files > 1:
        expect.fact("more", " ".join(p.name for p in _volumes(path, files)[1:]))
    expect.write(expect_path(path))


def _volumes(path: Path, files: int) -> list[Path]:
    """The second volume is the one that the image is named after, and comes first."""
    others = [path.with_name(f"{path.name}.{i}") for i in range(files) if i != 1]
    return [path, *others]


def _in_order(path: Path, files: int) -> list[Path]:
    first, *others = _volumes(path, files)
    return [others[0], first, *others[1:]]


def _add_single(name: str, about: str, write: Callable[[Path, _Ram], None]) -> None:
    add(f"linux-s390-{name}", f"s390x of 6.1, {about}",
        lambda path: _standalone(path, lambda ram: write(path, ram)))


def _add_volumes(name: str, about: str, sizes: list[int],
                 write: Callable[[list[Path], list[int], _Ram], None]) -> None:
    n = len(sizes)
    add(f"linux-s390-{name}", f"s390x of 6.1, {about}",
        lambda path: _standalone(path, lambda ram: write(_in_order(path, n), sizes, ram), n))


add_elf("s390x", "s390x of 6.12: image and direct map moved, three levels", moved)
add_elf("s390x-4level", "the same with four levels", lambda: moved(4))
add_elf("s390x-identity", "s390x of 6.1: addresses are physical", identity)
add_elf("s390x-nonote", "s390x whose note only the lowcore tells of",
        lambda: moved(note_off=0x40), noted=False)
add_elf("s390x-osinfo", "s390x whose note only the os_info tells of", told_by_os_info,
        noted=False)
_add_single("standalone", "from the stand-alone dump tools", s390_dump.single)
_add_single("extended", "without what is zero", s390_dump.extended)
_add_single("zlib", "without what is zero, in zlib",
            lambda path, ram: s390_dump.extended(path, ram, True))
_add_single("tape", "on a tape, with the header of an extended dump", s390_dump.tape)
_add_volumes("volumes", "on three disks", [7 * MIB, 6 * MIB + 0x5000, 9 * MIB],
             s390_dump.volumes)
_add_volumes("extended-volumes", "on three disks, without what is zero",
             [MIB + 0x3000, 2 * MIB + 0x8000, 3 * MIB], s390_dump.extended_volumes)


def _bad(name: str, about: str, make: Callable[[], bytes]) -> None:
    """A page of header, eight pages of memory and the marker, all but good."""
    def write(path: Path) -> None:
        path.write_bytes(make() + bytes(8 * PAGE) + b"DUMP_END" + bytes(8))
        expect = Expect()
        expect.fact("bad", path.name)
        expect.write(expect_path(path))
    add(f"bad-s390-{name}", about, write)


def _with(at: int, form: str, value: int) -> Callable[[], bytes]:
    def make() -> bytes:
        head = bytearray(s390_dump.header(8 * PAGE))
        struct.pack_into(f">{form}", head, at, value)
        return bytes(head)
    return make


_bad("header-zero", "header of 0 bytes", _with(12, "I", 0))
_bad("header-max", "header of 2^32 - 1 bytes", _with(12, "I", 0xFFFFFFFF))
_bad("memory-zero", "no memory", _with(24, "Q", 0))
_bad("memory-max", "memory up to 2^64 - 1", _with(24, "Q", (1 << 64) - 1))
_bad("31-bit", "memory of 31 bits", _with(72, "I", 1))
_bad("volumes", "one of several volumes", _with(92, "B", 1))
