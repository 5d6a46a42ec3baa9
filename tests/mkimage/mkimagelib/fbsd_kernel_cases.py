# SPDX-License-Identifier: BSD-2-Clause
"""Minidumps with a kernel in them, and the kernel files (namelists) that go with them."""
from __future__ import annotations

from pathlib import Path
from typing import Callable

from . import elf
from .case import add, expect_path
from .expect import Expect
from .fbsd_cases import DMAP, KVA, MESSAGES, MIB, ring, wrapped_ring
from .fbsd_expect import tell
from .fbsd_kernel import Amd64Kernel
from .fbsd_minidump import make_minidump
from .fbsd_namelist import (BUILD_ID, KERNBASE, MSGBUF_SIZE, OTHER_BUILD_ID, RELEASE_12, KernelFile,
                            LoadedKernel, map_kernel, with_symtab)
from .memory import PAGE

RELOCATED_PA = 0x2A00000    # 13.1 and later: the loader chooses
FIXED_PA = 0x200000         # before that

RANGES = [(0x1000, 0x9F000), (0x100000, 0x3FEE000), (0x100000000, 0x100100000)]
HEAP_PA = 0x120000
MSGBUF_PA = 0x150000
RING_SIZE = 3 * PAGE - MSGBUF_SIZE


def _kernel_machine(kernel_pa: int, kernel_file: KernelFile, low_2m: bool,
                    wrapped: bool) -> LoadedKernel:
    """The kernel map reaches from its start, 2 TiB below the top, to the kernel."""
    kernel = Amd64Kernel(KVA, KERNBASE + (1 << 30), DMAP, RANGES, list(range(0x3F00, 0x3FE0)))
    map_kernel(kernel, kernel_pa, low_2m)
    for i in range(16):
        kernel.map_4k(KVA + i * PAGE, 0x3000000 + i * 5 * PAGE, "rw-")
    kernel.map_2m(KVA + 2 * MIB, 0x100000000, "rw-")
    loaded = LoadedKernel(kernel, kernel_file, kernel_pa, HEAP_PA)
    loaded.add_all()
    if wrapped:
        wseq = RING_SIZE + RING_SIZE // 3
        loaded.add_msgbuf(wrapped_ring(MESSAGES, RING_SIZE), MSGBUF_PA, wseq, wseq - 100)
    else:
        text = MESSAGES
        loaded.add_msgbuf(ring(text, RING_SIZE), MSGBUF_PA, len(text), 0)
    return loaded


def _write_dump(path: Path, loaded: LoadedKernel, version: int) -> None:
    dump = make_minidump(loaded.kernel, version)
    dump.write(path)
    expect = tell(dump)
    expect.fact("buildid", BUILD_ID.hex())
    expect.fact("osrelease", loaded.file.release.name)
    for line in loaded.lines:
        expect.line(line)
    expect.write(expect_path(path))


def _dump_v3(path: Path) -> None:
    _write_dump(path, _kernel_machine(RELOCATED_PA, KernelFile(), False, True), 3)


def _dump_v2(path: Path) -> None:
    _write_dump(path, _kernel_machine(FIXED_PA, KernelFile(RELEASE_12), True, False), 2)


def _write_elf(path: Path, built: elf.ElfFile, symbols: list[elf.Symbol],
               build_id: bytes = BUILD_ID) -> None:
    path.write_bytes(built.build())
    expect = Expect()
    expect.fact("format", "elf")
    expect.fact("machine", built.machine)
    expect.fact("byteorder", "little" if built.order == "<" else "big")
    expect.fact("buildid", build_id.hex())
    for symbol in symbols:
        expect.line(f"sym {symbol.name} {symbol.value:x}")
    expect.write(expect_path(path))


def write_kernel_file(path: Path, file: KernelFile, kernel_pa: int) -> None:
    _write_elf(path, with_symtab(file.build(kernel_pa), file), file.symbols)


def _elf_other_id(path: Path) -> None:
    file = KernelFile()
    built = with_symtab(file.build(RELOCATED_PA, OTHER_BUILD_ID), file)
    _write_elf(path, built, file.symbols, OTHER_BUILD_ID)


def _elf_stripped(path: Path) -> None:
    file = KernelFile()
    symbols = [s for s in file.symbols if s.bind == elf.STB_GLOBAL]
    _write_elf(path, file.build(RELOCATED_PA), symbols)


def _elf_compressed(path: Path) -> None:
    file = KernelFile()
    built = with_symtab(file.build(RELOCATED_PA), file)
    built.compressed = {".symtab", ".strtab"}
    _write_elf(path, built, file.symbols)


def _add_bad(name: str, about: str, bend: Callable[[bytearray, elf.ElfFile], None]) -> None:
    """A kernel file of which some bytes were changed."""
    def write(path: Path) -> None:
        file = KernelFile()
        built = with_symtab(file.build(RELOCATED_PA), file)
        image = bytearray(built.build())
        bend(image, built)
        path.write_bytes(image)
        expect = Expect()
        expect.fact("format", "elf")
        expect.fact("bad", path.name)
        expect.write(expect_path(path))
    add(f"bad-fbsd-elf-{name}", about, write)


def _section_field(name: str, at: int, value: int, size: int = 8) -> Callable[
        [bytearray, elf.ElfFile], None]:
    """Set a field of a section header: at is its place in Elf64_Shdr."""
    def bend(image: bytearray, built: elf.ElfFile) -> None:
        number = 1 + [s.name for s in built.sections].index(name)
        start = int.from_bytes(image[40:48], "little") + number * elf.SHDR_SIZE + at
        image[start:start + size] = value.to_bytes(size, "little")
    return bend


def _symbol_names(image: bytearray, built: elf.ElfFile) -> None:
    """Every symbol's name lies beyond the strings."""
    table = built.section(".symtab")
    for at in range(table.offset, table.offset + len(table.data), elf.SYM_SIZE):
        image[at:at + 4] = b"\xFF\xFF\xFF\x7F"


def _string_end(image: bytearray, built: elf.ElfFile) -> None:
    """The strings do not end with a NUL."""
    strings = built.section(".strtab")
    image[strings.offset + len(strings.data) - 1] = 0x78


def _header_field(at: int, value: int, size: int) -> Callable[
        [bytearray, elf.ElfFile], None]:
    def bend(image: bytearray, built: elf.ElfFile) -> None:
        image[at:at + size] = value.to_bytes(size, "little")
    return bend


def _elf_compressed_bad(path: Path, size: int) -> None:
    """Chdr says another size than the stream gives."""
    file = KernelFile()
    built = with_symtab(file.build(RELOCATED_PA), file)
    built.compressed = {".symtab", ".strtab"}
    image = bytearray(built.build())
    at = built.section(".symtab").offset + 8
    image[at:at + 8] = size.to_bytes(8, "little")
    path.write_bytes(image)
    expect = Expect()
    expect.fact("format", "elf")
    expect.fact("bad", path.name)
    expect.write(expect_path(path))


def _elf_aarch64(path: Path) -> None:
    file = KernelFile()
    built = with_symtab(file.build(RELOCATED_PA, machine=elf.EM_AARCH64), file)
    _write_elf(path, built, file.symbols)


def _elf_big_endian(path: Path) -> None:
    file = KernelFile()
    built = with_symtab(file.build(RELOCATED_PA, order=">"), file)
    _write_elf(path, built, file.symbols)


add("fbsd-v3-kernel", "v3 of 13.1 with a kernel at 0x2a00000, processes, per-CPU data, "
    "a wrapped message buffer", _dump_v3)
add("fbsd-v3-kernel.elf", "its kernel file",
    lambda path: write_kernel_file(path, KernelFile(), RELOCATED_PA))
add("fbsd-v2-kernel", "v2 of 12.2 with the kernel at 2 MiB", _dump_v2)
add("fbsd-v2-kernel.elf", "its kernel file: kernphys is absolute",
    lambda path: write_kernel_file(path, KernelFile(RELEASE_12), FIXED_PA))
add("fbsd-elf-otherid", "kernel file with another build-id", _elf_other_id)
add("fbsd-elf-stripped", "kernel file with .dynsym only", _elf_stripped)
add("fbsd-elf-compressed", "kernel file with .symtab and .strtab compressed (zlib)",
    _elf_compressed)
add("fbsd-elf-aarch64", "kernel file of another machine", _elf_aarch64)
add("fbsd-elf-bigendian", "kernel file in big-endian byte order", _elf_big_endian)

_HUGE = (1 << 64) - 1
_add_bad("shoff", "e_shoff beyond the file", _header_field(40, 1 << 62, 8))
_add_bad("shnum", "e_shnum 65535", _header_field(60, 0xFFFF, 2))
_add_bad("shentsize", "e_shentsize 1", _header_field(58, 1, 2))
_add_bad("shstrndx", "e_shstrndx out of range", _header_field(62, 0x7FFF, 2))
_add_bad("size", ".symtab of 2^64 - 1 bytes", _section_field(".symtab", 32, _HUGE))
_add_bad("offset", ".symtab at 2^63", _section_field(".symtab", 24, 1 << 63))
_add_bad("entsize", ".symtab with entries of 0 bytes", _section_field(".symtab", 56, 0))
_add_bad("link", ".symtab whose strings are section 65535",
         _section_field(".symtab", 40, 0xFFFF, 4))
_add_bad("link-self", ".symtab whose strings are itself", _section_field(".symtab", 40, 10, 4))
_add_bad("strsize", ".strtab of 2^64 - 1 bytes", _section_field(".strtab", 32, _HUGE))
_add_bad("names", "symbol names beyond the strings", _symbol_names)
_add_bad("unterminated", "strings without a NUL at their end", _string_end)
add("bad-fbsd-elf-chdr-huge", "compressed .symtab that says 2^63 bytes",
    lambda path: _elf_compressed_bad(path, 1 << 63))
add("bad-fbsd-elf-chdr-short", "compressed .symtab that says 100 bytes",
    lambda path: _elf_compressed_bad(path, 100))
