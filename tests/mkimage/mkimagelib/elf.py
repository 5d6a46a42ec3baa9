# SPDX-License-Identifier: BSD-2-Clause
"""ELF64 structures and a small writer of files with sections (System V gABI, ELF-64)."""
from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

ET_EXEC, ET_CORE = 2, 4
EM_X86_64, EM_AARCH64 = 62, 183
ELFOSABI_NONE, ELFOSABI_FREEBSD = 0, 9
PT_NULL, PT_LOAD, PT_NOTE = 0, 1, 4
PF_X, PF_W, PF_R = 1, 2, 4
SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_NOTE, SHT_NOBITS, SHT_DYNSYM = 1, 2, 3, 7, 8, 11
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_COMPRESSED = 1, 2, 4, 0x800
SHN_ABS = 0xFFF1
STB_LOCAL, STB_GLOBAL = 0, 1
STT_NOTYPE, STT_OBJECT, STT_FUNC = 0, 1, 2
ELFCOMPRESS_ZLIB = 1
PN_XNUM = 0xFFFF

EHDR_SIZE, PHDR_SIZE, SHDR_SIZE, SYM_SIZE = 64, 56, 64, 24
EHDR32_SIZE, PHDR32_SIZE = 52, 32
_PAGE = 4096


def note(name: bytes, kind: int, desc: bytes, order: str = "<") -> bytes:
    """One note; name and descriptor are padded to 4 bytes."""
    return (struct.pack(f"{order}III", len(name), len(desc), kind) +
            name + bytes(-len(name) % 4) + desc + bytes(-len(desc) % 4))


@dataclass
class Ehdr:
    """The file header; every field can be set, also wrongly."""

    etype: int
    machine: int
    phnum: int = 0
    phoff: int = EHDR_SIZE
    shnum: int = 0
    shoff: int = 0
    shstrndx: int = 0
    osabi: int = ELFOSABI_NONE
    entry: int = 0
    flags: int = 0
    ehsize: int = EHDR_SIZE
    phentsize: int = PHDR_SIZE
    shentsize: int = SHDR_SIZE
    order: str = "<"
    bits: int = 64

    def pack(self) -> bytes:
        data = 1 if self.order == "<" else 2
        ident = struct.pack("4sBBBB8x", b"\x7fELF", self.bits // 32, data, 1, self.osabi)
        word = "Q" if self.bits == 64 else "I"
        return ident + struct.pack(
            f"{self.order}HHI{3 * word}IHHHHHH", self.etype, self.machine, 1, self.entry,
            self.phoff, self.shoff, self.flags, self.ehsize, self.phentsize,
            self.phnum, self.shentsize, self.shnum, self.shstrndx)


@dataclass
class Phdr:
    """A program header; filesz None means the same as memsz."""

    ptype: int
    flags: int = 0
    offset: int = 0
    vaddr: int = 0
    paddr: int = 0
    memsz: int = 0
    filesz: int | None = None
    align: int = 0

    def pack(self, order: str = "<", bits: int = 64) -> bytes:
        filesz = self.memsz if self.filesz is None else self.filesz
        if bits == 32:
            return struct.pack(f"{order}8I", self.ptype, self.offset, self.vaddr, self.paddr,
                               filesz, self.memsz, self.flags, self.align)
        return struct.pack(f"{order}IIQQQQQQ", self.ptype, self.flags, self.offset,
                           self.vaddr, self.paddr, filesz, self.memsz, self.align)


@dataclass
class Section:
    """size is given for SHT_NOBITS only; link names another section."""

    name: str
    stype: int
    data: bytes = b""
    flags: int = 0
    addr: int = 0
    size: int = 0
    link: str = ""
    info: int = 0
    align: int = 1
    entsize: int = 0
    offset: int = 0

    def length(self) -> int:
        return self.size if self.stype == SHT_NOBITS else len(self.data)


def pack_shdr(section: Section, name: int, link: int, order: str = "<") -> bytes:
    return struct.pack(f"{order}IIQQQQIIQQ", name, section.stype, section.flags,
                       section.addr, section.offset, section.length(), link,
                       section.info, section.align, section.entsize)


def compress(data: bytes, align: int, order: str = "<") -> bytes:
    """The content of a section with SHF_COMPRESSED: an Elf64_Chdr, then a zlib stream."""
    return (struct.pack(f"{order}IIQQ", ELFCOMPRESS_ZLIB, 0, len(data), align) +
            zlib.compress(data, 9))


class Strings:
    """A string table."""

    def __init__(self) -> None:
        self._data = bytearray(1)
        self._at: dict[str, int] = {"": 0}

    def add(self, text: str) -> int:
        if text not in self._at:
            self._at[text] = len(self._data)
            self._data += text.encode() + b"\0"
        return self._at[text]

    def pack(self) -> bytes:
        return bytes(self._data)


@dataclass(frozen=True)
class Symbol:
    """section is a section's name, or "" for an absolute value."""

    name: str
    value: int
    size: int = 0
    section: str = ""
    stype: int = STT_OBJECT
    bind: int = STB_GLOBAL


@dataclass
class ElfFile:
    """Sections in file order; load segments are given as lists of section names."""

    machine: int
    etype: int = ET_EXEC
    osabi: int = ELFOSABI_NONE
    order: str = "<"
    entry: int = 0
    sections: list[Section] = field(default_factory=list)
    loads: list[tuple[int, list[str]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    compressed: set[str] = field(default_factory=set)
    _symbols: dict[str, list[Symbol]] = field(default_factory=dict)

    def section(self, name: str) -> Section:
        return next(s for s in self.sections if s.name == name)

    def _index(self, name: str) -> int:
        """Section 0 is the null section."""
        return 1 + [s.name for s in self.sections].index(name) if name else 0

    def add_symbols(self, table: str, strtab: str, stype: int, symbols: list[Symbol],
                    flags: int = 0, addr: int = 0) -> None:
        """A symbol table and its strings; sh_info is the first global symbol."""
        ordered = sorted(symbols, key=lambda s: s.bind)
        self._symbols[table] = ordered
        strings = Strings()
        for sym in ordered:
            strings.add(sym.name)
        size = SYM_SIZE * (1 + len(ordered))
        first_global = 1 + sum(1 for s in ordered if s.bind == STB_LOCAL)
        self.sections.append(Section(table, stype, bytes(size), flags, addr, 0, strtab,
                                     first_global, 8, SYM_SIZE))
        self.sections.append(Section(strtab, SHT_STRTAB, strings.pack(), flags,
                                     addr + size if addr else 0))

    def _pack_symbols(self, symbols: list[Symbol]) -> bytes:
        """Left to build(): section numbers are known only when all sections are."""
        strings = Strings()
        data = bytearray(SYM_SIZE)
        for sym in symbols:
            shndx = self._index(sym.section) if sym.section else SHN_ABS
            data += struct.pack(f"{self.order}IBBHQQ", strings.add(sym.name),
                                sym.bind << 4 | sym.stype, 0, shndx, sym.value, sym.size)
        return bytes(data)

    def _finish_sections(self) -> None:
        for section in self.sections:
            if section.name in self._symbols:
                section.data = self._pack_symbols(self._symbols[section.name])
            if section.name in self.compressed:
                section.data = compress(section.data, section.align, self.order)
                section.flags |= SHF_COMPRESSED
                section.align = 8

    def build(self) -> bytes:
        """The whole file; to be called once."""
        self._finish_sections()
        names = Strings()
        headers = EHDR_SIZE + (len(self.loads) + len(self.notes)) * PHDR_SIZE
        body = bytearray(headers)
        sections = [*self.sections, Section(".shstrtab", SHT_STRTAB)]
        name_at = [names.add(s.name) for s in sections]
        sections[-1].data = names.pack()
        for section in sections:
            self._place(section, body)
        body += bytes(-len(body) % 8)
        shoff = len(body)
        body += bytes(SHDR_SIZE)
        for section, name in zip(sections, name_at):
            body += pack_shdr(section, name, self._index(section.link), self.order)
        header = Ehdr(self.etype, self.machine, len(self.loads) + len(self.notes),
                      EHDR_SIZE, len(sections) + 1, shoff, len(sections), self.osabi,
                      self.entry, order=self.order)
        front = header.pack() + b"".join(p.pack(self.order) for p in self._phdrs())
        body[:len(front)] = front
        return bytes(body)

    def _place(self, section: Section, body: bytearray) -> None:
        """The distance of two sections of a segment is the same in file and memory;
        a segment's offset equals its address modulo the page size."""
        first = self._first_of_segment(section.name)
        if first is not None and first is not section:
            body += bytes(first.offset + section.addr - first.addr - len(body))
        elif section.flags & SHF_ALLOC:
            body += bytes((section.addr - len(body)) % _PAGE)
        else:
            body += bytes(-len(body) % section.align)
        section.offset = len(body)
        if section.stype != SHT_NOBITS:
            body += section.data

    def _first_of_segment(self, name: str) -> Section | None:
        for _, members in self.loads:
            if name in members:
                return self.section(members[0])
        return None

    def _phdrs(self) -> list[Phdr]:
        out = []
        for number, (flags, members) in enumerate(self.loads):
            inside = [self.section(name) for name in members]
            start, offset = inside[0].addr, inside[0].offset
            if number == 0:
                # the first segment maps the file and program headers too
                start, offset = start - offset, 0
            on_file = [s for s in inside if s.stype != SHT_NOBITS]
            filesz = on_file[-1].offset + len(on_file[-1].data) - offset
            memsz = inside[-1].addr + inside[-1].length() - start
            out.append(Phdr(PT_LOAD, flags, offset, start, start, memsz, filesz, _PAGE))
        for name in self.notes:
            s = self.section(name)
            out.append(Phdr(PT_NOTE, PF_R, s.offset, s.addr, s.addr, len(s.data), align=4))
        return out
