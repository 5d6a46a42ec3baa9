# SPDX-License-Identifier: BSD-2-Clause
"""Writer of full memory of 64-bit kernels that have their first tables in their image.

Tables (freebsd-src): sys/arm64/arm64/locore.S, sys/riscv/riscv/locore.S.  Entries:
sys/arm64/include/pte.h, sys/riscv/include/pte.h.  FreeBSD writes no such dumps of
these machines; hypervisors do, as ELF cores and as raw memory.
"""
from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from .case import expect_path
from .expect import Expect
from .fbsd_full32 import ET_EXEC, OSABI_FREEBSD, SHT_NOBITS, SHT_STRTAB, SHT_SYMTAB, Full32, Target
from .memory import PAGE

Entry = Callable[[int, int, str], int]


@dataclass
class Target64(Target):
    ehdr_size = 64
    phdr_size = 56

    def ehdr(self, etype: int, osabi: int, phnum: int, shoff: int = 0, shnum: int = 0) -> bytes:
        ident = b"\x7fELF" + bytes([2, 1 if self.order == "<" else 2, 1, osabi]) + bytes(8)
        return ident + struct.pack(f"{self.order}HHIQQQIHHHHHH", etype, self.machine, 1, 0, 64,
                                   shoff, 0, 64, 56, phnum, 64, shnum, max(shnum - 1, 0))

    def phdr(self, ptype: int, offset: int, vaddr: int, paddr: int, size: int,
             align: int = PAGE) -> bytes:
        return struct.pack(f"{self.order}IIQQQQQQ", ptype, 4, offset, vaddr, paddr, size, size,
                           align)


@dataclass
class Format:
    """Shifts from the root down; link(pa) leads to a table, leaf(pa, shift, rights) to memory."""

    target: Target64
    shifts: list[int]
    table_size: int
    link: Callable[[int], int]
    leaf: Entry
    symbol: str
    kernbase: int
    dmap: int


@dataclass
class Full64(Full32):
    """The kernel is at kernel_pa; its tables follow each other from there on."""

    form: Format | None = None
    kernel_pa: int = 0
    root: int = 0
    free: int = 0
    tables: dict[int, int] = field(default_factory=dict)    # by the entry that leads there
    bottom: int = field(default=1 << 63)
    top: int = field(default=1 << 64)

    def _table(self) -> int:
        assert self.form is not None
        at, self.free = self.free, self.free + self.form.table_size
        for pfn in range(at // PAGE, self.free // PAGE):
            self.memory.clear(pfn)
        return at

    def start(self, offset: int) -> None:
        """Put the root at an offset in the kernel."""
        assert self.form is not None
        self.free = self.kernel_pa + offset
        self.symbols[self.form.symbol] = self.form.kernbase + offset
        self.root = self._table()

    def map(self, va: int, pa: int, shift: int, rights: str) -> None:
        assert self.form is not None
        table = self.root
        entries = self.form.table_size // 8
        for at in self.form.shifts:
            slot = table + (va % (1 << 48) >> at) % entries * 8
            if at == shift:
                self.write_u64(slot, self.form.leaf(pa, shift, rights))
                break
            if slot not in self.tables:
                self.tables[slot] = self._table()
                self.write_u64(slot, self.form.link(self.tables[slot]))
            table = self.tables[slot]
        self.mapped.append((va, pa, 1 << shift, rights))

    def kernel(self, path: Path) -> None:
        assert self.form is not None
        kernel_file64(path, self.target, self.form.kernbase, 0x200000, self.symbols)
        told = Expect()
        for name, value in self.symbols.items():
            told.line(f"sym {name} {value:x}")
        told.write(expect_path(path))


def kernel_file64(path: Path, target: Target, base: int, size: int,
                  symbols: dict[str, int]) -> None:
    """A kernel file of one section without content, and its symbols."""
    order, strings, entries = target.order, b"\0", bytes(24)
    for name, value in symbols.items():
        entries += struct.pack(f"{order}IBBHQQ", len(strings), 0x11, 0, 1, value, 8)
        strings += name.encode() + b"\0"
    names = b"\0.data\0.symtab\0.strtab\0.shstrtab\0"
    at = 64 + 56
    at_strings, at_names = at + len(entries), at + len(entries) + len(strings)
    shoff = -(-(at_names + len(names)) // 8) * 8
    rows = [(0,) * 10,
            (1, SHT_NOBITS, 3, base, at, size, 0, 0, 8, 0),
            (7, SHT_SYMTAB, 0, 0, at, len(entries), 3, 1, 8, 24),
            (15, SHT_STRTAB, 0, 0, at_strings, len(strings), 0, 0, 1, 0),
            (23, SHT_STRTAB, 0, 0, at_names, len(names), 0, 0, 1, 0)]
    body = target.ehdr(ET_EXEC, OSABI_FREEBSD, 1, shoff, len(rows))
    body += struct.pack(f"{order}IIQQQQQQ", 1, 6, at, base, base, 0, size, PAGE)
    body += entries + strings + names
    body += bytes(shoff - len(body))
    for row in rows:
        body += struct.pack(f"{order}IIQQQQIIQQ", *row)
    path.write_bytes(body)
