# SPDX-License-Identifier: BSD-2-Clause
"""Full dumps of populated 32-bit kernels: i386 with and without PAE, arm, powerpc."""
from __future__ import annotations

from pathlib import Path
from typing import Callable

from .case import add, expect_path
from .fbsd_full32 import (EM_386, EM_ARM, EM_PPC, ET_CORE, NO_PADDR, OSABI_STANDALONE,
                          PT_LOAD, Full32, Target)
from .fbsd_full64 import Target64
from .fbsd_state_boot import boot, extents
from .fbsd_state_build import Kernel, Machine, build
from .fbsd_state_expect import lines
from .fbsd_state_mini import TABLES, USER_TABLES, Layout, kernel_file
from .fbsd_state_user import UserSpace
from .memory import PAGE, Memory
from .sparse import SparseFile

EM_PPC64 = 21
P, RW, US, NX = 1, 2, 4, 1 << 63

MapPage = Callable[[int, int, str], None]


class _Tables:
    """Two-level tables; pages for the second level come from free on."""

    def __init__(self, full: Full32, root: int, free: int) -> None:
        self.full, self.root, self.free = full, root, free
        self._second: dict[int, int] = {}

    def _take(self, pages: int = 1) -> int:
        at = self.free
        self.free += pages * PAGE
        for pa in range(at, self.free, PAGE):
            self.full.memory.clear(pa // PAGE)
        return at


class _I386(_Tables):
    """Without PAE: a directory and tables of 1024 entries."""

    def __init__(self, full: Full32, root: int, free: int) -> None:
        super().__init__(full, root, free)
        full.memory.clear(root // PAGE)

    def map(self, va: int, pa: int, rights: str) -> None:
        if va >> 22 not in self._second:
            self._second[va >> 22] = self._take()
            self.full.write_u32(self.root + (va >> 22) * 4,
                                self._second[va >> 22] | P | RW | US)
        self.full.write_u32(self._second[va >> 22] + (va >> 12 & 1023) * 4,
                            pa | P | US | (RW if "w" in rights else 0))


class _I386Pae(_Tables):
    """Four directories right behind the page of their pointers; 512 entries each."""

    def __init__(self, full: Full32, root: int, free: int) -> None:
        super().__init__(full, root, free)
        for i in range(5):
            full.memory.clear(root // PAGE + i)
        for i in range(4):
            full.write_u64(root + i * 8, root + (1 + i) * PAGE | P)

    def map(self, va: int, pa: int, rights: str) -> None:
        if va >> 21 not in self._second:
            self._second[va >> 21] = self._take()
            self.full.write_u64(self.root + PAGE + (va >> 21) * 8,
                                self._second[va >> 21] | P | RW | US)
        self.full.write_u64(self._second[va >> 21] + (va >> 12 & 511) * 8,
                            pa | P | US | (RW if "w" in rights else 0) |
                            (0 if "x" in rights else NX))


class _Arm(_Tables):
    """16 KiB of sections or coarse tables of 256 entries."""

    def __init__(self, full: Full32, root: int, free: int) -> None:
        super().__init__(full, root, free)
        for i in range(4):
            full.memory.clear(root // PAGE + i)

    def map(self, va: int, pa: int, rights: str) -> None:
        if va >> 20 not in self._second:
            self._second[va >> 20] = self._take()
            self.full.write_u32(self.root + (va >> 20) * 4, self._second[va >> 20] | 0x1)
        self.full.write_u32(self._second[va >> 20] + (va >> 12 & 255) * 4,
                            pa | 0x2 | (0 if "w" in rights else 0x80) |
                            (0 if "x" in rights else 1))


def _dump(path: Path, layout: Layout, target: Target, make: type[_I386 | _I386Pae | _Arm],
          root_name: str, others: dict[str, int], raw: bool = False) -> None:
    kernel = build(layout.machine)
    full = Full32(target, layout.ranges)
    root = layout.kernel_pa + TABLES
    boot(kernel, layout.phys, full.memory.write, others | {root_name: root})
    tables = make(full, root, root + 5 * PAGE)
    nx = make is not _I386

    def mapped(va: int, pa: int, rights: str) -> None:
        rights = rights if nx else rights.replace("w-", "wx")
        tables.map(va, pa, rights)
        full.mapped.append((va, pa, PAGE, rights))

    for va, pa, rights in layout.pages(kernel):
        mapped(va, pa, rights)
    heap = layout.machine.heap
    for i in range(5):          # the kernel has its tables of a process mapped
        va = heap + USER_TABLES + i * PAGE
        mapped(va, layout.phys(va), "rw-")
    _user(kernel, layout, make(full, layout.phys(heap + USER_TABLES),
                               layout.phys(heap + USER_TABLES + 5 * PAGE)))
    if make is _Arm:
        full.delta = (layout.machine.start, layout.kernel_pa)
    (full.raw if raw else full.dump)(path)
    with expect_path(path).open("a", encoding="utf-8") as out:
        out.write("".join(f"{line}\n" for line in lines(kernel, True)))


def _user(kernel: Kernel, layout: Layout, tables: _I386 | _I386Pae | _Arm) -> None:
    user = UserSpace(kernel)
    for va, content in user.pages():
        pa = user.place(va, layout.low + 0x4000)
        tables.full.memory.write(pa, content)
        tables.map(va, pa, "rw-")


def _powerpc(path: Path, layout: Layout, target: Target) -> None:
    """Segments by virtual address."""
    kernel, memory = build(layout.machine), Memory()
    boot(kernel, layout.phys, memory.write, {})
    segments = extents(kernel)
    offset = -(-(target.ehdr_size + len(segments) * target.phdr_size) // PAGE) * PAGE
    headers = target.ehdr(ET_CORE, OSABI_STANDALONE, len(segments))
    no_paddr = NO_PADDR if layout.machine.pointer == 4 else (1 << 64) - 1
    for va, size in segments:
        headers += target.phdr(PT_LOAD, offset, va, no_paddr, size)
        offset += size
    with SparseFile(path) as out:
        out.write(headers)
        out.pad_to(PAGE)
        for va, size in segments:
            out.write(memory.read(layout.phys(va), size))
    text = f"fact format elf\nfact os freebsd\nfact arch {target.name}\n"
    text += "".join(f"{line}\n" for line in lines(kernel, False))
    expect_path(path).write_text(text, encoding="utf-8")


def _i386_layout(pae: bool) -> Layout:
    heap = 0xA00000
    return Layout(Machine("i386", "i386", 32, 0x800000, 0x800000, heap, pointer=4,
                          flags=("-DPAE",) if pae else (), user_end=0xFFBFE000,
                          user_root=0x500000 + USER_TABLES, user_root_va=heap + USER_TABLES),
                  0x800000, 0x500000)


I386, I386_PAE = _i386_layout(False), _i386_layout(True)
ARM = Layout(Machine("arm", "armv7", 4, 0xC0000000, 0xC0000000, 0xC0100000, pointer=4,
                     user_end=0xBFFFE000, user_root=0x80400000 + USER_TABLES,
                     user_root_va=0xC0100000 + USER_TABLES),
             0x80200000, 0x80400000, 0x80000000)
POWERPC = Layout(Machine("powerpc", "powerpc", 32, 0x100000, 0x100000, 0xD0000000, pointer=4,
                         order=">", wrapped=True, user_root=0x345670), 0x100000, 0x2000000)

POWERPC64 = Layout(Machine("powerpc64", "powerpc64", 256, 0x100000, 0x100100,
                           0xE000000000100000, order=">"), 0x100000, 0x2000000)


def _register() -> None:
    for name, about, layout, make in (
            ("i386-full", "full dump of populated i386", I386, lambda path: _dump(
                path, I386, Target("i386", EM_386), _I386, "IdlePTD_nopae",
                {"pae_mode": 0, "IdlePDPT": 0, "IdlePTD_pae": 0})),
            ("i386-raw", "memory of populated i386 as raw memory with a map",
             I386, lambda path: _dump(
                path, I386, Target("i386", EM_386), _I386, "IdlePTD_nopae",
                {"pae_mode": 0, "IdlePDPT": 0, "IdlePTD_pae": 0}, True)),
            ("i386-pae-full", "full dump of populated i386 with PAE", I386_PAE,
             lambda path: _dump(path, I386_PAE, Target("i386", EM_386), _I386Pae, "IdlePDPT",
                                {"pae_mode": 1, "IdlePTD_pae": 0, "IdlePTD_nopae": 0})),
            ("arm-full", "full dump of populated arm", ARM, lambda path: _dump(
                path, ARM, Target("arm", EM_ARM), _Arm, "kernel_l1pa", {})),
            ("powerpc-virtual", "dump of populated powerpc: segments by virtual address",
             POWERPC, lambda path: _powerpc(path, POWERPC, Target("powerpc", EM_PPC, ">"))),
            ("powerpc64-virtual", "the same of powerpc64, as kernels before 13 wrote it",
             POWERPC64, lambda path: _powerpc(path, POWERPC64,
                                              Target64("powerpc64", EM_PPC64, ">")))):
        add(f"fbsd-state-{name}", about, make)
        add(f"fbsd-state-{name}.elf", f"{about}: the kernel file",
            lambda path, layout=layout: kernel_file(path, layout.machine))  # type: ignore[misc]


_register()
