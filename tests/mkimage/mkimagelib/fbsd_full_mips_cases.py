# SPDX-License-Identifier: BSD-2-Clause
"""Full dumps of mips, 32 and 64 bit, in either byte order."""
from __future__ import annotations

from pathlib import Path

from .case import add, expect_path
from .expect import Expect
from .fbsd_full32 import Full32, kernel_file
from .fbsd_full64 import kernel_file64
from .fbsd_full_mips import KSEG0, KSEG2, SIGNED, XKSEG, MipsTables, machine
from .memory import PAGE

KERNEL, LENGTH = 0x100000, 0x80000


def _full(is64: bool, order: str) -> Full32:
    """Memory beyond KSEG0 is reached through entries only, or by XKPHYS."""
    high = 0x100000000 if is64 else 0x20000000
    full = machine(is64, order, [(0x1000, 0x9F000), (KERNEL, KERNEL + LENGTH),
                                 (high, high + 0x40000)])
    tables = MipsTables(full, is64, KERNEL + 0x20000)
    base = XKSEG if is64 else KSEG2
    for i in range(90):
        va, right = base + i * 3 * PAGE + (i // 40 << 22), ("rwx", "r-x")[i % 2]
        pa = high + i * 5 % 64 * PAGE if i % 3 else 0x1000 + i * 7 % 150 * PAGE
        tables.map(va, pa, right)
        full.mapped.append((va, pa, PAGE, right))
    start = (SIGNED if is64 else 0) | KSEG0 | KERNEL
    full.symbols = {"kernel_segmap": start + 0x2010, "btext": start}
    (full.write_u64 if is64 else full.write_u32)(KERNEL + 0x2010,
                                                 tables.pointer(tables.root))
    return full


def _kernel(path: Path, full: Full32, is64: bool) -> None:
    make = kernel_file64 if is64 else kernel_file
    make(path, full.target, full.symbols["btext"], LENGTH, full.symbols)
    told = Expect()
    for name, value in full.symbols.items():
        told.line(f"sym {name} {value:x}")
    told.write(expect_path(path))


def _register() -> None:
    for name, is64, order in (("mips", False, ">"), ("mipsel", False, "<"),
                              ("mips64", True, ">"), ("mips64el", True, "<")):
        full = _full(is64, order)
        add(f"fbsd-full-{name}", f"full dump of {name}: kernel_segmap leads to the tables",
            full.dump)
        add(f"fbsd-full-{name}.elf", "its kernel file",
            lambda path, full=full, is64=is64: _kernel(path, full, is64))  # type: ignore[misc]
    raw = _full(True, ">")
    add("fbsd-full-mips64-raw", "memory of mips64 as raw memory with a map", raw.raw)
    add("fbsd-full-mips64-raw.elf", "its kernel file", lambda path: _kernel(path, raw, True))


_register()
