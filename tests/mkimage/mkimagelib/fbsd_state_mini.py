# SPDX-License-Identifier: BSD-2-Clause
"""Minidumps of populated FreeBSD kernels of every architecture but amd64."""
from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Callable

from .case import add, expect_path
from .fbsd_mini import Mini
from .fbsd_mini_cases import Entry, Fill, arm, arm64, i386, mips, riscv
from .fbsd_power import KERNBASE as POWER_KERNBASE
from .fbsd_power import DMAP as POWER_DMAP
from .fbsd_power import Hash, Radix, machine as power
from .fbsd_state_boot import boot, extents
from .fbsd_state_build import Kernel, Machine, build
from .fbsd_state_expect import lines
from .memory import PAGE

MIB = 1 << 20


class Layout:
    """A machine to link for, and where its kernel and heap are in memory."""

    def __init__(self, machine: Machine, kernel_pa: int, heap_pa: int, low: int = 0) -> None:
        """low: where the machine's memory begins."""
        self.machine = machine
        self.kernel_pa = kernel_pa
        self.heap_pa = heap_pa
        self.low = low
        self.ranges = sorted([(low + 0x4000, low + 0x90000), (kernel_pa, kernel_pa + 0x40000),
                              (heap_pa, heap_pa + 0x80000)])

    def phys(self, va: int) -> int:
        m = self.machine
        if m.heap <= va < m.heap + 0x80000:
            return va - m.heap + self.heap_pa
        page = m.start // m.page * m.page
        return va - page + self.kernel_pa

    def pages(self, kernel: Kernel) -> list[tuple[int, int, str]]:
        """(address, physical address, rights) of the pages of kernel and heap."""
        data = kernel.addr("version") // self.machine.page * self.machine.page
        return [(va, self.phys(va), "r-x" if start <= va < data and start != self.machine.heap
                 else "rw-") for start, length in extents(kernel)
                for va in range(start, start + length, self.machine.page)]

    def load(self, mini: Mini) -> Kernel:
        """The kernel into the machine's memory; its pages are dumped, and some more."""
        kernel = build(self.machine)
        boot(kernel, self.phys, mini.memory.write, {})
        mini.ranges = self.ranges
        mini.dumped = {pa // mini.page for _, pa, _ in self.pages(kernel)}
        mini.dumped |= {pa // mini.page
                        for pa in range(self.low + 0x4000, self.low + 0x40000, 0x8000)}
        size = kernel.size("msgbuf_space")
        mini.msgbuf = mini.memory.read(self.phys(kernel.addr("msgbuf_space")), size)
        return kernel

    def fill(self, kernbase: int, dmap: tuple[int, int, int] | None = None) -> Fill:
        """For a table of one entry for each page from kernbase on."""
        def fill(mini: Mini, count: int, rights: tuple[str, ...], entry: Entry,
                 width: int) -> Mini:
            mini.kernbase, mini.dmap = kernbase, dmap
            kernel = self.load(mini)
            for va, pa, right in self.pages(kernel):
                if kernbase <= va < kernbase + 16 * MIB:
                    mini.mapped[va] = (pa, right if right in rights else "r-x")
            last = max(mini.mapped, default=kernbase) + mini.page
            count = -(-(last - kernbase) // (64 * mini.page)) * 64
            mini.kernend = kernbase + count * mini.page
            order = "little" if mini.order == "<" else "big"
            found = [mini.mapped.get(kernbase + i * mini.page) for i in range(count)]
            mini.tables = b"".join(
                (entry(*one) if one is not None else 0).to_bytes(width, order)  # type: ignore
                for one in found)
            return mini
        return fill


def write(path: Path, layout: Layout, mini: Mini, kernel_file: str) -> None:
    mini.write(path)
    expect = mini.tell()
    expect.fact("kernel", kernel_file)
    for line in lines(build(layout.machine), False):
        expect.line(line)
    expect.write(expect_path(path))


def kernel_file(path: Path, machine: Machine) -> None:
    kernel = build(machine)
    path.write_bytes(kernel.file)
    if kernel.debug:
        path.with_name(f"{path.name}.debug").write_bytes(kernel.debug)


I386 = Layout(Machine("i386", "i386", 32, 0x800000, 0x800000, 0xA00000, pointer=4,
                      user_end=0xFFBFE000), 0x800000, 0x500000)
ARM64_DMAP = (0xFFFFA00000000000, 0xFFFFFF0000000000, 0x40000000)
# From the start of the heap, and of the kernel: page tables, where a dump has all memory.
USER_TABLES, TABLES = 0x70000, 0x30000


def _arm64(**kind: Any) -> Layout:
    start, heap, heap_pa = 0xFFFF000000200000, 0xFFFFA00000400000, 0x40400000
    return Layout(Machine("arm64", "aarch64", 256, 0xFFFF000000000000, start, heap,
                          user_root=heap_pa + USER_TABLES, user_root_va=heap + USER_TABLES,
                          symbols=(("pagetable_l0_ttbr1", start + TABLES),), **kind),
                  0x41000000, heap_pa, 0x40000000)


ARM64, ARM64_16K = _arm64(wrapped=True), _arm64(page=4 * PAGE)
RISCV_DMAP = (0xFFFFFFD000000000, 0xFFFFFFD020000000, 0x80000000)
RISCV = Layout(Machine("riscv", "riscv64", 16, 0xFFFFFFC000000000, 0xFFFFFFC000200000,
                       0xFFFFFFD000400000, split=True, user_root=0x80400000 + USER_TABLES,
                       user_root_va=0xFFFFFFD000400000 + USER_TABLES,
                       symbols=(("pagetable_l1", 0xFFFFFFC000200000 + TABLES),)),
               0x80200000, 0x80400000, 0x80000000)
ARM = Layout(Machine("arm", "armv7", 4, 0xC0000000, 0xC0000000, 0xC0100000, pointer=4,
                     wrapped=True, symbols=(("physaddr", 0x80200000),)), 0x80200000,
             0x80400000, 0x80000000)
_MIPS_FLAGS = ("-mno-abicalls", "-G0")


def _mips(name: str, is64: bool, order: str) -> Layout:
    top, mapped = ((0xFFFFFFFF << 32, 0xC000000000000000) if is64 else (0, 0xC0000000))
    direct = 0x9800000000000000 if is64 else 0x80000000
    start, heap, heap_pa = top | 0x80100000, mapped + 0x40000, 0x400000
    return Layout(Machine("mips", name, 32, start, start, heap, _MIPS_FLAGS,
                          order=order, pointer=8 if is64 else 4, split=is64,
                          user_root=heap_pa + USER_TABLES,
                          user_root_va=direct + heap_pa + USER_TABLES),
                  0x100000, heap_pa)


MIPS = {name: _mips(name, "64" in name, "<" if name.endswith("el") else ">")
        for name in ("mips", "mips64", "mipsel", "mips64el")}


POWER_USER_ROOT = 0x3010000


def _power64(name: str, order: str) -> Layout:
    start = POWER_DMAP + 0x1000100
    return Layout(Machine("powerpc", name, 256, start, start, POWER_KERNBASE + MIB, order=order,
                          user_root_va=POWER_DMAP + POWER_USER_ROOT,
                          file_kernbase=0x100100, file_start=0x100100), 0x1000000, 0x2000000)


POWER64 = {"powerpc64": _power64("powerpc64", ">"), "powerpc64le": _power64("powerpc64le", "<")}


def _hashed(layout: Layout, version: int) -> Mini:
    mini = power(version, layout.machine.order, b"mmu_g5", layout.machine.start)
    kernel = layout.load(mini)
    mini.unordered = True
    mini.kernend = POWER_KERNBASE + 0x20000000
    table = Hash()
    for pa in range(0, 0x4000000, 0x1000000):
        table.insert(POWER_DMAP + pa, pa, "rw-", True)
    for va, pa, right in layout.pages(kernel):
        if va >= POWER_KERNBASE:
            table.insert(va, pa, right, False)
            mini.mapped[va] = (pa, right)
    mini.tables = table.pack()
    return mini


def _radix(layout: Layout) -> Mini:
    mini = power(2, layout.machine.order, b"mmu_radix", layout.machine.start)
    kernel = layout.load(mini)
    mini.kernend = POWER_KERNBASE + 0x1000000
    tree = Radix(mini, list(range(layout.kernel_pa + 0x20000, layout.kernel_pa + 0x30000, PAGE)))
    for va, pa, right in layout.pages(kernel):
        if va >= POWER_KERNBASE:
            tree.leaf(va, pa, right)
    mini.tables = bytes(tree.root)
    return mini


def _add(arch: str, about: str, layout: Layout, kinds: dict[str, Callable[[], Mini]]) -> None:
    """The kernel file of an architecture, and the dumps of it."""
    file = f"fbsd-state-{arch}.elf"
    add(file, f"{about}: the kernel file", lambda path: kernel_file(path, layout.machine))
    for kind, make in kinds.items():
        add(f"fbsd-state-{arch}-{kind}", f"{about}, {kind}",
            lambda path, make=make: write(path, layout, make(), file))  # type: ignore[misc]


def _register() -> None:
    _add("i386", "populated i386", I386,
         {f"v{v}": partial(i386, False, v, I386.fill(0x800000)) for v in (1, 2)} |
         {f"pae-v{v}": partial(i386, True, v, I386.fill(0x800000)) for v in (1, 2)})
    _add("arm64", "populated arm64", ARM64,
         {f"v{v}": partial(arm64, v, PAGE, ARM64.fill(0xFFFF000000000000, ARM64_DMAP))
          for v in (1, 2, 3)})
    _add("arm64-16k", "populated arm64 with pages of 16 KiB", ARM64_16K,
         {"v3": partial(arm64, 3, 4 * PAGE, ARM64_16K.fill(0xFFFF000000000000, ARM64_DMAP))})
    _add("riscv", "populated riscv64", RISCV,
         {f"v{v}": partial(riscv, v, 0, RISCV.fill(0xFFFFFFC000000000, RISCV_DMAP))
          for v in (1, 2)})
    _add("arm", "populated arm", ARM,
         {f"v{v}": partial(arm, v, 2, "<", 0, ARM.fill(0xC0000000)) for v in (1, 2)})
    for name, layout in MIPS.items():
        is64, order = layout.machine.pointer == 8, layout.machine.order
        fill = layout.fill(0xC000000000000000 if is64 else 0xC0000000)
        _add(name, f"populated {name}", layout,
             {f"v{v}": partial(mips, is64, v, order, fill)
              for v in ((1, 2) if order == ">" else (2,))})
    for name, layout in POWER64.items():
        _add(name, f"populated {name}", layout,
             {f"hpt-v{v}": partial(_hashed, layout, v) for v in (1, 2)} |
             {"radix-v2": partial(_radix, layout)})


_register()
