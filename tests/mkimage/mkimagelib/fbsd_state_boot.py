# SPDX-License-Identifier: BSD-2-Clause
"""A populated kernel is put into a machine's memory, as its loader and its start do."""
from __future__ import annotations

from typing import Callable

from . import fbsd_state_data as data
from .fbsd_state_build import PAGE, Kernel

PhysOf = Callable[[int], int]
Write = Callable[[int, bytes], None]


def _up(value: int, unit: int) -> int:
    return -(-value // unit) * unit


def extents(kernel: Kernel) -> list[tuple[int, int]]:
    """(address, length) of the kernel and of the heap, in whole pages."""
    page = kernel.machine.page
    out = []
    for first, last in (("kernel_start", "_end"), ("heap_start", "heap_end")):
        start = kernel.addr(first) // page * page
        out.append((start, _up(kernel.addr(last), page) - start))
    return out


def boot(kernel: Kernel, phys: PhysOf, write: Write, variables: dict[str, int]) -> None:
    """phys tells where an address is; variables of a pointer's size are set."""
    for start, length in extents(kernel):
        for off in range(0, length, PAGE):
            write(phys(start + off), bytes(PAGE))

    def store(va: int, content: bytes) -> None:
        while content:
            part = content[:PAGE - va % PAGE]
            write(phys(va), part)
            va, content = va + len(part), content[len(part):]

    for section in kernel.sections:
        store(section.addr, kernel.content(section))
    first = kernel.addr("__start_set_pcpu")
    template = kernel.read(first, kernel.addr("__stop_set_pcpu") - first)
    at = kernel.addr("pcpu_entry_switches") - first
    for cpu in range(data.NCPU):        # dpcpu_init() copies the templates
        area = kernel.addr(f"dpcpu_area_{cpu}")
        store(area, template)
        store(area + at, kernel.word(1000 + cpu, 8))
    for name, value in variables.items():
        store(kernel.addr(name), kernel.word(value, kernel.size(name)))
