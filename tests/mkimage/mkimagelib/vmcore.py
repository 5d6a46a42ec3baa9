# SPDX-License-Identifier: BSD-2-Clause
"""Writer of ELF vmcores.

A vmcore is program headers over memory.  Who lays them out how:
  /proc/vmcore   linux fs/proc/vmcore.c and kernel/crash_core.c: notes in the
                 page after the headers, every segment widened to whole pages
  makedumpfile   -E: data back to back without padding; an excluded run is the
                 tail of a segment (p_filesz < p_memsz), p_offset 0 if it is all
  QEMU           dump/dump.c, 7.2 and later: section headers before the program
                 headers, e_ehsize 8, p_vaddr a copy of p_paddr
"""
from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from . import elf
from .memory import PAGE, Memory
from .sparse import SparseFile

NO_PADDR = 0xFFFFFFFFFFFFFFFF


@dataclass
class Load:
    """A PT_LOAD; filesz None means all of memsz is stored.

    at: the index of an earlier Load whose data this one shares (QEMU, paging);
    offset: a p_offset to claim instead of the true one.
    """

    paddr: int
    memsz: int
    vaddr: int = 0
    filesz: int | None = None
    source: int | None = None       # physical address of the data if not paddr
    at: int | None = None
    offset: int | None = None
    flags: int = elf.PF_R | elf.PF_W | elf.PF_X

    def stored(self) -> int:
        return self.memsz if self.filesz is None else self.filesz


@dataclass
class Vmcore:
    """The whole file; the fields in the second half bend what a plain writer does."""

    memory: Memory
    notes: bytes
    loads: list[Load]
    machine: int = elf.EM_X86_64
    phoff: int = elf.EHDR_SIZE
    ehsize: int = elf.EHDR_SIZE
    eflags: int = 0
    align: int = PAGE           # of each segment's data in the file
    gap: int = 0                # extra bytes before the first one
    whole_pages: bool = False   # store the whole pages that a segment touches
    shdrs: list[elf.Section] = field(default_factory=list)  # before the phdrs (QEMU)
    drop_phdrs: int = 0         # the last ones are PT_NULL: written after a failure
    order: str = "<"
    bits: int = 64              # 32: plain ones only

    def __post_init__(self) -> None:
        if self.bits == 32:
            self.phoff = self.ehsize = elf.EHDR32_SIZE

    def _phdr_size(self) -> int:
        return elf.PHDR_SIZE if self.bits == 64 else elf.PHDR32_SIZE

    def _headers_end(self) -> int:
        end = self.phoff + (1 + len(self.loads)) * self._phdr_size()
        return end + elf.SHDR_SIZE if self._xnum() else end

    def _xnum(self) -> bool:
        return 1 + len(self.loads) >= elf.PN_XNUM

    def _offsets(self) -> list[int]:
        """p_offset of each segment, and in the last element the end of the file."""
        at = self._headers_end() + len(self.notes) + self.gap
        offsets: list[int] = []
        for load in self.loads:
            if load.at is not None:
                offsets.append(offsets[load.at])
                continue
            if load.stored() == 0:
                offsets.append(0)
                continue
            at += -at % self.align
            into = load.paddr % PAGE if self.whole_pages else 0
            offsets.append(at + into)
            at += into + load.stored()
        return [*offsets, at]

    def program_headers(self) -> list[elf.Phdr]:
        offsets = self._offsets()
        out = [elf.Phdr(elf.PT_NOTE, 0, self._headers_end(), 0, 0, len(self.notes), align=4)]
        for load, offset in zip(self.loads, offsets):
            claimed = offset if load.offset is None else load.offset
            out.append(elf.Phdr(elf.PT_LOAD, load.flags, claimed, load.vaddr, load.paddr,
                                load.memsz, load.stored()))
        for i in range(self.drop_phdrs):
            out[-1 - i] = elf.Phdr(elf.PT_NULL)
        return out

    def header(self) -> elf.Ehdr:
        count = 1 + len(self.loads)
        head = elf.Ehdr(elf.ET_CORE, self.machine, min(count, elf.PN_XNUM), self.phoff,
                        flags=self.eflags, ehsize=self.ehsize, order=self.order,
                        phentsize=self._phdr_size(), bits=self.bits)
        if self._xnum():
            head.shnum = 1
            head.shoff = self._headers_end() - elf.SHDR_SIZE
        elif self.shdrs:
            head.shnum = len(self.shdrs)
            head.shoff = elf.EHDR_SIZE
            head.shstrndx = 1
        else:
            head.shentsize = 0
        return head

    def _front(self) -> bytes:
        front = self.header().pack()
        for section in self.shdrs:
            front += elf.pack_shdr(section, 0, 0, self.order)
        front = front.ljust(self.phoff, b"\0")
        front += b"".join(phdr.pack(self.order, self.bits) for phdr in self.program_headers())
        if self._xnum():
            count = elf.Section("", 0, info=1 + len(self.loads))
            front += elf.pack_shdr(count, 0, 0, self.order)
        return front + self.notes

    def _data(self, load: Load) -> tuple[int, int]:
        """Physical bytes to copy for a segment: start and length."""
        start = load.paddr if load.source is None else load.source
        return start, load.stored()

    def write(self, path: Path) -> None:
        offsets = self._offsets()
        with SparseFile(path) as out:
            out.write(self._front())
            for load, offset in zip(self.loads, offsets):
                if load.at is not None or load.stored() == 0:
                    continue
                start, length = self._data(load)
                if self.whole_pages:
                    into = start % PAGE
                    start, offset, length = start - into, offset - into, length + into
                    length += -length % PAGE
                out.skip(offset - out.tell())
                copy(self.memory, out, start, length)


def copy(memory: Memory, out: SparseFile, start: int, length: int) -> None:
    while length:
        step = min(length, PAGE - start % PAGE)
        out.write(memory.read(start, step))
        start += step
        length -= step
