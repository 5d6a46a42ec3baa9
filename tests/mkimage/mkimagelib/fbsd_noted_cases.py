# SPDX-License-Identifier: BSD-2-Clause
"""What `kpeek convert` makes of a minidump: an ELF vmcore with notes of the minidump's parts.

The layout is that of src/image/own_note.h: notes of "libkvm", type 1 the first 256 bytes
of the header, 2 the message buffer, 3 the page tables.
"""
from __future__ import annotations

from functools import partial
from pathlib import Path

from . import elf
from .case import add, expect_path, find
from .memory import PAGE

OWNER = b"libkvm\0"
HEADER_LEN = 256


def _facts(text: str) -> tuple[dict[str, int], list[tuple[int, int, str]]]:
    """The numbers of the header, and the stretches of physical memory in order."""
    facts, phys = {}, []
    for line in text.splitlines():
        words = line.split()
        if words[0] == "fact" and words[2].startswith("0x"):
            facts[words[1]] = int(words[2], 16)
        elif words[0] == "phys":
            phys.append((int(words[1], 16), int(words[2], 16), words[3]))
    return facts, sorted(phys)


def _sections(dump: bytes, facts: dict[str, int]) -> tuple[bytes, bytes, bytes]:
    """Message buffer, page tables and pages."""
    at, found = PAGE, []
    for key in ("msgbufsize", "dumpavailsize", "bitmapsize", "pmapsize"):
        size = facts.get(key, 0)
        found.append(dump[at:at + size])
        at += -(-size // PAGE) * PAGE
    return found[0], found[3], dump[at:]


def _noted(image: str, path: Path) -> None:
    made = find(image)
    assert made is not None
    made.make(path)
    dump = path.read_bytes()
    expect = expect_path(path).read_text(encoding="utf-8")
    facts, phys = _facts(expect)
    log, tables, pages = _sections(dump, facts)
    notes = b"".join(elf.note(OWNER, kind, part) for kind, part in
                     enumerate((dump[:HEADER_LEN], log, tables), 1))
    memory = [s for s in phys if s[2] != "absent"]
    at = elf.EHDR_SIZE + (len(memory) + 1) * elf.PHDR_SIZE
    data = -(-(at + len(notes)) // PAGE) * PAGE
    headers = [elf.Phdr(elf.PT_NOTE, 0, at, memsz=len(notes), align=4)]
    for start, length, state in memory:
        filesz = length if state == "present" else 0
        headers.append(elf.Phdr(elf.PT_LOAD, 7, data, start, start, length, filesz))
        data += filesz
    head = elf.Ehdr(elf.ET_CORE, elf.EM_X86_64, len(headers)).pack()
    head += b"".join(h.pack() for h in headers) + notes
    path.write_bytes(head + bytes(-len(head) % PAGE) + pages)
    expect_path(path).write_text(expect.replace("fact format minidump", "fact format elf"),
                                 encoding="utf-8")


def _register() -> None:
    for version in ("v3", "v2", "v1"):
        add(f"fbsd-{version}-noted", f"{version} with eight pages, converted to ELF",
            partial(_noted, f"fbsd-{version}-tiny"))


_register()
