# SPDX-License-Identifier: BSD-2-Clause
"""All memory of populated arm64, riscv64 and mips kernels."""
from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Protocol

from .case import add, expect_path
from .fbsd_full32 import Full32
from .fbsd_full64 import Format, Full64
from .fbsd_full64_cases import ARM64_4K, ARM64_16K, SV39
from .fbsd_full_mips import MipsTables, machine
from .fbsd_state_boot import boot
from .fbsd_state_build import Kernel, build
from .fbsd_state_expect import lines
from .fbsd_state_mini import ARM64, MIPS, RISCV, TABLES, USER_TABLES, Layout
from .fbsd_state_mini import ARM64_16K as STATE_ARM64_16K
from .fbsd_state_user import UserSpace
from .memory import PAGE


class Tables(Protocol):
    def map(self, va: int, pa: int, rights: str) -> None: ...


class _Format:
    """Tables of arm64 and riscv64, whose smallest leaves are used."""

    def __init__(self, full: Full64, form: Format, root: int) -> None:
        self.full = Full64(full.target, full.ranges, form=form, kernel_pa=root,
                           memory=full.memory)
        self.full.start(0)
        self.shift = form.shifts[-1]

    def map(self, va: int, pa: int, rights: str) -> None:
        self.full.map(va, pa, self.shift, rights)


def _user(kernel: Kernel, layout: Layout, full: Full32, tables: Tables) -> None:
    """Where a page is larger than 4 KiB, what is in it is not scattered."""
    user, page = UserSpace(kernel), layout.machine.page
    for va, content in user.pages():
        first = va // page * page
        pa = (user.place(va, layout.low + 0x4000) if page == PAGE else
              layout.low + 0x8000 + va - first)
        full.memory.write(pa, content)
        tables.map(first, pa - (va - first), "rw-")


def _finish(path: Path, kernel: Kernel, full: Full32, raw: bool, file: str) -> None:
    (full.raw if raw else full.dump)(path)
    text = expect_path(path).read_text(encoding="utf-8")
    text = text.replace(f"fact kernel {path.name}.elf", f"fact kernel {file}")
    text += "".join(f"{line}\n" for line in lines(kernel, True))
    expect_path(path).write_text(text, encoding="utf-8")


def _formed(layout: Layout, form: Format, file: str, raw: bool, path: Path) -> None:
    """The kernel maps its own first table too."""
    kernel, page = build(layout.machine), layout.machine.page
    assert kernel.addr("_end") - kernel.addr("kernel_start") <= TABLES
    ranges = [(start, end + 0x20000 * (start == layout.kernel_pa))
              for start, end in layout.ranges]
    full = Full64(form.target, ranges, page=page)
    boot(kernel, layout.phys, full.memory.write, {})
    tables = _Format(full, form, layout.kernel_pa + TABLES)
    start, heap = layout.machine.start // page * page, layout.machine.heap
    pages = layout.pages(kernel)
    pages += [(va, layout.phys(va), "rw-") for at, size in
              ((start + TABLES, 0x20000), (heap + USER_TABLES, 0x10000))
              for va in range(at, at + size, page)]
    for va, pa, rights in pages:
        tables.map(va, pa, rights)
        full.mapped.append((va, pa, page, rights))
    _user(kernel, layout, full, _Format(full, form, layout.phys(heap + USER_TABLES)))
    _finish(path, kernel, full, raw, file)


def _mips(name: str, path: Path) -> None:
    layout = MIPS[name]
    kernel, heap = build(layout.machine), layout.machine.heap
    is64 = layout.machine.pointer == 8
    full = machine(is64, layout.machine.order, layout.ranges)
    tables = MipsTables(full, is64, layout.kernel_pa + TABLES)
    boot(kernel, layout.phys, full.memory.write,
         {"kernel_segmap": tables.pointer(tables.root)})
    tables = MipsTables(full, is64, tables.root)
    # The kernel is in KSEG0, which has no tables.
    pages = [page for page in layout.pages(kernel)
             if heap <= page[0] < heap + USER_TABLES]
    for va, pa, rights in pages:
        rights = rights.replace("w-", "wx")     # entries cannot forbid to execute
        tables.map(va, pa, rights)
        full.mapped.append((va, pa, PAGE, rights))
    _user(kernel, layout, full, MipsTables(full, is64, layout.phys(heap + USER_TABLES)))
    _finish(path, kernel, full, False, f"fbsd-state-{name}.elf")


def _register() -> None:
    for name, layout, form in (("arm64", ARM64, ARM64_4K),
                               ("arm64-16k", STATE_ARM64_16K, ARM64_16K),
                               ("riscv", RISCV, SV39)):
        for kind, raw in (("full", False), ("raw", True)):
            add(f"fbsd-state-{name}-{kind}",
                f"all memory of populated {name}" + " as raw memory with a map" * raw,
                partial(_formed, layout, form, f"fbsd-state-{name}.elf", raw))
    for name in MIPS:
        add(f"fbsd-state-{name}-full", f"full dump of populated {name}", partial(_mips, name))


_register()
