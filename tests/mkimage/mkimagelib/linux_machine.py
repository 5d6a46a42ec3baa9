# SPDX-License-Identifier: BSD-2-Clause
"""The memory of an x86-64 Linux machine: page tables, init_uts_ns, VMCOREINFO.  No kernel in it.

Layout of the address space: linux Documentation/arch/x86/x86_64/mm.rst; keys of
VMCOREINFO and their formats: linux kernel/vmcore_info.c and
arch/x86/kernel/vmcore_info_64.c.
"""
from __future__ import annotations

import struct
from dataclasses import dataclass

from . import elf, x86
from .x86_tables import PageTables
from .memory import PAGE, Memory, PageAllocator

KERNEL_MAP = 0xFFFFFFFF80000000     # __START_KERNEL_map
LINK_TEXT = 0xFFFFFFFF81000000
MODULES = 0xFFFFFFFFC0000000

RELEASE = "6.12.107-mkimage-amd64"
BUILD_ID = bytes(range(0xC0, 0xD4))
UTSNAME = ("Linux", "mkimage", RELEASE, "#1 SMP PREEMPT_DYNAMIC mkimage 6.12.107-1",
           "x86_64", "(none)")
CRASHTIME = 1760000000

MIB = 1 << 20


def pack_utsname(fields: tuple[str, ...] = UTSNAME) -> bytes:
    """struct new_utsname: six fields of 65 bytes."""
    return b"".join(field.encode().ljust(65, b"\0") for field in fields)


@dataclass(frozen=True)
class Layout:
    """Where things are; tables_pa and the offsets in the image are page aligned."""

    levels: int
    page_offset: int
    vmalloc: int
    text_pa: int
    kaslr: int
    ram: tuple[tuple[int, int], ...]
    data_off: int           # data part of the kernel image
    tables_pa: int
    tables: int

    @property
    def text_va(self) -> int:
        return LINK_TEXT + self.kaslr

    @property
    def phys_base(self) -> int:
        """Negative as soon as the image is loaded lower than it was moved up."""
        return self.text_pa - (self.text_va - KERNEL_MAP)


# A PC: RAM below 640 KiB ends inside a page, the kernel is at 16 MiB, and some
# RAM is above 4 GiB.
PC4 = Layout(4, 0xFFFF9A2940000000, 0xFFFFB5C100000000, 0x1000000, 0x14000000,
             ((0, 0x9FC00), (0x1000000, 0x1300000), (0x100000000, 0x100080000)),
             2 * MIB, 0x1280000, 64)
PC5 = Layout(5, 0xFF29A2F900000000, 0xFFA5200000000000, 0x1000000, 0x14000000,
             PC4.ram, 2 * MIB, 0x1280000, 64)
# As small as can be, for bad files and fuzz seeds.
TINY = Layout(4, 0xFFFF888000000000, 0xFFFFC90000000000, 0x1000000, 0,
              ((0x1000, 0x5000), (0x1000000, 0x101C000)), 0x8000, 0x1010000, 12)


class LinuxMachine:
    """Memory with page tables and the little of a kernel that readers need."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.memory = Memory()
        self.extra_info: list[str] = []     # further lines of VMCOREINFO
        first = layout.tables_pa // PAGE
        self.data_va = layout.text_va + layout.data_off
        self.swapper = self.data_va + 0x2000
        self.uts = self.data_va + 0x1040
        root = self.image_pa(self.swapper)
        self.tables = PageTables(self.memory, layout.levels, root,
                                 PageAllocator(list(range(first, first + layout.tables))))
        self.memory.write(self.image_pa(self.uts), pack_utsname())
        self._plant_note()

    def image_pa(self, va: int) -> int:
        return va - KERNEL_MAP + self.layout.phys_base

    # -- what dumps carry besides memory --

    def vmcoreinfo(self) -> bytes:
        layout = self.layout
        lines = [
            f"OSRELEASE={RELEASE}", f"BUILD-ID={BUILD_ID.hex()}", "PAGESIZE=4096",
            f"SYMBOL(init_uts_ns)={self.uts:x}", "OFFSET(uts_namespace.name)=0",
            f"SYMBOL(swapper_pg_dir)={self.swapper:x}",
            f"SYMBOL(_stext)={layout.text_va:x}",
            f"NUMBER(VMALLOC_START)={layout.vmalloc:#x}",
            f"NUMBER(phys_base)={layout.phys_base}",
            f"SYMBOL(init_top_pgt)={self.swapper:x}",
            f"NUMBER(pgtable_l5_enabled)={int(layout.levels == 5)}",
            f"KERNELOFFSET={layout.kaslr:x}", "NUMBER(KERNEL_IMAGE_SIZE)=1073741824",
            "NUMBER(sme_mask)=0", *self.extra_info, f"CRASHTIME={CRASHTIME}"]
        return "".join(f"{line}\n" for line in lines).encode()

    def vmcoreinfo_note(self) -> bytes:
        return elf.note(b"VMCOREINFO\0", 0, self.vmcoreinfo())

    def _plant_note(self) -> None:
        """The kernel keeps the note at the start of a page."""
        self.note_pa = self.image_pa(self.data_va) + 0x4000
        self.memory.write(self.note_pa, self.vmcoreinfo_note() + bytes(12))

    def ram_bytes(self, whole_pages: bool = False) -> list[tuple[int, int]]:
        """(start, end) of RAM; whole_pages drops the part of a page at an end."""
        ram = list(self.layout.ram)
        if not whole_pages:
            return ram
        return [(-(-start // PAGE) * PAGE, end // PAGE * PAGE) for start, end in ram]


def prstatus(pid: int, cpu: int) -> bytes:
    """struct elf_prstatus of x86-64: 336 bytes, pr_pid at 32, registers at 112."""
    desc = bytearray(336)
    struct.pack_into("<I", desc, 32, pid)
    struct.pack_into("<27Q", desc, 112, *(cpu << 32 | reg for reg in range(27)))
    return bytes(desc)


def cpu_notes(count: int) -> bytes:
    return b"".join(elf.note(b"CORE\0", 1, prstatus(cpu + 1, cpu)) for cpu in range(count))


def qemu_note(cr3: int, cr4: int) -> bytes:
    """QEMUCPUState, version 1: registers, ten segments, cr0 to cr4, kernel_gs_base.

    Layout: qemu target/i386/arch_dump.c.
    """
    state = bytearray(440)
    struct.pack_into("<II", state, 0, 1, len(state))
    struct.pack_into("<Q", state, 0x88, LINK_TEXT + 0x1000)
    struct.pack_into("<5Q", state, 0x188, 0x80050033, 0, 0, cr3, cr4)
    return elf.note(b"QEMU\0", 0, bytes(state))


def map_full(machine: LinuxMachine) -> None:
    """Every size of page in every region, with the bits that readers forget to mask."""
    layout, tables = machine.layout, machine.tables
    tables.map(layout.text_va, layout.text_pa, "r-x", x86.SIZE_2M,
               x86.GLOBAL | x86.PAT_LARGE)
    tables.map(machine.data_va, layout.text_pa + layout.data_off, "rw-", x86.SIZE_2M,
               x86.GLOBAL)
    _map_direct(machine)
    _map_vmalloc(machine)
    for i in range(5):
        tables.map(MODULES + (2 * i) * PAGE, 0x10000 + (7 * i) * PAGE, "r-x")


def _map_direct(machine: LinuxMachine) -> None:
    """4 KiB pages where something was protected, 2 MiB and 1 GiB pages elsewhere."""
    base, tables = machine.layout.page_offset, machine.tables
    for pa in range(0, 0xA0000, PAGE):
        tables.map(base + pa, pa, "rw-", extra=x86.GLOBAL)
    tables.map(base + 0x1000000, 0x1000000, "r--", x86.SIZE_2M, x86.PAT_LARGE)
    tables.map(base + 0x1200000, 0x1200000, "rw-", x86.SIZE_2M, 1 << 9)
    tables.map(base + 0x100000000, 0x100000000, "rw-", x86.SIZE_1G,
               x86.PAT_LARGE | x86.GLOBAL)


def _map_vmalloc(machine: LinuxMachine) -> None:
    """Areas of scattered pages with an unmapped guard page after each."""
    base, tables = machine.layout.vmalloc, machine.tables
    va = base
    for area in range(12):
        for i in range(area + 1):
            pa = 0x1004000 + (area * 53 + i * 17) % 500 * PAGE
            tables.map(va, pa, ("rw-", "r--", "rwx")[area % 3])
            va += PAGE
        va += PAGE
    tables.map(va, 0xFEC00000, "rw-")               # a device
    tables.map(va + 2 * PAGE, 0x9F000, "rw-")       # RAM ends inside this page
    tables.map(va + 3 * PAGE, 0xA0000, "rw-")       # no RAM
    tables.map(va + 5 * PAGE, 0x100010000, "rw-")
    # not present, but not zero either: a swap entry and a protection hint
    tables.set(va + 6 * PAGE, 0x123456 << 12 | x86.RW)
    tables.set(va + 7 * PAGE, 0x20000 | x86.GLOBAL | x86.RW)
    tables.map(base + (1 << 30), 0x40000, "rw-")
    tables.map(base + (1 << 40), 0x41000, "rw-")


def map_tiny(machine: LinuxMachine) -> None:
    layout, tables = machine.layout, machine.tables
    for off in range(0, 0x10000, PAGE):
        prot = "r-x" if off < layout.data_off else "rw-"
        tables.map(layout.text_va + off, layout.text_pa + off, prot)
    for pa in range(0x1000, 0x5000, PAGE):
        tables.map(layout.page_offset + pa, pa, "rw-")
    tables.map(layout.vmalloc + PAGE, 0x3000, "rw-")


def full_machine(layout: Layout = PC4) -> LinuxMachine:
    machine = LinuxMachine(layout)
    map_full(machine)
    return machine


def tiny_machine() -> LinuxMachine:
    machine = LinuxMachine(TINY)
    map_tiny(machine)
    return machine
