# SPDX-License-Identifier: BSD-2-Clause
"""Writer of FreeBSD/amd64 full dumps: all of physical memory behind ELF headers.

Layout: sys/kern/kern_dump.c (13.x and 15), dumpsys_generic(): one PT_LOAD for
each range of dump_avail with p_vaddr = p_paddr, then the auxiliary headers;
memory begins at the next page boundary and follows without gaps.  The auxiliary
header of amd64 is new in 15: p_vaddr KERNBASE, p_paddr kernphys, p_align
KERNLOAD.
"""
from __future__ import annotations

from pathlib import Path

from . import elf
from .fbsd_kernel import Ranges
from .fbsd_namelist import KERNBASE, NBPDR
from .memory import PAGE, Memory
from .sparse import SparseFile
from .vmcore import copy

ELFOSABI_STANDALONE = 255
PT_DUMP_DELTA = 0x6FB5D000


PN_XNUM = 0xFFFF


def write_full(path: Path, memory: Memory, ranges: Ranges, kernphys: int | None) -> None:
    """kernphys None: a kernel that writes no PT_DUMP_DELTA."""
    count = len(ranges) + (kernphys is not None)
    length = elf.EHDR_SIZE + count * elf.PHDR_SIZE
    many = count >= PN_XNUM     # then section header 0 has the number
    offset = -(-(length + many * elf.SHDR_SIZE) // PAGE) * PAGE
    head = elf.Ehdr(elf.ET_CORE, elf.EM_X86_64, min(count, PN_XNUM), osabi=ELFOSABI_STANDALONE)
    if many:
        head.shnum, head.shoff = 1, length
    headers = bytearray(head.pack())     # bytes would be copied for each
    for start, end in ranges:
        load = elf.Phdr(elf.PT_LOAD, elf.PF_R, offset, start, start, end - start, align=PAGE)
        headers += load.pack()
        offset += end - start
    if kernphys is not None:
        headers += elf.Phdr(PT_DUMP_DELTA, elf.PF_R, 0, KERNBASE, kernphys, align=NBPDR).pack()
    if many:
        headers += elf.pack_shdr(elf.Section("", 0, info=count), 0, 0)
    with SparseFile(path) as out:
        out.write(headers)
        out.pad_to(PAGE)
        for start, end in ranges:
            copy(memory, out, start, end - start)
