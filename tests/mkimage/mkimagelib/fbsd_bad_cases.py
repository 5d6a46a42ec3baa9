# SPDX-License-Identifier: BSD-2-Clause
"""FreeBSD/amd64 minidumps that a reader must refuse, or read no further than they are sound."""
from __future__ import annotations

import struct
from pathlib import Path
from typing import Callable

from . import x86
from .case import add, expect_path
from .expect import Expect
from .fbsd_cases import DMAP, DMAP_V1, KVA, KVA_V1, tiny_kernel
from .fbsd_expect import facts
from .fbsd_minidump import Minidump, make_minidump
from .memory import PAGE

Bend = Callable[[Minidump], None]

HUGE = 0xFFFFFFFF


def _write(path: Path, version: int, bend: Bend) -> None:
    if version == 1:
        dump = make_minidump(tiny_kernel(KVA_V1, DMAP_V1), 1)
    else:
        dump = make_minidump(tiny_kernel(KVA, DMAP), version)
    bend(dump)
    dump.write(path)
    expect = Expect()
    facts(dump, expect)
    expect.fact("bad", path.name)
    expect.write(expect_path(path))


def _add(name: str, about: str, bend: Bend, version: int = 3) -> None:
    add(f"bad-fbsd-{name}", about, lambda path: _write(path, version, bend))


def _header(**values: int | bytes) -> Bend:
    """A header whose fields say something else than the file holds."""
    def bend(dump: Minidump) -> None:
        for key, value in values.items():
            setattr(dump.header, key, value)
    return bend


def _avail(*words: int, fill: int = 0) -> Bend:
    """Another dump_avail page; fill is repeated to its end."""
    def bend(dump: Minidump) -> None:
        rest = PAGE // 8 - len(words)
        dump.dump_avail = struct.pack(f"<{PAGE // 8}Q", *words, *[fill] * rest)
    return bend


def _no_bitmap(dump: Minidump) -> None:
    dump.bitmap = b""
    dump.header.bitmapsize = 0


def _full_bitmap(dump: Minidump) -> None:
    dump.bitmap = b"\xff" * PAGE


def _odd_bitmap(dump: Minidump) -> None:
    dump.bitmap = dump.bitmap[:4]
    dump.header.bitmapsize = 4


def _no_tables(dump: Minidump) -> None:
    dump.tables = []
    dump.header.pmapsize = 0


def _short_tables(dump: Minidump) -> None:
    dump.header.pmapsize -= 100


def _pde(index: int, value: int) -> Bend:
    def bend(dump: Minidump) -> None:
        page = bytearray(dump.tables[0])
        struct.pack_into("<Q", page, index * 8, value)
        dump.tables[0] = bytes(page)
    return bend


def _self_table(dump: Minidump) -> None:
    """A page table whose first entry maps the table itself."""
    pde = int.from_bytes(dump.tables[0][:8], "little")
    dump.kernel.memory.write_u64(pde & x86.FRAME_4K, pde)


def _unsorted(dump: Minidump) -> None:
    _avail(0x100000, 0x140000, 0x1000, 0x9F000)(dump)


def _register_headers() -> None:
    _add("version0", "version 0", _header(version=0))
    _add("version4", "version 4", _header(version=4))
    _add("versionmax", "version 0xffffffff", _header(version=HUGE))
    _add("arch", "magic of an architecture that does not exist",
         _header(magic=b"minidump FreeBSD/vax"))
    _add("magic-unterminated", "24 bytes of magic without a NUL",
         _header(magic=b"minidump FreeBSD/amd64xx"))
    _add("magic-short", "magic that stops after its first word", _header(magic=b"minidump"))
    for field in ("msgbufsize", "bitmapsize", "pmapsize", "dumpavailsize"):
        _add(f"{field}-max", f"{field} 0xffffffff", _header(**{field: HUGE}))
        _add(f"{field}-page", f"{field} 0xfffff000", _header(**{field: 0xFFFFF000}))
    _add("sizes-max", "all four sizes 0xffffffff",
         _header(msgbufsize=HUGE, bitmapsize=HUGE, pmapsize=HUGE, dumpavailsize=HUGE))
    _add("kernbase-top", "kernel map that begins in the last page of the address space",
         _header(kernbase=0xFFFFFFFFFFFFF000))
    _add("kernbase-zero", "kernel map at 0", _header(kernbase=0))
    _add("dmap-reversed", "direct map that ends before it begins",
         _header(dmapbase=DMAP[1], dmapend=DMAP[0]))
    _add("dmap-all", "direct map of the whole address space",
         _header(dmapbase=0, dmapend=0xFFFFFFFFFFFFFFFF))
    _add("kernbase-odd", "kernel map and direct map that begin inside pages",
         _header(kernbase=KVA + 0x123, dmapbase=DMAP[0] + 0x321))


def _register_sections() -> None:
    _add("bitmap-none", "bitmap of size 0", _no_bitmap)
    _add("bitmap-full", "every bit set, but few pages behind them", _full_bitmap)
    _add("bitmap-odd", "bitmap of 4 bytes", _odd_bitmap)
    _add("pmap-none", "no page tables", _no_tables)
    _add("pmap-odd", "pmapsize that is no multiple of 4096", _short_tables)
    _add("v1-pmap-odd", "the same in v1", _short_tables, 1)
    _add("v1-pmap-max", "v1 with a section of 0xffffffff bytes", _header(pmapsize=HUGE), 1)
    _add("avail-empty", "dump_avail with no range", _avail(0, 0))
    _add("avail-none", "v3 with dumpavailsize 0", _header(dumpavailsize=0))
    _add("avail-odd", "dumpavailsize that is no multiple of 16", _header(dumpavailsize=40))
    _add("avail-unterminated", "dump_avail that fills its page without a terminator",
         _avail(0x1000, 0x9F000, 0x100000, 0x140000, fill=0xFFFFFFFFFFFFF000))
    _add("avail-overlap", "ranges that overlap",
         _avail(0x1000, 0x9F000, 0x80000, 0x140000, 0, 0))
    _add("avail-unsorted", "ranges in descending order", _unsorted)
    _add("avail-reversed", "a range that ends before it begins",
         _avail(0x9F000, 0x1000, 0x100000, 0x140000, 0, 0))
    _add("avail-huge", "a range of the whole physical address space",
         _avail(0, 0xFFFFFFFFFFFFFFFF, 0, 0))
    _add("avail-wrap", "ranges whose page counts add up to more than 64 bits hold",
         _avail(*[0x1000, 0xFFFFFFFFFFFFF000] * 100, 0, 0))


def _register_tables() -> None:
    leaf = x86.flags("rw-")
    _add("pde-outside", "directory entry to a page table outside physical memory",
         _pde(0, 0x000FFFFFFFFFF000 | leaf))
    _add("pde-large-outside", "2 MiB leaf outside physical memory",
         _pde(1, 0x000FFFFFFFE00000 | leaf | x86.PS))
    _add("pde-hole", "directory entry to a page table in a hole of memory",
         _pde(0, 0xA0000 | leaf))
    _add("pde-ones", "directory entry of all ones", _pde(0, 0xFFFFFFFFFFFFFFFF))
    _add("pt-self", "page table that maps itself", _self_table)


_register_headers()
_register_sections()
_register_tables()
