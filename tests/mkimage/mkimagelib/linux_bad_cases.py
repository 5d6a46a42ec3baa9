# SPDX-License-Identifier: BSD-2-Clause
"""ELF vmcores and kdump-compressed files that are damaged or hostile."""
from __future__ import annotations

import struct
from pathlib import Path
from typing import Callable

from . import elf
from .case import add, expect_path
from .codecs import zlib_page
from .expect import Expect
from .kdump import RAW, ZLIB, BendDesc, Descriptor, Kdump
from .linux_elf_cases import proc_vmcore
from .linux_kdump_cases import make
from .linux_machine import tiny_machine
from .memory import PAGE
from .vmcore import Vmcore

HUGE32 = 0xFFFFFFFF
HUGE64 = 0xFFFFFFFFFFFFFFFF
MAX63 = (1 << 63) - 1


def _expect(path: Path, container: str) -> None:
    expect = Expect()
    expect.fact("format", container)
    expect.fact("bad", path.name)
    expect.write(expect_path(path))


# -- kdump: fields of the headers --

def _add_kdump(name: str, about: str, bend: Callable[[Kdump], None]) -> None:
    def write(path: Path) -> None:
        dump = make(tiny_machine())
        bend(dump)
        dump.write(path)
        _expect(path, "kdump")
    add(f"bad-kdump-{name}", about, write)


def _header(**values: int) -> Callable[[Kdump], None]:
    return lambda dump: dump.header.update(values)


def _sub(**values: int) -> Callable[[Kdump], None]:
    return lambda dump: dump.sub.update(values)


def _notes(notes: bytes) -> Callable[[Kdump], None]:
    def bend(dump: Kdump) -> None:
        dump.notes = notes + dump.notes
    return bend


def _info_cut(dump: Kdump) -> None:
    """The text is found through the sub header only, and its last line has no newline."""
    dump.sub.update(size_vmcoreinfo=len(dump.vmcoreinfo) - 1, size_note=0, offset_note=0)


# -- kdump: descriptors and data --

def _add_desc(name: str, about: str, change: BendDesc) -> None:
    def bend(dump: Kdump) -> None:
        dump.bend_desc = change
    _add_kdump(name, about, bend)


def _every(field: int, value: int, step: int = 2) -> BendDesc:
    def change(number: int, values: Descriptor) -> None:
        if number % step == 0:
            values[field] = value
    return change


def _claim_compressed(number: int, values: Descriptor) -> None:
    """A raw page said to be a zlib stream."""
    if values[2] == RAW:
        values[2] = ZLIB


def _claim_raw(number: int, values: Descriptor) -> None:
    """A zlib stream said to be a raw page: its size is not the block size."""
    values[2] = RAW


def _two_flags(number: int, values: Descriptor) -> None:
    values[2] |= 0x6


def _one_short(number: int, values: Descriptor) -> None:
    values[1] -= 1


def _corrupt(page: bytes) -> bytes:
    """A zlib stream with its middle overwritten."""
    packed = zlib_page(page)
    if len(packed) >= PAGE:
        return packed
    middle = len(packed) // 2
    return packed[:middle] + b"\xA5\x5A\xA5\x5A"[:len(packed) - middle] + packed[middle + 4:]


def _bomb(page: bytes) -> bytes:
    """A stream that decompresses to more than a block."""
    return zlib_page(bytes(64 * PAGE))


def _short_stream(page: bytes) -> bytes:
    """A stream that decompresses to less than a block."""
    return zlib_page(page[:100])


def _codec(codec: Callable[[bytes], bytes]) -> Callable[[Kdump], None]:
    def bend(dump: Kdump) -> None:
        dump.methods = [(ZLIB, codec)]
    return bend


def _register_kdump() -> None:
    for value in (0, 1, 4095, 4097, 12288, 1 << 30, 0x7FFFFFFF, -4096, -1):
        _add_kdump(f"blocksize-{value & HUGE32:x}", f"block_size {value}",
                   _header(block_size=value))
    for value in (0, 2, 0x10000, 0x7FFFFFFF, -1):
        _add_kdump(f"subsize-{value & HUGE32:x}", f"sub_hdr_size {value}",
                   _header(sub_hdr_size=value))
    for value in (0, 1, 3, 0x80000000, HUGE32):
        _add_kdump(f"bitmapblocks-{value:x}", f"bitmap_blocks {value}",
                   _header(bitmap_blocks=value))
    for value in (0, 1, HUGE32):
        _add_kdump(f"mapnr-{value:x}", f"max_mapnr {value}", _header(max_mapnr=value))
    for value in (0, HUGE64, 1 << 62):
        _add_kdump(f"mapnr64-{value:x}", f"max_mapnr_64 {value:#x}", _sub(max_mapnr_64=value))
    for value in (-1, 7, 0x7FFFFFFF):
        _add_kdump(f"version-{value & HUGE32:x}", f"header_version {value}",
                   _header(header_version=value))
    _add_kdump("note-size", "size_note 2^64 - 1", _sub(size_note=HUGE64))
    _add_kdump("note-offset", "offset_note 2^63 - 1", _sub(offset_note=MAX63))
    _add_kdump("note-negative", "offset_note -1", _sub(offset_note=-1))
    _add_kdump("info-size", "size_vmcoreinfo 2^64 - 1, no notes",
               _sub(size_vmcoreinfo=HUGE64, size_note=0, offset_note=0))
    _add_kdump("info-offset", "offset_vmcoreinfo 2^63 - 1, no notes",
               _sub(offset_vmcoreinfo=MAX63, size_note=0, offset_note=0))
    _add_kdump("info-cut", "VMCOREINFO text without its last newline, no notes",
               _info_cut)
    _add_kdump("erase", "eraseinfo at 2^63 - 1 of 2^64 - 1 bytes",
               _sub(offset_eraseinfo=MAX63, size_eraseinfo=HUGE64))
    _add_kdump("split-reversed", "split member that ends before it begins",
               _sub(split=1, start_pfn=9, end_pfn=3, start_pfn_64=9, end_pfn_64=3))
    _add_kdump("split-huge", "split member from page 2^63",
               _sub(split=1, start_pfn_64=1 << 63, end_pfn_64=HUGE64))
    for name, notes in _bad_notes().items():
        _add_kdump(f"notes-{name}", f"notes begin with one of {name} size", _notes(notes))


def _bad_notes() -> dict[str, bytes]:
    return {"empty": bytes(12), "name": struct.pack("<III", HUGE32, 8, 0) + bytes(16),
            "desc": struct.pack("<III", 8, HUGE32, 0) + b"VMCOREIN" + bytes(16),
            "both": struct.pack("<III", HUGE32, HUGE32, HUGE32)}


def _register_descs() -> None:
    _add_desc("desc-offset", "every second page at 2^62", _every(0, 1 << 62))
    _add_desc("desc-negative", "every second page at -4096", _every(0, -4096))
    _add_desc("desc-zero", "every second page at 0, status not incomplete", _every(0, 0))
    _add_desc("desc-size", "every second page of 2^32 - 1 bytes", _every(1, HUGE32))
    _add_desc("desc-size-zero", "every second page of 0 bytes", _every(1, 0))
    _add_desc("desc-size-block", "every page of one byte more than a block",
              _every(1, PAGE + 1, 1))
    _add_desc("desc-flags", "every second page compressed by an unknown method",
              _every(2, 0x80000000))
    _add_desc("desc-two-flags", "several methods at once", _two_flags)
    _add_desc("desc-claim-zlib", "raw pages said to be zlib streams", _claim_compressed)
    _add_desc("desc-claim-raw", "zlib streams said to be raw pages", _claim_raw)
    _add_desc("desc-one-short", "every size one less than the data", _one_short)
    _add_kdump("zlib-corrupt", "zlib streams overwritten in the middle", _codec(_corrupt))
    _add_kdump("zlib-bomb", "zlib streams of 64 blocks", _codec(_bomb))
    _add_kdump("zlib-short", "zlib streams of less than a block", _codec(_short_stream))
    _add_kdump("bits-extra", "bits of bitmap 2 set beyond the descriptors", _extra_bits)


def _extra_bits(dump: Kdump) -> None:
    """Bitmap 2 counts pages for which no descriptor was written."""
    dump.missing_descs = len(dump.dumped) // 2


# -- ELF --

def _add_elf(name: str, about: str, bend: Callable[[Vmcore], bytes | None]) -> None:
    def write(path: Path) -> None:
        core = proc_vmcore(tiny_machine())
        patch = bend(core)
        core.write(path)
        if patch is not None:
            with open(path, "r+b") as out:
                out.write(patch)
        _expect(path, "elf")
    add(f"bad-elf-{name}", about, write)


def _ehdr(**values: int) -> Callable[[Vmcore], bytes]:
    """The file header says something else than the file holds."""
    def bend(core: Vmcore) -> bytes:
        header = core.header()
        for key, value in values.items():
            setattr(header, key, value)
        return header.pack()
    return bend


def _ident(index: int, value: int) -> Callable[[Vmcore], bytes]:
    def bend(core: Vmcore) -> bytes:
        packed = bytearray(core.header().pack())
        packed[index] = value
        return bytes(packed)
    return bend


def _elf_notes(notes: bytes) -> Callable[[Vmcore], None]:
    def bend(core: Vmcore) -> None:
        core.notes = notes + core.notes
    return bend


def _no_notes(core: Vmcore) -> None:
    core.notes = b""


def _claims(offset: int, filesz: int, memsz: int, paddr: int) -> Callable[[Vmcore], bytes]:
    """Patch the last program header as a whole."""
    def bend(core: Vmcore) -> bytes:
        front = core.header().pack()
        phdrs = core.program_headers()
        phdrs[-1] = elf.Phdr(elf.PT_LOAD, 7, offset, 0, paddr, memsz, filesz)
        return front + b"".join(phdr.pack() for phdr in phdrs)
    return bend


def _note_claims(offset: int, filesz: int) -> Callable[[Vmcore], bytes]:
    def bend(core: Vmcore) -> bytes:
        phdrs = core.program_headers()
        phdrs[0] = elf.Phdr(elf.PT_NOTE, 0, offset, 0, 0, filesz)
        return core.header().pack() + b"".join(phdr.pack() for phdr in phdrs)
    return bend


def _register_elf() -> None:
    _add_elf("phnum", "e_phnum 65534 with four program headers", _ehdr(phnum=0xFFFE))
    _add_elf("phnum-zero", "e_phnum 0", _ehdr(phnum=0))
    _add_elf("xnum-noshdr", "e_phnum 65535 without section headers", _ehdr(phnum=0xFFFF))
    _add_elf("xnum-offset", "e_phnum 65535, section header beyond the file",
             _ehdr(phnum=0xFFFF, shoff=MAX63, shnum=1, shentsize=64))
    for value in (0, 1, 55, 57, 0xFFFF):
        _add_elf(f"phentsize-{value}", f"e_phentsize {value}", _ehdr(phentsize=value))
    for value in (1, MAX63, HUGE64):
        _add_elf(f"phoff-{value:x}", f"e_phoff {value:#x}", _ehdr(phoff=value))
    _add_elf("machine", "e_machine 0xffff", _ehdr(machine=0xFFFF))
    _add_elf("type", "e_type ET_EXEC", _ehdr(etype=elf.ET_EXEC))
    _add_elf("class", "EI_CLASS 3", _ident(4, 3))
    _add_elf("class32", "EI_CLASS says 32 bits", _ident(4, 1))
    _add_elf("data", "EI_DATA 3", _ident(5, 3))
    _add_elf("bigendian", "EI_DATA says big-endian", _ident(5, 2))
    _add_elf("load-offset", "a segment's data beyond the file",
             _claims(MAX63, PAGE, PAGE, 0x2000000))
    _add_elf("load-wrap", "a segment whose file offset wraps around",
             _claims(HUGE64 - 100, PAGE, PAGE, 0x2000000))
    _add_elf("load-filesz", "p_filesz larger than p_memsz",
             _claims(0x1000, 0x8000, PAGE, 0x2000000))
    _add_elf("load-huge", "a segment of the whole physical address space",
             _claims(0x1000, HUGE64, HUGE64, 0))
    _add_elf("load-memsz", "p_memsz 2^64 - 1 at 0x2000000",
             _claims(0x1000, PAGE, HUGE64, 0x2000000))
    _add_elf("note-offset", "notes beyond the file", _note_claims(MAX63, 4096))
    _add_elf("note-size", "notes of 2^63 - 1 bytes", _note_claims(0x158, MAX63))
    _add_elf("note-none", "an empty PT_NOTE", _no_notes)
    for name, notes in _bad_notes().items():
        _add_elf(f"notes-{name}", f"notes begin with one of {name} size", _elf_notes(notes))


_register_kdump()
_register_descs()
_register_elf()
