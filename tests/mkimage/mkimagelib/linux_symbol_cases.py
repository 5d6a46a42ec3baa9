# SPDX-License-Identifier: BSD-2-Clause
"""Linux dumps that hold their own symbol table and type information."""
from __future__ import annotations

from pathlib import Path

from . import btf_cases
from .case import add, expect_path
from .kallsyms import Encoding, Kallsyms, KernelSymbol, Order, decoy
from .kallsyms_cases import long_symbols, many_symbols, percpu_symbols
from .linux_kdump_cases import describe, make
from .linux_machine import LINK_TEXT, LinuxMachine, full_machine

# Read-only data follow the text in the image, well before the data part.
RODATA_OFF = 0x100000
BTF_OFF = 0x140040          # 64-byte aligned, not page aligned
EXPORTED = ("names", "num_syms", "token_table", "token_index", "offsets", "relative_base")


def _symbols(machine: LinuxMachine, btf_size: int, order: Order) -> list[KernelSymbol]:
    """The made-up functions moved to where the image runs, and what is really there."""
    text = machine.layout.text_va
    shift = text - LINK_TEXT
    out = [KernelSymbol(s.name, s.value + shift, s.stype)
           for s in many_symbols(400) + (long_symbols() if order is Order.V64 else [])]
    found = [("_text", text, "T"), ("_stext", text, "T"),
             ("__start_BTF", text + BTF_OFF, "R"),
             ("__stop_BTF", text + BTF_OFF + btf_size, "R"),
             ("init_uts_ns", machine.uts, "D"), ("swapper_pg_dir", machine.swapper, "D"),
             ("init_top_pgt", machine.swapper, "D"), ("_end", machine.data_va + 0x80000, "B")]
    return out + percpu_symbols() + [KernelSymbol(*entry) for entry in found]


def plant(machine: LinuxMachine, order: Order) -> Kallsyms:
    """Put BTF, a decoy and the table into the image."""
    text = machine.layout.text_va
    blob = btf_cases.good().pack()
    machine.memory.write(machine.image_pa(text + BTF_OFF), blob)
    fake = decoy()
    machine.memory.write(machine.image_pa(text + RODATA_OFF), fake)
    at = text + RODATA_OFF + len(fake) + -len(fake) % 64
    table = Kallsyms(_symbols(machine, len(blob), order), at, order, Encoding.PERCPU, text)
    machine.memory.write(machine.image_pa(at), table.pack())
    return table


def _write(path: Path, order: Order, exported: bool) -> None:
    machine = full_machine()
    table = plant(machine, order)
    if exported:
        machine.extra_info = [f"SYMBOL(kallsyms_{part})={table.address['kallsyms_' + part]:x}"
                              for part in EXPORTED]
    dump = make(machine)
    dump.write(path)
    expect = describe(machine, dump)
    for name, at in table.address.items():
        expect.line(f"array {name} {at:x}")
    for symbol in table.symbols:
        expect.line(f"ksym {symbol.name} {symbol.value:x} {symbol.stype}")
    for line in btf_cases.LINES.splitlines():
        expect.line(line)
    expect.write(expect_path(path))


add("linux-kdump-symbols", "kallsyms and BTF in the image, exported by VMCOREINFO",
    lambda path: _write(path, Order.V64, True))
add("linux-kdump-symbols-scan", "the same in the order of 6.0, to be found by scanning",
    lambda path: _write(path, Order.V60, False))
