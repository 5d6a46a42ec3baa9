# SPDX-License-Identifier: BSD-2-Clause
"""All memory of powerpc kernels: 32 and 64 bit, hash table or radix tree."""
from __future__ import annotations

from pathlib import Path

from .case import add, expect_path
from .expect import Expect
from .fbsd_full32 import Full32, kernel_file
from .fbsd_full64 import kernel_file64
from .fbsd_full_power import (BOOKE_LINKED, EMPTY_SEGMENT, LINKED, BookeTables, MemoryRadix,
                              ShortHash, battable, hash_table, machine32, machine64)
from .fbsd_power import DMAP, GROUPS, KERNBASE, Hash
from .memory import PAGE

RANGES = [(0x0, 0x80000), (0x100000, 0x180000), (0x400000, 0x4C0000)]
MOVED = [(0x0, 0x80000), (0x400000, 0x4C0000), (0x1303000, 0x1383000)]
TABLE, TREE, KERNEL, LENGTH = 0x400000, 0x440000, 0x100000, 0x80000
START = DMAP + 0x1303100        # where a loader put the kernel
OLD_KERNBASE = 0xE000000000000000
RIGHTS = ("rwx", "r-x")
RIGHTS64 = ("rwx", "r-x", "rw-", "r--")


def _set(full: Full32, values: dict[str, int], width: int, kernel: int = KERNEL) -> None:
    """Variables follow each other in the kernel, at the addresses it was linked for."""
    for i, (name, value) in enumerate(values.items()):
        full.symbols[name] = KERNEL + 0x2000 + i * width
        (full.write_u64 if width == 8 else full.write_u32)(kernel + 0x2000 + i * width, value)


def _pages(base: int, span: int) -> list[tuple[int, int]]:
    """(address, physical address): neighbours at first, then all over two segments."""
    out: dict[int, int] = {}
    for i in range(700):
        va = base + (i * PAGE if i < 400 else i * 0x61 * PAGE % span)
        if i % 4 != 3:
            out.setdefault(va, (i * 13 % 128 if i % 2 else 1024 + i * 7 % 64) * PAGE)
    return sorted(out.items())


def _clear(full: Full32, at: int, size: int) -> None:
    for pa in range(at, at + size, PAGE):
        full.memory.clear(pa // PAGE)


def _aim32(bridge: bool) -> Full32:
    """bridge: a kernel of 32 bits on a CPU of 64, whose table maps the kernel too."""
    full = machine32(RANGES)
    table: ShortHash | Hash = Hash() if bridge else ShortHash()
    pages = [(va, pa, i % 5 == 0) for i, (va, pa) in enumerate(_pages(0xD0000000, 0x20000000))]
    if bridge:
        pages += [(va, va, False) for va in range(KERNEL, KERNEL + LENGTH, PAGE)]
    for i, (va, pa, other) in enumerate(pages):
        right = RIGHTS[i % 2]
        if isinstance(table, Hash):
            table.insert(va, pa, right, False, other, EMPTY_SEGMENT + (va >> 28))
        else:
            table.insert(va, pa, right, full=other)
        full.mapped.append((va, pa, PAGE, right))
    _clear(full, TABLE, 0x40000)
    full.memory.write(TABLE, table.pack())
    _set(full, {"moea_pteg_table": 0 if bridge else TABLE,
                "moea_pteg_count": 0 if bridge else ShortHash.GROUPS,
                "moea64_pteg_table": TABLE if bridge else 0,
                "moea64_pteg_count": GROUPS if bridge else 0}, 4)
    full.symbols["battable"] = 0x103000
    full.memory.write(0x103000, bytes(128) if bridge else battable(full))
    full.symbols["btext"] = KERNEL
    return full


def _variables64(full: Full32, start: int | None, values: dict[str, int]) -> None:
    own = {} if start is None else {"__startkernel": start}
    _set(full, own | {"hw_direct_map": 1 << 32 if full.target.order == ">" else 1,
                      "moea64_pteg_table": 0, "moea64_pteg_count": GROUPS} | values, 8,
         KERNEL if start is None else start - DMAP - 0x100)
    full.symbols["kernbase"] = LINKED


def _map64(full: Full32, base: int, span: int) -> list[tuple[int, int, str]]:
    pages = [(va, pa, RIGHTS64[i % 4]) for i, (va, pa) in enumerate(_pages(base, span))]
    full.mapped += [(va, pa, PAGE, right) for va, pa, right in pages]
    return pages


def _hash64(order: str, start: int | None) -> Full32:
    full = machine64(RANGES if start is None else MOVED, order, start)
    table = hash_table(full)
    base = OLD_KERNBASE if start is None else KERNBASE
    for i, (va, pa, right) in enumerate(_map64(full, base, 0x20000000)):
        table.insert(va, pa, right, False, i % 5 == 0)
    _clear(full, TABLE, 0x40000)
    full.memory.write(TABLE, table.pack())
    _variables64(full, start, {"moea64_pteg_table": TABLE | (DMAP if start is not None else 0)})
    return full


def _radix(order: str) -> Full32:
    full = machine64(MOVED, order, START)
    tree = MemoryRadix(full, TREE, TREE + 0x20000)
    tree.direct()
    tree.process_table(TREE + 0x10000)
    for va, pa, right in _map64(full, KERNBASE, 0x1000000):
        tree.map(va, pa, right)
    _variables64(full, START, {"isa3_proctab": DMAP + TREE + 0x10000})
    return full


def _partition(order: str) -> Full32:
    """The hypervisor has the table."""
    full = machine64(MOVED, order, START)
    full.rest = "notindump"
    _variables64(full, START, {})
    return full


def _booke() -> Full32:
    """The kernel runs from 0xc0000000 on, linked elsewhere; its tables are behind it."""
    full = machine32([(0x0, 0x80000), (0x8000000, 0x8280000)])
    full.unordered = False
    tables = BookeTables(full, 0x8000000, 0x80000)
    for off in range(0, LENGTH, PAGE):
        tables.map(0xC0000000 + off, 0x8000000 + off, "rwx")
    for i, (va, pa) in enumerate(_pages(0xD0000000, 0x20000000)):
        tables.map(va, pa % 0x80000, RIGHTS64[i % 4])
    full.symbols = {"kernbase": BOOKE_LINKED, "__startkernel": 0x4002000,
                    "kernload": 0x4002008, "kernel_ptbl_root": 0x4002010}
    full.write_u32(0x8002000, 0xC0000100)
    full.write_u64(0x8002008, 0x8000000)
    full.write_u32(0x8002010, 0xC0080000)
    return full


def _kernel(path: Path, full: Full32) -> None:
    make = kernel_file if full.target.phdr_size == 32 else kernel_file64
    base = 0x4000000 if "kernload" in full.symbols else KERNEL
    make(path, full.target, base, LENGTH, full.symbols)
    told = Expect()
    for name, value in full.symbols.items():
        told.line(f"sym {name} {value:x}")
    told.write(expect_path(path))


def _register() -> None:
    for name, about, full in (
            ("powerpc", "memory of 32-bit powerpc: BAT ranges and a hash table", _aim32(False)),
            ("powerpc-bridge", "the same on a 64-bit CPU: its hash table only", _aim32(True)),
            ("powerpc-booke", "memory of 32-bit Book-E: tables behind the kernel", _booke()),
            ("powerpc64", "memory of powerpc64: direct map and hash table",
             _hash64(">", START)),
            ("powerpc64le", "the same, little-endian", _hash64("<", START)),
            ("powerpc64-11", "memory of powerpc64 before 12: kernel and memory at va = pa",
             _hash64(">", None)),
            ("powerpc64-radix", "memory of powerpc64: radix tree", _radix(">")),
            ("powerpc64le-radix", "the same, little-endian", _radix("<")),
            ("powerpc64-lpar", "memory of powerpc64 in a partition: the direct map only",
             _partition(">"))):
        add(f"fbsd-full-{name}", about, full.dump)
        add(f"fbsd-full-{name}.elf", "its kernel file",
            lambda path, full=full: _kernel(path, full))  # type: ignore[misc]
    raw = _hash64("<", START)
    add("fbsd-full-powerpc64le-raw", "memory of powerpc64le as raw memory with a map", raw.raw)
    add("fbsd-full-powerpc64le-raw.elf", "its kernel file", lambda path: _kernel(path, raw))


_register()
