# SPDX-License-Identifier: BSD-2-Clause
"""Linux dumps of the size that servers have, to measure with: mostly holes on disk.

Their pages are zeros; what costs time when such a file is opened is there whole: the
bitmaps of the one, the records of the other.
"""
from __future__ import annotations

from pathlib import Path

from .case import add
from .flatten import HEADER_SIZE, SIGNATURE, record
from .kdump import Chunks, DESC_SIZE, Kdump, write_chunks
from .linux_elf_cases import proc_vmcore
from .linux_kdump_cases import make
from .linux_machine import tiny_machine
from .memory import PAGE
from .sparse import SparseFile

GIB = 1 << 30
RAM = 128 * GIB // PAGE         # pages of the host
DUMPED = 23 * GIB // PAGE       # stored, uncompressed
RUN = 64                        # of pages stored together, at places all over the host
FLAT = 10 * GIB
FLAT_RECORD = 256 << 10         # a writer's buffer


class LargeKdump(Kdump):
    """A small machine's pages, which have descriptors, and behind them runs of pages
    at equal distances, whose descriptors are a hole in the file."""

    def data_at(self) -> int:
        return self.desc_at() + DESC_SIZE * DUMPED

    def _bitmap(self, at: int, pfns: list[int]) -> Chunks:
        if pfns is self.ram:
            return [(at, b"\xFF" * (RAM // 8))]
        bits = bytearray(RAM // 8)
        for pfn in pfns:
            bits[pfn // 8] |= 1 << pfn % 8
        first = max(pfns) // 8 + 1
        runs = (DUMPED - len(pfns)) // RUN
        period = (len(bits) - first) // runs
        one = (b"\xFF" * (RUN // 8)).ljust(period, b"\0")
        bits[first:first + runs * period] = one * runs
        return [(at, bytes(bits))]


def _write_kdump(path: Path) -> None:
    small = make(tiny_machine())
    large = LargeKdump(small.memory, small.ram, small.dumped, RAM, small.notes,
                       small.vmcoreinfo, utsname=small.utsname, phys_base=small.phys_base)
    write_chunks(path, large.chunks())
    with open(path, "r+b") as out:
        out.truncate(large.data_at() + DUMPED * PAGE)


def _write_flat(path: Path) -> None:
    """An ELF vmcore of a small machine, and behind its end 10 GiB more."""
    core = path.with_name(path.name + ".plain")
    proc_vmcore(tiny_machine()).write(core)
    front = core.read_bytes()
    core.unlink()
    head = SIGNATURE.ljust(16, b"\0") + (1).to_bytes(8, "big") * 2
    with SparseFile(path) as out:
        out.write(head.ljust(HEADER_SIZE, b"\0"))
        out.write(record(0, front))
        for at in range(len(front), FLAT, FLAT_RECORD):
            out.write(record(at, b"", FLAT_RECORD))
            out.skip(FLAT_RECORD)
        out.write(b"\xFF" * 16)


add("linux-kdump-large", "23 GiB stored of 128 GiB; for bench, not of --all", _write_kdump,
    large=True)
add("linux-flat-large", "10 GiB in records of 256 KiB; for bench, not of --all", _write_flat,
    large=True)
