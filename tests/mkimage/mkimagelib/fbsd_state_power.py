# SPDX-License-Identifier: BSD-2-Clause
"""All memory of populated powerpc kernels."""
from __future__ import annotations

from functools import partial
from pathlib import Path

from .case import add, expect_path
from .fbsd_full32 import Full32
from .fbsd_full_power import (BOOKE_LINKED, BookeTables, MemoryRadix, ShortHash, battable,
                              hash_table, machine32, machine64)
from .fbsd_power import DMAP, GROUPS, KERNBASE
from .fbsd_state_boot import boot
from .fbsd_state_build import Kernel, Machine, build
from .fbsd_state_expect import lines
from .fbsd_state_full32 import POWERPC
from .fbsd_state_mini import POWER64, POWER_USER_ROOT, Layout, kernel_file
from .fbsd_state_user import UserSpace
from .memory import PAGE

# Tables are in memory of their own: roots, the process table, tables below, or the hash.
TABLES, PROCTAB, FREE, HASH, END = 0x3000000, 0x3020000, 0x3030000, 0x3040000, 0x3080000

BOOKE = Layout(Machine("powerpc", "powerpc", 32, 0xC0000100, 0xC0000100, 0xD0000000,
                       ("-DBOOKE",), pointer=4, order=">", file_kernbase=BOOKE_LINKED,
                       file_start=BOOKE_LINKED), 0x8000000, 0x2000000)


def _user(kernel: Kernel, layout: Layout, full: Full32) -> list[tuple[int, int]]:
    """The pages of the process, and where they are."""
    user, out = UserSpace(kernel), []
    for va, content in user.pages():
        pa = user.place(va, layout.low + 0x4000)
        full.memory.write(pa, content)
        out.append((va, pa))
    return out


def _finish(path: Path, kernel: Kernel, full: Full32, raw: bool, file: str,
            pages: bool = True) -> None:
    """pages: the memory of processes can be found."""
    (full.raw if raw else full.dump)(path)
    text = expect_path(path).read_text(encoding="utf-8")
    text = text.replace(f"fact kernel {path.name}.elf", f"fact kernel {file}")
    text += "".join(f"{line}\n" for line in lines(kernel, pages))
    expect_path(path).write_text(text, encoding="utf-8")


def _put(full: Full32, pa: int, content: bytes) -> None:
    for at in range(pa, pa + len(content), PAGE):
        full.memory.clear(at // PAGE)
    full.memory.write(pa, content)


def _powerpc(path: Path) -> None:
    layout, kernel = POWERPC, build(POWERPC.machine)
    full = machine32(sorted([*layout.ranges, (HASH, END)]))
    boot(kernel, layout.phys, full.memory.write, {
        "moea_pteg_table": HASH, "moea_pteg_count": ShortHash.GROUPS,
        "moea64_pteg_table": 0, "moea64_pteg_count": 0,
        "battable": int.from_bytes(battable(full), "big")})
    table = ShortHash()
    for va, pa, _ in layout.pages(kernel):
        if va >= layout.machine.heap:           # the kernel is in a BAT's range
            table.insert(va, pa, "rwx")
            full.mapped.append((va, pa, PAGE, "rwx"))
    for va, pa in _user(kernel, layout, full):
        table.insert(va, pa, "rwx", layout.machine.user_root)
    _put(full, HASH, table.pack())
    _finish(path, kernel, full, False, "fbsd-state-powerpc-virtual.elf")


def _booke(path: Path) -> None:
    layout, kernel = BOOKE, build(BOOKE.machine)
    full = machine32(sorted([layout.ranges[0], (layout.heap_pa, layout.heap_pa + 0x80000),
                             (layout.kernel_pa, layout.kernel_pa + 0x240000)]))
    full.unordered = False
    tables = BookeTables(full, layout.kernel_pa, 0x40000)
    boot(kernel, layout.phys, full.memory.write, {
        "__startkernel": layout.machine.start, "kernload": layout.kernel_pa,
        "kernel_ptbl_root": BookeTables.BASE + 0x40000})
    for va, pa, rights in layout.pages(kernel):
        tables.map(va, pa, rights)
    _finish(path, kernel, full, False, "fbsd-state-powerpc-booke.elf", False)


def _boot64(name: str, variables: dict[str, int]) -> tuple[Kernel, Full32, Layout]:
    layout = POWER64[name]
    kernel, start = build(layout.machine), layout.machine.start
    full = machine64(sorted([*layout.ranges, (TABLES, END)]), layout.machine.order, start)
    boot(kernel, layout.phys, full.memory.write, {
        "__startkernel": start, "hw_direct_map": 1, "moea64_pteg_table": 0,
        "moea64_pteg_count": GROUPS, "isa3_proctab": 0} | variables)
    full.mapped = [(va, pa, PAGE, right) for va, pa, right in layout.pages(kernel)
                   if va >= KERNBASE]
    return kernel, full, layout


def _hash(name: str, path: Path) -> None:
    kernel, full, _ = _boot64(name, {"moea64_pteg_table": DMAP + HASH})
    table = hash_table(full)
    for va, pa, _, right in full.mapped:
        table.insert(va, pa, right, False)
    _put(full, HASH, table.pack())
    _finish(path, kernel, full, False, f"fbsd-state-{name}.elf", False)


def _radix(name: str, raw: bool, path: Path) -> None:
    kernel, full, layout = _boot64(name, {"isa3_proctab": DMAP + PROCTAB})
    tree = MemoryRadix(full, TABLES, FREE)
    tree.direct()
    tree.process_table(PROCTAB)
    for va, pa, _, right in full.mapped:
        tree.map(va, pa, right)
    user = MemoryRadix(full, POWER_USER_ROOT, tree.free)
    for va, pa in _user(kernel, layout, full):
        user.map(va, pa, "rw-")
    _finish(path, kernel, full, raw, f"fbsd-state-{name}.elf")


def _register() -> None:
    add("fbsd-state-powerpc-full", "full dump of populated powerpc: BAT ranges, hash table",
        _powerpc)
    add("fbsd-state-powerpc-booke-full", "all memory of populated 32-bit Book-E", _booke)
    add("fbsd-state-powerpc-booke.elf", "its kernel file",
        lambda path: kernel_file(path, BOOKE.machine))
    for name in POWER64:
        add(f"fbsd-state-{name}-hpt-full", f"all memory of populated {name}: hash table",
            partial(_hash, name))
        add(f"fbsd-state-{name}-radix-full", f"all memory of populated {name}: radix tree",
            partial(_radix, name, False))
    add("fbsd-state-powerpc64le-radix-raw", "the same of powerpc64le as raw memory with a map",
        partial(_radix, "powerpc64le", True))


_register()
