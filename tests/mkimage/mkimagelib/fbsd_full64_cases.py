# SPDX-License-Identifier: BSD-2-Clause
"""Full memory of arm64 and riscv64 kernels."""
from __future__ import annotations

from .case import add
from .fbsd_full32 import OSABI_FREEBSD, OSABI_STANDALONE
from .fbsd_full64 import Format, Full64, Target64
from .memory import PAGE

ARM64 = Target64("aarch64", 183)
RISCV = Target64("riscv64", 243)


def _arm64_leaf(pa: int, shift: int, rights: str) -> int:
    kind = 3 if shift in (12, 14) else 1
    return (pa | kind | 0x700 | (0 if "w" in rights else 0x80) |
            (0 if "x" in rights else 3 << 53))


def _riscv_leaf(pa: int, shift: int, rights: str) -> int:
    return pa >> 12 << 10 | 0xC3 | (4 if "w" in rights else 0) | (8 if "x" in rights else 0)


ARM64_4K = Format(ARM64, [39, 30, 21, 12], PAGE, lambda pa: pa | 3, _arm64_leaf,
                  "pagetable_l0_ttbr1", 0xFFFF000000000000, 0xFFFFA00000000000)
ARM64_16K = Format(ARM64, [47, 36, 25, 14], 4 * PAGE, lambda pa: pa | 3, _arm64_leaf,
                   "pagetable_l0_ttbr1", 0xFFFF000000000000, 0xFFFFA00000000000)
SV39 = Format(RISCV, [30, 21, 12], PAGE, lambda pa: pa >> 12 << 10 | 1, _riscv_leaf,
              "pagetable_l1", 0xFFFFFFC000000000, 0xFFFFFFD000000000)

RIGHTS = ("rwx", "r-x", "rw-", "r--")


def _machine(form: Format, kernel_pa: int, osabi: int) -> Full64:
    """Leaves at each level that may have them; the kernel is where a loader put it."""
    page, large = 1 << form.shifts[-1], 1 << form.shifts[-2]
    full = Full64(form.target, [(0x80000000, 0x80040000), (kernel_pa, kernel_pa + 0x100000),
                                (0xC0000000, 0xC0040000)],
                  form=form, kernel_pa=kernel_pa, osabi=osabi, page=page)
    full.start(0x20000)
    if page == PAGE:
        full.map(form.kernbase, kernel_pa, 21, "rwx")
    else:
        for at in range(0, 0x200000, page):
            full.map(form.kernbase + at, kernel_pa + at, form.shifts[-1], "rwx")
    small = form.kernbase + 4 * large
    for i in range(40):
        full.map(small + i * 3 * page, 0x80000000 + i * 5 * page % 0x40000, form.shifts[-1],
                 RIGHTS[i % 4])
    full.map(form.kernbase + 8 * large, 0xC0000000, form.shifts[-2], "rw-")
    if page == PAGE:
        for i in range(2):
            full.map(form.dmap + (i << 30), 0x80000000 + (i << 30), 30, "rw-")
    else:
        full.map(form.dmap, 0x80000000, form.shifts[-2], "rw-")
    return full


def _add(name: str, about: str, full: Full64, raw: bool = False) -> None:
    add(name, about, full.raw if raw else full.dump)
    add(f"{name}.elf", "its kernel file", full.kernel)


def _sv48() -> Full64:
    """A level above, made by pmap_bootstrap(), whose last entry is the old root."""
    full = _machine(SV39, 0x80600000, OSABI_STANDALONE)
    top = full.free
    full.memory.clear(top // PAGE)
    full.write_u64(top + 511 * 8, SV39.link(full.root))
    return full


_add("fbsd-full-arm64", "all memory of arm64, 4 KiB pages; blocks of 1 GiB and 2 MiB",
     _machine(ARM64_4K, 0x80200000, OSABI_STANDALONE))
_add("fbsd-full-arm64-16k", "all memory of arm64, 16 KiB pages; blocks of 32 MiB",
     _machine(ARM64_16K, 0x84200000, OSABI_FREEBSD))
_add("fbsd-full-riscv", "all memory of riscv64, Sv39; leaves of 1 GiB and 2 MiB",
     _machine(SV39, 0x80400000, OSABI_STANDALONE))
_add("fbsd-full-riscv-sv48", "the same with Sv48", _sv48())
_add("fbsd-full-riscv-raw", "the same as raw memory with a map",
     _machine(SV39, 0x80400000, OSABI_STANDALONE), raw=True)
_add("fbsd-full-arm64-raw", "memory of arm64 as raw memory with a map",
     _machine(ARM64_4K, 0x80200000, OSABI_STANDALONE), raw=True)
