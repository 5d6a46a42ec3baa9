# SPDX-License-Identifier: BSD-2-Clause
"""Flattened forms of ELF vmcores and kdump-compressed files, good and bad."""
from __future__ import annotations

import struct
from pathlib import Path
from typing import Callable

from .case import add, expect_path
from .expect import Expect
from .flatten import Flat, file_pieces, interleave, pieces, record, shuffled
from .kdump import BLOCK, Chunks, Kdump
from .linux_elf_cases import proc_vmcore, stored_runs
from .linux_expect import tell
from .linux_kdump_cases import describe, make
from .linux_machine import LinuxMachine, full_machine, tiny_machine
from .walk_expect import Runs

END = struct.pack(">qq", -1, -1)


def _kdump_streams(dump: Kdump) -> tuple[Chunks, Chunks, Chunks]:
    """Headers and bitmaps, descriptors, page data, cut as QEMU cuts them (4 blocks)."""
    front: Chunks = []
    descs: Chunks = []
    data: Chunks = []
    for at, part in dump.chunks():
        if at < dump.desc_at():
            front += pieces(at, part, 4 * BLOCK)
        elif at < dump.data_at():
            descs += pieces(at, part, 4 * BLOCK)
        else:
            data += pieces(at, part, 4 * BLOCK)
    return front, descs, data


def kdump_records(dump: Kdump) -> Chunks:
    front, descs, data = _kdump_streams(dump)
    return front + interleave(descs, data)


def _write_kdump(path: Path, records: Callable[[Kdump], Chunks],
                 machine: LinuxMachine) -> None:
    dump = make(machine)
    Flat(records(dump)).write(path)
    expect = describe(machine, dump)
    expect.fact("flattened", 1)
    expect.write(expect_path(path))


def _elf_records(path: Path, machine: LinuxMachine, size: int) -> tuple[Chunks, Runs, Runs]:
    core = proc_vmcore(machine)
    plain = path.with_name(path.name + ".plain")
    core.write(plain)
    cut = file_pieces(plain, size)
    plain.unlink()
    return cut, *stored_runs(core)


def _write_elf(path: Path) -> None:
    machine = full_machine()
    records, stored, known = _elf_records(path, machine, 65000)
    Flat(shuffled(records)).write(path)
    expect = tell(machine, "elf", stored, known)
    expect.fact("flattened", 1)
    expect.write(expect_path(path))


def _overlaid(records: Chunks) -> Chunks:
    """Wrong bytes first, over beginnings, ends, middles and wholes of later records."""
    wrong: Chunks = []
    for number, (at, part) in enumerate(records):
        size = len(part)
        shapes = [(0, size), (size // 3, size // 3), (0, size // 2), (size // 2, size - size // 2)]
        start, length = shapes[number % 4]
        if length:
            wrong.append((at + start, b"\xEE" * length))
    # one wrong record over the borders of several good ones
    at, part = records[len(records) // 2]
    following = records[len(records) // 2 + 1]
    if at + len(part) == following[0]:
        wrong.append((at + len(part) - 100, b"\xDD" * 200))
    return wrong + records


def _rewritten_header(dump: Kdump) -> Chunks:
    """The header is written first with another status, and once more at the end."""
    front, descs, data = _kdump_streams(dump)
    at, head = front[0]
    early = head[:424] + struct.pack("<I", 8) + head[428:]
    return [(at, early), *front[1:], *interleave(descs, data), (at, head)]


def _truncated(path: Path, cut: int) -> None:
    """The stream stops in the middle of a record: what came before it counts.

    Page data are written last here, in order, so the file is like one whose
    end is missing.
    """
    machine = full_machine()
    dump = make(machine)
    front, descs, data = _kdump_streams(dump)
    flat = Flat(front + descs + data, tail=b"").pack()
    path.write_bytes(flat[:len(flat) - cut])
    end = dump.data_at() + len(dump.pages()[1]) - cut
    dump.lost = {pfn for pfn, last in _page_ends(dump) if last > end}
    expect = describe(machine, dump)
    expect.fact("flattened", 1)
    expect.fact("truncated", 1)
    expect.write(expect_path(path))


def _page_ends(dump: Kdump) -> list[tuple[int, int]]:
    """(page, file offset behind its data)"""
    descs, _ = dump.pages()
    out = []
    for pfn, desc in zip(dump.members(), descs):
        offset, size, _, _ = struct.unpack("<qIIQ", desc)
        out.append((pfn, offset + size))
    return out


def _add_bad(name: str, about: str, bend: Callable[[Flat], bytes]) -> None:
    def write(path: Path) -> None:
        flat = Flat(kdump_records(make(tiny_machine())))
        path.write_bytes(bend(flat))
        expect = Expect()
        expect.fact("format", "kdump")
        expect.fact("flattened", 1)
        expect.fact("bad", path.name)
        expect.write(expect_path(path))
    add(f"bad-flat-{name}", about, write)


def _with_tail(tail: bytes) -> Callable[[Flat], bytes]:
    def bend(flat: Flat) -> bytes:
        flat.tail = tail
        return flat.pack()
    return bend


def _with_first(first: bytes) -> Callable[[Flat], bytes]:
    """A bad record before all good ones."""
    def bend(flat: Flat) -> bytes:
        good = flat.pack()
        return good[:4096] + first + good[4096:]
    return bend


def _fields(**values: int) -> Callable[[Flat], bytes]:
    def bend(flat: Flat) -> bytes:
        for key, value in values.items():
            setattr(flat, key, value)
        return flat.pack()
    return bend


def _header_only(flat: Flat) -> bytes:
    return flat.pack()[:4096]


def _tiny_records(flat: Flat) -> bytes:
    """One byte each: a reader must not be quadratic in the number of records."""
    flat.records = [piece for at, part in flat.records for piece in pieces(at, part, 1)]
    return flat.pack()


add("linux-flat-kdump", "makedumpfile -F / QEMU: descriptors and data interleaved",
    lambda path: _write_kdump(path, kdump_records, full_machine()))
add("linux-flat-tiny", "the same of a machine with 32 pages",
    lambda path: _write_kdump(path, kdump_records, tiny_machine()))
add("linux-flat-kdump-shuffled", "the same with records in no order",
    lambda path: _write_kdump(path, lambda dump: shuffled(kdump_records(dump)), full_machine()))
add("linux-flat-kdump-overlap", "wrong records that later ones override in part",
    lambda path: _write_kdump(path, lambda dump: _overlaid(kdump_records(dump)),
                              full_machine()))
add("linux-flat-kdump-rewritten", "the header written twice, the later one right",
    lambda path: _write_kdump(path, _rewritten_header, full_machine()))
add("linux-flat-elf", "an ELF vmcore in records of 65000 bytes, shuffled", _write_elf)
add("linux-flat-truncated", "no end record, 300000 bytes of page data missing",
    lambda path: _truncated(path, 300000))
add("linux-flat-noend", "no end record, nothing else missing",
    lambda path: _truncated(path, 0))

_add_bad("size-zero", "a record of size 0", _with_first(record(0, b"")))
_add_bad("size-negative", "a record of size -5", _with_first(record(0, b"", -5)))
_add_bad("size-min", "a record of size -2^63", _with_first(record(0, b"", -(1 << 63))))
_add_bad("size-huge", "a record of 2^62 bytes", _with_first(record(0, b"", 1 << 62)))
_add_bad("offset-huge", "a record at 2^62", _with_first(record(1 << 62, b"x" * 16)))
_add_bad("offset-max", "a record whose end is beyond 2^63",
         _with_first(record((1 << 63) - 8, b"x" * 16)))
_add_bad("offset-negative", "a record at -2", _with_first(record(-2, b"x" * 16)))
_add_bad("end-half", "an end record with a size of 0", _with_tail(struct.pack(">qq", -1, 0)))
_add_bad("end-cut", "half an end record", _with_tail(END[:8]))
_add_bad("after-end", "more records after the end record",
         _with_tail(END + record(0, b"\xFF" * 4096) + END))
_add_bad("type", "header of type 2", _fields(ftype=2))
_add_bad("version", "header of version 7", _fields(version=7))
_add_bad("header-only", "the header and nothing else", _header_only)
_add_bad("bytes", "one record for each byte", _tiny_records)
_add_bad("nested", "a flattened file inside the flattened file",
         lambda flat: Flat(pieces(0, flat.pack(), 16384)).pack())
