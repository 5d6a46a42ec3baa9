# SPDX-License-Identifier: BSD-2-Clause
"""Blobs of read-only data with a kallsyms table in them."""
from __future__ import annotations

from pathlib import Path
from typing import Callable

from . import pattern
from .case import add, expect_path
from .expect import Expect
from .kallsyms import Encoding, Kallsyms, KernelSymbol, Order, decoy
from .linux_machine import LINK_TEXT

RODATA = LINK_TEXT + 0x1000000
FILLER = 3 * 4096 + 40
RELATIVE_BASE = LINK_TEXT

_WORDS = ["sched", "task", "mm", "page", "alloc", "free", "lock", "irq", "cpu", "net", "dev",
          "init", "read", "write", "get", "put", "list", "queue", "work", "timer", "tcp", "vfs"]


def base_symbols() -> list[KernelSymbol]:
    """Names that readers look for, duplicates, and every letter a type can be."""
    data = LINK_TEXT + 0x1400000
    fixed = [("_text", 0, "T"), ("_stext", 0, "T"), ("startup_64", 0x40, "T"),
             ("panic", 0x5000, "T"), ("helper", 0x6000, "t"), ("helper", 0x7000, "t"),
             ("helper", 0x8000, "T"), ("do_one.constprop.0", 0x9000, "t"),
             ("do_one.llvm.123456789", 0x9100, "t"), ("do_one.cold", 0x9200, "t"),
             ("weak_function", 0xA000, "W"), ("_etext", 0xFFF000, "T")]
    out = [KernelSymbol(name, LINK_TEXT + at, stype) for name, at, stype in fixed]
    rest = [("linux_banner", 0x100, "D"), ("init_uts_ns", 0x1040, "D"),
            ("swapper_pg_dir", 0x2000, "D"), ("init_task", 0x3000, "D"),
            ("init_top_pgt", 0x2000, "D"), ("weak_object", 0x5000, "V"),
            ("jiffies", 0x6000, "d"), ("avenrun", 0x7000, "B"), ("static_bss", 0x8000, "b"),
            ("__start_BTF", 0x9000, "R"), ("__stop_BTF", 0xA000, "r"), ("_end", 0x20000, "B")]
    return out + [KernelSymbol(name, data + at, stype) for name, at, stype in rest]


def many_symbols(count: int = 700) -> list[KernelSymbol]:
    """Functions with made-up names; enough for several markers."""
    out = []
    for i in range(count):
        words = [_WORDS[i * step % len(_WORDS)] for step in (1, 5, 7)]
        name = "_".join(words) + (f"_{i}" if i % 3 else f".isra.{i}")
        out.append(KernelSymbol(name, LINK_TEXT + 0x10000 + 0x130 * i, "tT"[i % 2]))
    return out


def percpu_symbols() -> list[KernelSymbol]:
    """Offsets in the per-CPU section: small absolute values."""
    names = ["fixed_percpu_data", "irq_stack_backing_store", "cpu_number", "current_task",
             "runqueues", "kernel_cpustat"]
    return [KernelSymbol("__per_cpu_start", 0, "A")] + [
        KernelSymbol(name, 0x1000 * (i + 1), "A") for i, name in enumerate(names)]


def long_symbols() -> list[KernelSymbol]:
    """Names of more than 127 tokens, as Rust makes them; one of the greatest length."""
    alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$"
    out = []
    for number, length in enumerate((126, 127, 128, 129, 200, 255, 256, 300, 511)):
        # characters in an order that no frequent string covers
        text = "".join(alphabet[pattern.mix(number * 1000 + i) % len(alphabet)]
                       for i in range(length - 2))
        out.append(KernelSymbol("_R" + text, LINK_TEXT + 0x800000 + 0x40 * number, "t"))
    return out


def old_long_symbols() -> list[KernelSymbol]:
    """Up to 6.0 a name has at most 127 characters: its length is one plain byte."""
    return [s for s in long_symbols() if len(s.name) <= 127]


def _filler(length: int, salt: int) -> bytes:
    blob = b"".join(pattern.page(salt + 2 * i) for i in range(length // 4096 + 1))
    return blob[:length]


def rodata(table: Kallsyms, endian: str) -> bytes:
    """Filler, a decoy, the table at its address, another decoy, filler."""
    front = _filler(FILLER, 0x7000)
    fake = decoy(endian)
    place = len(front) - len(fake) - 64
    packed = table.pack()
    tail = _filler(64, 0x7100) + fake + _filler(4096, 0x7200)
    return front[:place] + fake + front[place + len(fake):] + packed + bytes(8) + tail


def _write(path: Path, table: Kallsyms) -> None:
    path.write_bytes(rodata(table, table.endian))
    expect = Expect()
    expect.fact("format", "kallsyms")
    expect.fact("va", RODATA)
    expect.fact("tableva", table.va)
    expect.fact("byteorder", "little" if table.endian == "<" else "big")
    expect.fact("numsyms", len(table.symbols))
    expect.fact("order", table.order.name.lower())
    expect.fact("encoding", table.encoding.name.lower())
    if table.encoding in (Encoding.BASE, Encoding.PERCPU):
        expect.fact("relativebase", table.base)
    for name, at in table.address.items():
        expect.line(f"array {name} {at:x}")
    for symbol in table.symbols:
        expect.line(f"sym {symbol.name} {symbol.value:x} {symbol.stype}")
    expect.write(expect_path(path))


def _add(name: str, about: str, order: Order, encoding: Encoding,
         more: Callable[[], list[KernelSymbol]] = old_long_symbols, endian: str = "<") -> None:
    def write(path: Path) -> None:
        symbols = base_symbols() + many_symbols() + more()
        _write(path, Kallsyms(symbols, RODATA + FILLER, order, encoding, RELATIVE_BASE, endian))
    add(f"kallsyms-{name}", about, write)


def _percpu_and_long() -> list[KernelSymbol]:
    return percpu_symbols() + long_symbols()


def _add_bad(name: str, about: str, array: str, patch: bytes, at: int = 0) -> None:
    """A table of which some bytes of one array were overwritten."""
    def write(path: Path) -> None:
        symbols = base_symbols() + many_symbols(300)
        table = Kallsyms(symbols, RODATA + FILLER, Order.V64, Encoding.BASE, RELATIVE_BASE)
        blob = bytearray(rodata(table, "<"))
        start = table.address[f"kallsyms_{array}"] - RODATA + at
        blob[start:start + len(patch)] = patch
        path.write_bytes(blob)
        expect = Expect()
        expect.fact("format", "kallsyms")
        expect.fact("va", RODATA)
        expect.fact("bad", path.name)
        for key, value in table.address.items():
            expect.line(f"array {key} {value:x}")
        expect.write(expect_path(path))
    add(f"bad-kallsyms-{name}", about, write)


def _exact(count: int) -> Callable[[Path], None]:
    """A number of symbols at a border of the markers."""
    def write(path: Path) -> None:
        symbols = (base_symbols() + many_symbols())[:count]
        _write(path, Kallsyms(symbols, RODATA + FILLER, Order.V64, Encoding.BASE,
                              RELATIVE_BASE))
    return write


_add("4.19-absolute", "before 4.20: wide num_syms and markers, absolute addresses",
     Order.V419, Encoding.ABSOLUTE)
_add("4.19-base", "before 4.20, relative to a base", Order.V419, Encoding.BASE)
_add("6.0-absolute", "up to 6.0, absolute addresses", Order.V60, Encoding.ABSOLUTE)
_add("6.0-base", "up to 6.0, relative to a base", Order.V60, Encoding.BASE)
_add("6.0-percpu", "up to 6.0, x86-64 SMP: absolute per-CPU symbols", Order.V60,
     Encoding.PERCPU, percpu_symbols)
_add("6.1-base", "6.1 to 6.3, names of up to 511 characters", Order.V61, Encoding.BASE,
     long_symbols)
_add("6.1-percpu", "6.1 to 6.3, absolute per-CPU symbols, long names", Order.V61,
     Encoding.PERCPU, _percpu_and_long)
_add("6.4-absolute", "6.4 to 6.10, absolute addresses", Order.V64, Encoding.ABSOLUTE,
     long_symbols)
_add("6.4-base", "6.4 to 6.19, relative to a base", Order.V64, Encoding.BASE, long_symbols)
_add("6.4-percpu", "6.4 to 6.14, x86-64 SMP", Order.V64, Encoding.PERCPU, _percpu_and_long)
_add("7.0-place", "from 7.0, relative to the place of the offset, 4-byte alignment", Order.V70,
     Encoding.PLACE, long_symbols)
_add("6.4-base-be", "6.4 in big-endian byte order", Order.V64, Encoding.BASE, long_symbols, ">")
_add("7.0-place-be", "7.0 in big-endian byte order", Order.V70, Encoding.PLACE, long_symbols,
     ">")
for _count in (1, 255, 256, 257, 512):
    add(f"kallsyms-n{_count}", f"a table of {_count} symbols", _exact(_count))
_add_bad("count", "num_syms 2^32 - 1", "num_syms", b"\xFF" * 4)
_add_bad("count-zero", "num_syms 0", "num_syms", bytes(4))
_add_bad("names", "names whose lengths lead out of the table", "names", b"\xFF" * 64)
_add_bad("names-zero", "names of length 0", "names", bytes(64))
_add_bad("markers", "markers that do not meet the names", "markers", b"\x07\x00\x00\x00", 4)
_add_bad("index", "token_index beyond the token table", "token_index", b"\xFF" * 64, 128)
_add_bad("seqs", "seqs_of_names beyond the number of symbols", "seqs_of_names", b"\xFF" * 30)
