# SPDX-License-Identifier: BSD-2-Clause
"""Full dumps of i386, arm and powerpc kernels."""
from __future__ import annotations

from pathlib import Path

from .case import add, expect_path
from .expect import Expect
from .fbsd_full32 import EM_386, EM_ARM, EM_PPC, NO_PADDR, OSABI_STANDALONE, PT_LOAD
from .fbsd_full32 import EHDR_SIZE, ET_CORE, PHDR_SIZE, Full32, Target, kernel_file
from .memory import PAGE
from .sparse import SparseFile

I386 = Target("i386", EM_386)
ARM = Target("arm", EM_ARM)
POWERPC = Target("powerpc", EM_PPC, ">")

P, RW, PS, NX = 1, 2, 0x80, 1 << 63
RIGHTS = {"rwx": P | RW, "r-x": P, "rw-": P | RW | NX, "r--": P | NX}


def _i386(pae: bool, kernbase: int, high: bool) -> Full32:
    """The kernel lies in one superpage; small pages follow in one more table."""
    size = 0x200000 if pae else 0x400000
    phys = 0x800000 if high else kernbase
    base = kernbase + phys if high else kernbase
    full = Full32(I386, [(0x1000, 0x9F000), (phys, phys + 0x80000)])
    root, table = phys + 0x10000, phys + 0x15000
    directory = [root + (1 + i) * PAGE for i in range(4)] if pae else [root]
    put = full.write_u64 if pae else full.write_u32
    width, bits = (8, 9) if pae else (4, 10)
    for pfn in (root // PAGE, *(d // PAGE for d in directory), table // PAGE):
        full.memory.clear(pfn)

    def entry(va: int) -> int:
        index = va // size
        return directory[index >> 9 if pae else 0] + (index & ((1 << bits) - 1)) * width

    if pae:
        for i, page in enumerate(directory):
            put(root + i * 8, page | P)
    put(entry(base), phys | RIGHTS["rwx"] | PS)
    full.mapped.append((base, phys, size, "rwx"))
    put(entry(base + size), table | P | RW)
    rights = ("rwx", "r-x", "rw-", "r--") if pae else ("rwx", "r-x")
    for i in range(40):
        va, pa = base + size + i * 3 * PAGE, 0x1000 + i * 11 % 150 * PAGE
        right = rights[i % len(rights)]
        put(table + (va // PAGE & ((1 << bits) - 1)) * width, pa | RIGHTS[right])
        full.mapped.append((va, pa, PAGE, right))
    full.symbols = {"kernbase": kernbase}
    return full


def _i386_variables(full: Full32, high: bool, values: dict[str, int]) -> None:
    base = full.mapped[0][0]
    phys = full.mapped[0][1]
    for i, (name, value) in enumerate(values.items()):
        full.symbols[name] = base + 0x2000 + i * 4
        full.write_u32(phys + 0x2000 + i * 4, value)


def _kernel_of(full: Full32, path: Path) -> None:
    va, _, length, _ = full.mapped[0]
    kernel_file(path, full.target, va, length, full.symbols)


def _make_i386(pae: bool, kernbase: int, high: bool, names: dict[str, bool]) -> Full32:
    """names: True for the variable that holds the root, False for one that is 0."""
    full = _i386(pae, kernbase, high)
    root = full.mapped[0][1] + 0x10000
    values = {name: root if used else 0 for name, used in names.items()}
    if "pae_mode" in values:
        values["pae_mode"] = int(pae)
    _i386_variables(full, high, values)
    return full


def _arm(delta: bool) -> Full32:
    virt, phys = 0xC0000000, 0x80200000
    full = Full32(ARM, [(0x80000000, 0x80010000), (phys, phys + 0x100000),
                        (0x90000000, 0x90040000)])
    root, coarse = phys + 0x10000, phys + 0x20000
    for i in range(4):
        full.memory.clear(root // PAGE + i)
    full.memory.clear(coarse // PAGE)

    def first(va: int, value: int) -> None:
        full.write_u32(root + (va >> 20) * 4, value)

    def second(va: int, value: int) -> None:
        full.write_u32(coarse + 0x400 + (va >> 12 & 0xFF) * 4, value)

    first(virt, phys | 0x2)                         # section
    full.mapped.append((virt, phys, 0x100000, "rwx"))
    small = virt + 0x100000
    first(small, coarse + 0x400 | 0x1)              # coarse table of 1 KiB
    for i in range(16):                             # a large page takes 16 entries
        second(small + i * PAGE, 0x90010000 | 0x1)
    full.mapped.append((small, 0x90010000, 0x10000, "rw-"))
    for i, (bits, rights) in enumerate([(0x2, "rwx"), (0x3, "rw-"), (0x82, "r-x"),
                                        (0x83, "r--")] * 3):
        va, pa = small + 0x20000 + 2 * i * PAGE, 0x80000000 + i * PAGE
        second(va, pa | bits)
        full.mapped.append((va, pa, PAGE, rights))
    for i in range(16):                             # and a supersection 16 sections
        first(0xD0000000 + (i << 20), 0x90000000 | 1 << 18 | 0x2)
    full.mapped.append((0xD0000000, 0x90000000, 1 << 24, "rwx"))
    full.symbols = {"kernel_l1pa": virt + 0x4000}
    full.write_u32(phys + 0x4000, root)
    if delta:
        full.delta = (virt, phys)
    else:
        full.symbols |= {"kernbase": virt, "physaddr": phys}
    return full


def _powerpc(path: Path) -> None:
    """Segments by virtual address; the text says where it is from."""
    segments = [(0x00100000, 0x3000), (0xD0000000, 0x2000), (0xE0001000, 0x1000)]
    offset = -(-(EHDR_SIZE + len(segments) * PHDR_SIZE) // PAGE) * PAGE
    headers = POWERPC.ehdr(ET_CORE, OSABI_STANDALONE, len(segments))
    for va, size in segments:
        headers += POWERPC.phdr(PT_LOAD, offset, va, NO_PADDR, size)
        offset += size
    with SparseFile(path) as out:
        out.write(headers)
        for va, size in segments:
            out.pad_to(PAGE)
            for at in range(va, va + size, 16):
                out.write(f"at {at:08x}     ".encode())
    expect = Expect()
    for key, value in (("format", "elf"), ("os", "freebsd"), ("arch", "powerpc")):
        expect.fact(key, value)
    at = 0
    for va, size in segments:
        expect.hole(at, va - at, "notmapped")
        for word in range(va, va + size, 496):
            text = f"at {word:08x}".encode()
            expect.word(word, 8, int.from_bytes(text[:8], "little"))
        at = va + size
    expect.hole(at, (1 << 32) - at, "notmapped")
    expect.write(expect_path(path))


def _pair(name: str, about: str, full: Full32) -> None:
    add(name, about, full.dump)
    add(f"{name}.elf", "its kernel file", lambda path: _kernel_of(full, path))


_pair("fbsd-full-i386-11", "full dump of i386 11: kernel at kernbase + pa, 4 MiB pages",
      _make_i386(False, 0xC0000000, True, {"IdlePTD": True}))
_pair("fbsd-full-i386-pae-12", "full dump of i386 12 with PAE: kernel at va = pa",
      _make_i386(True, 0x400000, False, {"IdlePTD": False, "IdlePDPT": True}))
_pair("fbsd-full-i386-13", "full dump of i386 13 without PAE: IdlePDPT is there and 0",
      _make_i386(False, 0x800000, False, {"pae_mode": False, "IdlePDPT": False,
                                         "IdlePTD_pae": False, "IdlePTD_nopae": True}))
_pair("fbsd-full-i386-pae-13", "full dump of i386 13 with PAE",
      _make_i386(True, 0x800000, False, {"pae_mode": False, "IdlePDPT": True,
                                        "IdlePTD_pae": False, "IdlePTD_nopae": False}))
_RAW = _make_i386(True, 0x800000, False, {"pae_mode": False, "IdlePDPT": True})
add("fbsd-full-i386-raw", "i386 13 with PAE as raw memory with a map", _RAW.raw)
add("fbsd-full-i386-raw.elf", "its kernel file", lambda path: _kernel_of(_RAW, path))
_pair("fbsd-full-arm", "full dump of arm: PT_DUMP_DELTA says where the kernel is", _arm(True))
_pair("fbsd-full-arm-symbols", "full dump of arm: kernbase and physaddr say it", _arm(False))
add("fbsd-virtual-powerpc", "dump of powerpc: segments by virtual address, no page tables",
    _powerpc)
