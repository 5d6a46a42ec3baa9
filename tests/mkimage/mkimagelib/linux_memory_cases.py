# SPDX-License-Identifier: BSD-2-Clause
"""Memory of Linux machines in containers that know nothing of it."""
from __future__ import annotations

from pathlib import Path
from typing import Callable

from .case import add, expect_path
from .lime import Range, write_avml, write_lime, write_packed, write_raw
from .expect import Expect
from .linux_expect import tell
from .linux_machine import PC5, LinuxMachine, full_machine, tiny_machine
from .memory import PAGE, Memory
from .qemusave import I440FX, OTHERS, Q35, Pc, libvirt, stream
from .vmss import vmss
from .walk_expect import Runs

Writer = Callable[[Path, Memory, list[Range]], str | None]


def _lime(path: Path, memory: Memory, ranges: list[Range]) -> None:
    write_lime(path, memory, ranges)


def _avml(path: Path, memory: Memory, ranges: list[Range]) -> None:
    write_avml(path, memory, ranges)


def _avml_small(path: Path, memory: Memory, ranges: list[Range]) -> None:
    """Many blocks, whose last chunks are of every length."""
    write_avml(path, memory, ranges, 0x23000)


def _descending(path: Path, memory: Memory, ranges: list[Range]) -> None:
    write_lime(path, memory, ranges[::-1])


def _add(name: str, about: str, form: str, write: Writer, gaps_known: bool = False,
         machine: Callable[[], LinuxMachine] = full_machine) -> None:
    def make(path: Path) -> None:
        made = machine()
        ranges = made.ram_bytes()
        told = write(path, made.memory, ranges)
        known: Runs = list(ranges)
        if gaps_known:      # a gap may be a block of zeros
            known = [(ranges[0][0], ranges[-1][1])]
        expect = tell(made, form, list(ranges), known)
        if told is not None:
            expect.fact("raw", told)
        expect.write(expect_path(path))
    add(f"linux-mem-{name}", about, make)


_add("lime", "LiME: a range ends inside a page", "LiME", _lime)
_add("lime-5level", "LiME of a machine with five-level paging", "LiME", _lime,
     machine=lambda: full_machine(PC5))
_add("lime-order", "LiME with its ranges in descending order", "LiME", _descending)
_add("lime-tiny", "LiME of a machine with 32 pages", "LiME", _lime, machine=tiny_machine)
_add("avml", "AVML: blocks of framed snappy", "AVML", _avml, True)
_add("avml-blocks", "AVML with many small blocks", "AVML", _avml_small, True)
_add("avml-tiny", "AVML of a machine with 32 pages", "AVML", _avml, True, tiny_machine)
_add("packed", "raw memory, ranges back to back, with a map", "raw", write_packed)
_add("raw", "raw memory, offset is address, with a map", "raw", write_raw)


def _whole(ranges: list[Range]) -> list[int]:
    return [pfn for start, end in ranges for pfn in range(-(-start // PAGE), end // PAGE)]


def _add_saved(name: str, about: str, machine: Pc, wrap: Callable[[bytes], bytes] = bytes,
               make: Callable[[], LinuxMachine] = full_machine,
               others: tuple[bytes, bytes] = (b"", b"")) -> None:
    """QEMU knows whole pages only."""
    def write(path: Path) -> None:
        made = make()
        path.write_bytes(wrap(stream(made.memory, _whole(made.ram_bytes()), machine, others)))
        stored: Runs = made.ram_bytes(whole_pages=True)
        tell(made, "QEMU save", stored, stored).write(expect_path(path))
    add(f"linux-mem-{name}", about, write)


_add_saved("qemu", "QEMU's migration stream, i440fx with memory above 4 GiB", I440FX)
_add_saved("qemu-q35", "the same of a q35", Q35)
_add_saved("qemu-tiny", "the same of a machine with 32 pages", Q35, make=tiny_machine)
_add_saved("qemu-others", "the same with sections of other things in between", Q35,
           make=tiny_machine, others=OTHERS)
_add_saved("libvirt", "libvirt's save file, not compressed", I440FX,
           libvirt)
_add_saved("libvirt-gz", "libvirt's save file in gzip", Q35, lambda body: libvirt(body, 1),
           tiny_machine)
_add_saved("libvirt-lzop", "libvirt's save file in lzop", Q35, lambda body: libvirt(body, 4),
           tiny_machine)


def _add_vmware(name: str, about: str, make: Callable[[], LinuxMachine]) -> None:
    def write(path: Path) -> None:
        made = make()
        ranges = made.ram_bytes(whole_pages=True)
        path.write_bytes(vmss(made.memory, ranges))
        tell(made, "VMware", list(ranges), list(ranges)).write(expect_path(path))
    add(f"linux-mem-{name}", about, write)


_add_vmware("vmss", "VMware's suspended state with its memory inside", full_machine)
_add_vmware("vmss-tiny", "the same of a machine with 32 pages", tiny_machine)


def _add_bad(name: str, about: str, form: str, make: Callable[[Path, LinuxMachine], bytes]) -> None:
    def write(path: Path) -> None:
        path.write_bytes(make(path, tiny_machine()))
        expect = Expect()
        expect.fact("format", form)
        expect.fact("bad", path.name)
        expect.write(expect_path(path))
    add(f"bad-mem-{name}", about, write)


def _bent(write: Writer, at: int, value: bytes) -> Callable[[Path, LinuxMachine], bytes]:
    """What the writer makes, with some of its bytes overwritten."""
    def make(path: Path, machine: LinuxMachine) -> bytes:
        write(path, machine.memory, machine.ram_bytes())
        data = bytearray(path.read_bytes())
        data[at:at + len(value)] = value
        return bytes(data)
    return make


_add_bad("lime-reversed", "a range that ends before it begins", "LiME",
         _bent(_lime, 16, bytes(8)))
_add_bad("lime-all", "a range of all addresses", "LiME", _bent(_lime, 8, bytes(8) + b"\xff" * 8))
_add_bad("avml-type", "a chunk of a type that must not be skipped", "AVML",
         _bent(_avml, 32 + 10, b"\x02"))
_add_bad("avml-length", "a chunk beyond the end", "AVML", _bent(_avml, 32 + 11, b"\xff\xff\xff"))
_add_bad("qemu-machine", "a machine whose name has 2^32 - 1 characters", "QEMU save",
         lambda path, machine: stream(machine.memory, _whole(machine.ram_bytes()), Q35).replace(
             b"\7\0\0\0\12pc", b"\7\xff\xff\xff\xffpc", 1))
_add_bad("qemu-section", "a section that is not of the memory", "QEMU save",
         lambda path, machine: stream(machine.memory, _whole(machine.ram_bytes()), Q35).replace(
             b"\3ram", b"\3rom", 1))
_add_bad("vmss-groups", "2^32 - 1 groups", "VMware",
         lambda path, machine: b"\xd2\xbe\xd2\xbe\x08\0\0\0\xff\xff\xff\xff" + bytes(4096))
_add_bad("vmss-regions", "65 regions", "VMware", lambda path, machine: vmss(
    machine.memory, machine.ram_bytes(True)).replace(b"regionsCount\2", b"regionsCount\x41", 1))
