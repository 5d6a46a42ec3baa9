# SPDX-License-Identifier: BSD-2-Clause
"""What a linker made: sections and symbols of an ELF file of any machine."""
from __future__ import annotations

import struct
from dataclasses import dataclass

SHT_SYMTAB, SHT_NOBITS = 2, 8
SHF_ALLOC = 2


@dataclass
class Section:
    name: str
    kind: int
    flags: int
    addr: int
    offset: int
    size: int


def _rows(image: bytes, order: str, pointer: int) -> tuple[list[tuple[int, ...]], int]:
    """Section headers, and the number of that of their names."""
    wide = pointer == 8
    shoff, = struct.unpack_from(f"{order}Q" if wide else f"{order}I", image, 40 if wide else 32)
    size, count, names = struct.unpack_from(f"{order}HHH", image, 58 if wide else 46)
    layout = f"{order}IIQQQQIIQQ" if wide else f"{order}10I"
    return [struct.unpack_from(layout, image, shoff + i * size) for i in range(count)], names


def _string(image: bytes, table: tuple[int, ...], at: int) -> str:
    start = table[4] + at
    return image[start:image.index(b"\0", start)].decode()


def sections(image: bytes, order: str, pointer: int) -> list[Section]:
    rows, names = _rows(image, order, pointer)
    return [Section(_string(image, rows[names], row[0]), *row[1:6]) for row in rows]


def symbols(image: bytes, order: str, pointer: int) -> dict[str, tuple[int, int]]:
    """Values and sizes by name."""
    rows, _ = _rows(image, order, pointer)
    found = {}
    for row in rows:
        if row[1] != SHT_SYMTAB:
            continue
        for at in range(row[4], row[4] + row[5], row[9]):
            if pointer == 8:
                name, _, _, _, value, length = struct.unpack_from(f"{order}IBBHQQ", image, at)
            else:
                name, value, length, _, _, _ = struct.unpack_from(f"{order}IIIBBH", image, at)
            found[_string(image, rows[row[6]], name)] = (value, length)
    return found
