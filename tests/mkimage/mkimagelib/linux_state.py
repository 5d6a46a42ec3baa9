# SPDX-License-Identifier: BSD-2-Clause
"""A populated Linux kernel, ../linux_kernel, in the memory of a machine.

Compiled by clang and linked by lld at the machine's addresses, so offsets,
padding and byte order are theirs; the types are made of its DWARF by pahole,
as a kernel's own are. Where clang knows no such machine, another with the same
sizes and alignments stands in: the kernel is data alone.
"""
from __future__ import annotations

import ast
import re
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

from . import elf_read
from .case import add, expect_path
from .kallsyms import Encoding, Kallsyms, KernelSymbol, Order
from .linux_machine import CRASHTIME
from .linux_other import Other, Tables, elf_core
from . import linux_loongarch, linux_power

HERE = Path(__file__).resolve().parent.parent / "linux_kernel"
# Where things are in the image of a kernel.
KALLSYMS_OFF, BTF_OFF, DATA_OFF, DATA_LEN = 0x80000, 0x90000, 0xA0000, 0x20000
USER_ROOT_OFF, USER_PAGE_OFF, USER_TABLES_OFF = 0xC0000, 0xE0000, 0x180000
# In reach of the smallest address space that a process has on any of these.
USER_PAGE = 0x3FD12145000

_SCRIPT = """
SECTIONS {{
	. = {start:#x};
	.data : {{ *(.data .data.* .rodata .rodata.* .bss .bss.* COMMON) }}
	/DISCARD/ : {{ *(.comment) *(.note.GNU-stack) *(.eh_frame) }}
}}
"""


@dataclass(frozen=True)
class Build:
    """arch is clang's; linux is LINUX of types.h; order is that of kallsyms."""

    arch: str
    linux: int
    order: Order
    flags: tuple[str, ...] = ()
    directory: bool = False     # the strings are in a huge page of a hash table's


@dataclass
class Made:
    data: bytes
    btf: bytes
    symbols: dict[str, tuple[int, int]]
    lines: list[str]


def _run(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    except FileNotFoundError:
        raise SystemExit(f"mkimage: {command[0]} is missing: install clang, lld and "
                         "dwarves") from None


def compile_at(build: Build, order: str, page: int, start: int, user_pgd: int) -> Made:
    """The kernel's data, linked to lie at start."""
    defines = [f"-DLINUX={build.linux}", f"-DUSER_PGD={user_pgd:#x}", f"-DPAGE={page}",
               f"-DV_USER_PAGE={USER_PAGE:#x}", *build.flags, f"-I{HERE}"]
    with tempfile.TemporaryDirectory() as name:
        where = Path(name)
        obj, out, script = (str(where / part) for part in ("o", "kernel", "script"))
        Path(script).write_text(_SCRIPT.format(start=start), encoding="utf-8")
        _run("clang", f"--target={build.arch}-linux-gnu", "-std=gnu11", "-ffreestanding",
             "-fno-pic", "-gdwarf-4", "-Wall", "-Wextra", "-Werror",
             "-Wno-missing-field-initializers", "-Wno-unused-variable",
             f"-ffile-prefix-map={HERE}=.", "-fdebug-compilation-dir=.", *defines, "-c",
             str(HERE / "kernel.c"), "-o", obj)
        _run("ld.lld", "-T", script, "-e", "0", "-o", out, obj)
        _run("pahole", "-J", out)
        lines = _run("clang", "-E", "-P", "-x", "c", *defines, str(HERE / "expect"))
        image = Path(out).read_bytes()
    found = {s.name: image[s.offset:s.offset + s.size]
             for s in elf_read.sections(image, order, 8)}
    return Made(found[".data"], found[".BTF"], elf_read.symbols(image, order, 8),
                lines.replace("@", "\n").splitlines())


def _value(text: str, symbols: dict[str, tuple[int, int]]) -> str:
    """What is behind "=": C's arithmetic, strings, or some of these."""
    text = text.strip()
    if text.startswith('"'):
        return str(ast.literal_eval(text))
    text = re.sub(r"\b(0x[0-9a-fA-F]+|[0-9]+)[uUlL]+\b", r"\1", text).replace("/", "//")
    names: dict[str, object] = {name: at for name, (at, _) in symbols.items()}
    names |= {"__builtins__": {}, "hex": lambda v: f"{v:x}"}
    value = eval(text, names)       # pylint: disable=eval-used
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _strings(made: Made) -> dict[str, list[str]]:
    """Of kind "arg" and "env", from the lines of all processes."""
    out = {}
    for line in made.lines:
        if line.startswith("strings "):
            left, right = line.split("=", 1)
            out[left.split()[2]] = _value(right, made.symbols).split("\0")
    return out


def _expected(made: Made) -> Iterator[str]:
    for line in made.lines:
        left, equals, right = line.partition(" = ")
        words = " ".join(left.split())
        if not words:
            continue
        if words.startswith("strings "):
            _, pid, kind = words.split()
            some = _strings(made)[kind]
            yield f"{kind}s {pid} {len(some)}"
            for i, one in enumerate(some):
                yield f"{kind} {pid} {i} {one}"
        elif equals:
            yield f"{words} {_value(right, made.symbols)}"
        else:
            yield words


def _numbers(machine: Other, made: Made) -> list[str]:
    """What the kernel adds to VMCOREINFO; made at compile time."""
    if "vmcoreinfo" not in made.symbols:
        return []
    at, length = made.symbols["vmcoreinfo"]
    off = at - (machine.image_va + DATA_OFF)
    rows = struct.iter_unpack(f"{machine.order}56sQ", made.data[off:off + length])
    return [f"{key.rstrip(bytes(1)).decode()}={value}" for key, value in rows
            if key[0] != 0]


def _user(machine: Other, build: Build, made: Made) -> None:
    """The process's own tables, and the page that its strings are in."""
    pa = machine.image_pa + USER_PAGE_OFF
    if build.directory:         # this one holds the kernel too
        pa = machine.image_pa + USER_PAGE % linux_power.HUGE
    raw = "".join(f"{text}\0" for kind in ("arg", "env") for text in _strings(made)[kind])
    machine.memory.write(pa + USER_PAGE % machine.page, raw.encode())
    tables = Tables(machine.memory, machine.fmt, machine.image_pa + USER_ROOT_OFF,
                    machine.image_pa + USER_TABLES_OFF)
    if build.directory:
        linux_power.huge(machine, tables, USER_PAGE, machine.image_pa)
    else:
        tables.map(USER_PAGE // machine.page * machine.page, pa, "rw-")


def _table(machine: Other, build: Build, made: Made) -> Kallsyms:
    """The kernel's symbols, its own kallsyms among them."""
    va = machine.image_va
    found = {name: (at, "D") for name, (at, _) in made.symbols.items()
             if name not in ("", "init_uts_ns") and at >= va}
    found |= {"_stext": (va, "T"), "init_uts_ns": (machine.uts, "D"),
              "swapper_pg_dir": (machine.swapper, "D"), "__start_BTF": (va + BTF_OFF, "R"),
              "__stop_BTF": (va + BTF_OFF + len(made.btf), "R")}
    area, length = made.symbols["kernel_cpustat"]           # of two CPUs
    found |= {"__per_cpu_start": (area, "D"), "__per_cpu_end": (area + length // 2, "D")}
    found |= {f"function_{i}": (va + 0x100 + 16 * i, "t") for i in range(300)}
    found |= {name: (at, "D") for name, at in machine.symbols.items()}
    return Kallsyms([KernelSymbol(name, *entry) for name, entry in found.items()],
                    va + KALLSYMS_OFF, build.order, Encoding.BASE, va, machine.order)


def populate(machine: Other, build: Build) -> list[str]:
    """Put the kernel into memory; what is to be expected of it."""
    va, pa = machine.image_va, machine.image_pa
    user_pgd = machine.dmap + pa + USER_ROOT_OFF
    made = compile_at(build, machine.order, machine.page, va + DATA_OFF, user_pgd)
    if len(made.data) > DATA_LEN or len(made.btf) > DATA_OFF - BTF_OFF:
        raise ValueError("the kernel has outgrown its place")
    table = _table(machine, build, made)
    for off, content in ((KALLSYMS_OFF, table.pack()), (BTF_OFF, made.btf),
                         (DATA_OFF, made.data)):
        machine.memory.write(pa + off, content)
    machine.info += _numbers(machine, made)
    _user(machine, build, made)
    return [f"ksym {s.name} {s.value:x} {s.stype}" for s in table.symbols] + [
        *_expected(made), f"info release {machine.release}", "info hostname mkimage",
        f"number crashtime {CRASHTIME}"]


def _add(name: str, about: str, make: Callable[[], Other], build: Build) -> None:
    def write(path: Path) -> None:
        machine = make()
        machine.lines = populate(machine, build)
        machine.plant_note()
        elf_core(machine).write(path)
        machine.expect("elf").write(expect_path(path))
    add(f"linux-state-{name}", f"a populated kernel: {about}", write)


POWER_69 = Build("powerpc64", 609, Order.V64)
LOONG_69 = Build("x86_64", 609, Order.V64)      # no such machine in clang 14
_add("ppc64-hash", "powerpc64, big-endian, hash table, pages of 64 KiB, 6.12",
     lambda: linux_power.hashed(0x10000, ">", (8, 10, 10, 8), "6.12.107", 0xC008000000000000,
                                0xC00C000000000000), POWER_69)
_add("ppc64-hash-4k", "the same with pages of 4 KiB, strings in one of 16 MiB, 5.10",
     lambda: linux_power.hashed(0x1000, ">", (9, 7, 9, 9), "5.10.223", 0xC0003D0000000000,
                                0xC0003F0000000000, told=False),
     Build("powerpc64", 510, Order.V60, directory=True))
_add("ppc64-hash-4.14", "the same with pages of 64 KiB and the log of 4.14",
     lambda: linux_power.hashed(0x10000, ">", (8, 10, 7, 8), "4.14.336", 0xD000000000000000,
                                0xF000000000000000, told=False),
     Build("powerpc64", 414, Order.V419, ("-DINFO_ON_STACK",)))
_add("ppc64-radix", "powerpc64, big-endian, radix tree, pages of 64 KiB",
     lambda: linux_power.radix(0x10000, ">"), POWER_69)
_add("ppc64le-hash", "powerpc64, little-endian, hash table, pages of 64 KiB",
     lambda: linux_power.hashed(0x10000, "<", (8, 10, 10, 8), "6.12.107", 0xC008000000000000,
                                0xC00C000000000000), Build("powerpc64le", 609, Order.V64))
for _suffix, _page in (("", 0x4000), ("-4k", 0x1000), ("-64k", 0x10000)):
    _add(f"loongarch64{_suffix}", f"LoongArch, pages of {_page >> 10} KiB",
         lambda page=_page: linux_loongarch.machine(page), LOONG_69)
