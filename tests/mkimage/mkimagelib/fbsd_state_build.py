# SPDX-License-Identifier: BSD-2-Clause
"""Compiles and links a populated FreeBSD kernel: ../fbsd_kernel and its data.

Debian's clang compiles for every machine that FreeBSD ran on, and its lld
links; so offsets, sizes, padding, byte order, addresses and DWARF are theirs.
"""
from __future__ import annotations

import functools
import hashlib
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from . import elf_read
from . import fbsd_state_data as data
from .elf_read import Section
from .fbsd_state_source import source

HERE = Path(__file__).resolve().parent.parent / "fbsd_kernel"
PAGE = 4096

# Linker sets and places that the kernel knows by name: sys/conf/ldscript.*.
_SCRIPT = """
PHDRS {{ text PT_LOAD; data PT_LOAD; heap PT_LOAD; }}
SECTIONS {{
	. = {start:#x};
	kernel_start = .;
	.note.gnu.build-id : {{ *(.note.gnu.build-id) }} :text
	.text : {{ *(.text .text.*) }}
	.rodata : {{ *(.rodata .rodata.*) }}
	.MIPS.abiflags : {{ *(.MIPS.abiflags) }}
	.MIPS.options : {{ *(.MIPS.options) }}
	.reginfo : {{ *(.reginfo) }}
	. = ALIGN({page});
	.data : {{ *(.data .data.* .sdata .sdata.* .got .toc) }} :data
	set_pcpu : {{ __start_set_pcpu = .; *(set_pcpu) __stop_set_pcpu = .; }}
	set_vnet : {{ __start_set_vnet = .; *(set_vnet) __stop_set_vnet = .; }}
	.bss : {{ *(.bss .bss.* .sbss .sbss.* COMMON) }}
	_end = .;
	. = {heap:#x};
	heap_start = .;
	.heap : {{ *(.heap) }} :heap
	heap_end = .;
	/DISCARD/ : {{ *(.comment) *(.eh_frame) *(.ARM.exidx*) *(.note.GNU-stack) }}
}}
kernbase = {kernbase:#x};
kernel_size = _end - kernel_start;
vnet_displacement = vnet_data - __start_set_vnet;
"""


@dataclass(frozen=True)
class Machine:
    """name as uname -m says it; arch is clang's; link, heap: virtual addresses.

    file_start: what the kernel file says the kernel's start is, where the boot
    code moves it (powerpc64); counters: counter(9) has offsets from __pcpu.
    """

    name: str
    arch: str
    maxcpu: int
    kernbase: int
    start: int
    heap: int
    flags: tuple[str, ...] = ()
    page: int = PAGE
    order: str = "<"
    pointer: int = 8
    file_kernbase: int | None = None
    file_start: int | None = None
    relative_counters: bool = False
    wrapped: bool = False
    user_end: int = 0x7FFFE000
    user_root: int = 0          # page tables of the process with pages of its own
    user_root_va: int = 0
    symbols: tuple[tuple[str, int], ...] = ()
    split: bool = False         # DWARF is in a file of its own


@dataclass
class Kernel:
    """What the linker made: bytes, sections, symbols."""

    machine: Machine
    image: bytes                # with addresses as the kernel runs
    file: bytes                 # as in /boot/kernel
    debug: bytes                # kernel.debug; empty where the kernel file has all of it
    sections: list[Section] = field(default_factory=list)
    symbols: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sections = _loaded(self.image, self.machine)
        self.symbols = elf_read.symbols(self.image, self.machine.order, self.machine.pointer)

    def addr(self, name: str) -> int:
        return self.symbols[name][0]

    def size(self, name: str) -> int:
        return self.symbols[name][1]

    def word(self, value: int, size: int = 0) -> bytes:
        """value in the machine's order, of a pointer's size by default."""
        size = size or self.machine.pointer
        order = "little" if self.machine.order == "<" else "big"
        return (value & (1 << 8 * size) - 1).to_bytes(size, order)  # type: ignore[arg-type]

    def content(self, section: Section) -> bytes:
        if section.kind == elf_read.SHT_NOBITS:
            return bytes(section.size)
        return self.image[section.offset:section.offset + section.size]

    def read(self, va: int, length: int) -> bytes:
        """As it was linked."""
        section = next(s for s in self.sections if s.addr <= va < s.addr + s.size)
        at = va - section.addr
        return self.content(section)[at:at + length]


def _loaded(image: bytes, machine: Machine) -> list[Section]:
    return [s for s in elf_read.sections(image, machine.order, machine.pointer)
            if s.flags & elf_read.SHF_ALLOC]


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError:
        raise SystemExit(f"mkimage: {command[0]} is missing: install clang and lld") from None


def _script(machine: Machine, kernbase: int, start: int) -> str:
    text = _SCRIPT.format(start=start, page=machine.page, heap=machine.heap, kernbase=kernbase)
    for cpu in range(data.NCPU):
        text += f"dpcpu_displacement_{cpu} = dpcpu_area_{cpu} - __start_set_pcpu;\n"
    base = " - pcpu_space" if machine.relative_counters else ""
    for name, word in (("counter_switches", 8), ("counter_traps", 9)):
        text += f"{name} = zpcpu_space + {word * 8}{base};\n"
    return text + "".join(f"{name} = {value:#x};\n" for name, value in machine.symbols)


@functools.lru_cache(maxsize=None)
def build(machine: Machine) -> Kernel:
    with tempfile.TemporaryDirectory() as name:
        where = Path(name)
        text = source(machine.name, machine.wrapped)
        (where / "data.c").write_text(text, encoding="utf-8")
        # both links are one kernel
        build_id = hashlib.sha1(f"{machine}{text}".encode()).hexdigest()
        objects = []
        for path in (where / "data.c", *sorted(HERE.glob("*.c"))):
            objects.append(str(where / path.with_suffix(".o").name))
            _run("clang", f"--target={machine.arch}-unknown-freebsd13.1", "-std=gnu11",
                 "-ffreestanding", "-fno-pic", "-fno-common", "-fno-asynchronous-unwind-tables",
                 "-fno-unwind-tables", "-g", "-Wall", "-Wextra", "-Werror",
                 "-Wno-missing-field-initializers", f"-ffile-prefix-map={where}=.",
                 f"-ffile-prefix-map={HERE}=.", "-fdebug-compilation-dir=.",
                 *machine.flags, f"-DMAXCPU={machine.maxcpu}", f"-DPAGE_SIZE={machine.page}",
                 f"-DUSER_ROOT={machine.user_root:#x}",
                 f"-DUSER_ROOT_VA={machine.user_root_va:#x}",
                 f"-DUSER_END={machine.user_end:#x}", f"-DUSER_PS_STRINGS={ps_strings(machine):#x}",
                 f"-I{HERE}", "-c", str(path), "-o", objects[-1])

        def link(kernbase: int, start: int, *flags: str) -> bytes:
            script, out = where / "script", where / "kernel"
            script.write_text(_script(machine, kernbase, start), encoding="utf-8")
            _run("ld.lld", "-T", str(script), "-e", "btext", f"--build-id=0x{build_id}", "-z",
                 f"max-page-size={machine.page}", *flags, "-o", str(out), *objects)
            return out.read_bytes()

        image = link(machine.kernbase, machine.start)
        where_to = machine.kernbase, machine.start
        if machine.file_start is not None and machine.file_kernbase is not None:
            where_to = machine.file_kernbase, machine.file_start
        file = link(*where_to, "--strip-debug") if machine.split else link(*where_to)
        debug = _installed(link(*where_to), machine) if machine.split else b""
        return Kernel(machine, image, _installed(file, machine), debug)


def ps_strings(machine: Machine) -> int:
    """At the end of the user's stack."""
    return machine.user_end - 4 * machine.pointer


def _installed(image: bytes, machine: Machine) -> bytes:
    """A kernel file has no heap, and what its variables become is only in memory."""
    out = bytearray(image)
    for s in _loaded(image, machine):
        if s.name in (".heap", ".data") and s.kind != elf_read.SHT_NOBITS:
            out[s.offset:s.offset + s.size] = bytes(s.size)
    return bytes(out)
