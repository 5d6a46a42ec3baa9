# SPDX-License-Identifier: BSD-2-Clause
"""Dumps of a populated FreeBSD/amd64 kernel: minidumps and full dumps."""
from __future__ import annotations

from pathlib import Path

from . import x86
from .case import add, expect_path
from .fbsd_cases import DMAP
from .fbsd_expect import tell
from .fbsd_full import write_full
from .fbsd_kernel import Amd64Kernel, Ranges
from .fbsd_minidump import make_minidump
from .fbsd_namelist import KERNBASE, NBPDR
from .fbsd_state_boot import boot, extents
from .fbsd_state_build import Kernel, Machine, build
from .fbsd_state_expect import lines
from .fbsd_state_user import UserSpace
from .lime import write_raw
from .memory import PAGE, PageAllocator
from .walk_expect import Walker
from .x86_tables import PageTables

# Small, so that a walk takes no time; fbsd-v3-kernel has all of 2 TiB.
KVA = KERNBASE - (1 << 31)
KERNEL_PA, HEAP_PA = 0x2A00000, 0x400000
TABLES_PA, TABLES_END = 0x3000000, 0x3030000
USER_PA, USER_END_PA = 0x3100000, 0x3110000
RANGES: Ranges = [(0x1000, 0x9F000), (HEAP_PA, HEAP_PA + 0x80000),
                  (KERNEL_PA, KERNEL_PA + 0x20000), (TABLES_PA, TABLES_END),
                  (USER_PA, USER_END_PA)]

MACHINE = Machine("amd64", "x86_64", 256, KERNBASE, KERNBASE + NBPDR, DMAP[0] + HEAP_PA,
                  relative_counters=True, wrapped=True, user_end=0x7FFFFFFFF000,
                  user_root=USER_END_PA - PAGE, user_root_va=DMAP[0] + USER_END_PA - PAGE)


def _phys(va: int) -> int:
    return va - DMAP[0] if va < KVA else va - KERNBASE - NBPDR + KERNEL_PA


def _rights(kernel: Kernel, va: int) -> str:
    return "r-x" if va < kernel.addr("version") // PAGE * PAGE else "rw-"


def _load(kernel: Kernel, machine: Amd64Kernel, root: int) -> None:
    boot(kernel, _phys, machine.memory.write, {"kernphys": KERNEL_PA, "KPML4phys": root})
    size = kernel.size("msgbuf_space")
    machine.msgbuf = machine.memory.read(_phys(kernel.addr("msgbuf_space")), size)


def _mini(path: Path, version: int) -> None:
    kernel = build(MACHINE)
    # Version 1 has an entry for each page of this.
    start, end = (KERNBASE, KERNBASE + (64 << 20)) if version == 1 else (KVA, KERNBASE + (1 << 30))
    machine = Amd64Kernel(start, end, DMAP, RANGES,
                          list(range(TABLES_PA // PAGE, TABLES_END // PAGE)))
    _load(kernel, machine, TABLES_PA)
    (start, length), (heap, heap_length) = extents(kernel)
    for va in range(start, start + length, PAGE):
        machine.map_4k(va, _phys(va), _rights(kernel, va))
    for i in range(16):
        machine.map_4k(machine.va_min + i * PAGE, 0x1000 + i * 5 * PAGE, "rw-")
    machine.registered |= {_phys(va) // PAGE for va in range(heap, heap + heap_length, PAGE)}
    dump = make_minidump(machine, version)
    dump.write(path)
    expect = tell(dump)
    expect.fact("kernel", "fbsd-state-amd64.elf")
    for line in lines(kernel, False):
        expect.line(line)
    expect.write(expect_path(path))


def _user_pages(kernel: Kernel, machine: Amd64Kernel, free: PageAllocator) -> None:
    """The process whose arguments are nowhere else gets page tables and a stack."""
    user = UserSpace(kernel)
    tables = PageTables(machine.memory, 4, MACHINE.user_root, free)
    for va, content in user.pages():
        pa = user.place(va, USER_PA)
        machine.memory.write(pa, content)
        tables.map(va, pa, "rw-")


def _full(path: Path, delta: bool, raw: bool = False) -> None:
    kernel = build(MACHINE)
    machine = Amd64Kernel(KVA, KERNBASE + (1 << 30), DMAP, RANGES, [])
    free = PageAllocator(list(range(TABLES_PA // PAGE + 1, TABLES_END // PAGE)))
    tables = PageTables(machine.memory, 4, TABLES_PA, free)
    _load(kernel, machine, TABLES_PA)
    (start, length), _ = extents(kernel)
    for va in range(start, start + length, PAGE):
        tables.map(va, _phys(va), _rights(kernel, va), x86.SIZE_4K, x86.GLOBAL)
    for pa in range(0, 0x3200000, x86.SIZE_2M):
        tables.map(DMAP[0] + pa, pa, "rw-", x86.SIZE_2M)
    _user_pages(kernel, machine, free)
    facts = {"format": "elf", "os": "freebsd", "arch": "amd64",
             "kernel": "fbsd-state-amd64.elf"}
    if raw:
        facts |= {"format": "raw", "raw": write_raw(path, machine.memory, RANGES)}
    else:
        write_full(path, machine.memory, RANGES, KERNEL_PA if delta else None)
    walker = Walker(tables, RANGES)
    walker.virtual()
    walker.physical()
    for key, value in facts.items():
        walker.expect.fact(key, value)
    for line in lines(kernel, True):
        walker.expect.line(line)
    walker.expect.write(expect_path(path))


add("fbsd-state-amd64.elf", "a populated kernel: the kernel file, with DWARF",
    lambda path: path.write_bytes(build(MACHINE).file) and None)
add("fbsd-state-amd64-v1", "v1 of it", lambda path: _mini(path, 1))
add("fbsd-state-amd64-v2", "v2 of it", lambda path: _mini(path, 2))
add("fbsd-state-amd64-v3", "v3 of it", lambda path: _mini(path, 3))
add("fbsd-state-amd64-full", "full dump of it, with the memory of a process",
    lambda path: _full(path, False))
add("fbsd-state-amd64-delta", "the same with PT_DUMP_DELTA", lambda path: _full(path, True))
add("fbsd-state-amd64-raw", "all memory of it as raw memory with a map",
    lambda path: _full(path, False, True))
