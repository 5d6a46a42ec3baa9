# SPDX-License-Identifier: BSD-2-Clause
"""Writer of VMware's suspended states: groups of tagged items, memory in one of them."""
from __future__ import annotations

import struct

from .memory import PAGE, Memory

Range = tuple[int, int]

BLOCK = 63


def item(name: str, value: bytes, *indices: int) -> bytes:
    tag = len(name) << 8 | len(indices) << 6 | len(value)
    return struct.pack("<H", tag) + name.encode() + struct.pack(f"<{len(indices)}I", *indices) + value


def block(name: str, data: bytes, pad: int, *indices: int) -> bytes:
    tag = len(name) << 8 | len(indices) << 6 | BLOCK
    head = struct.pack("<H", tag) + name.encode() + struct.pack(f"<{len(indices)}I", *indices)
    return head + struct.pack("<QQH", len(data), len(data), pad) + bytes(pad) + data


def pack(groups: list[tuple[str, bytes]]) -> bytes:
    at = 12 + 80 * len(groups)
    out = struct.pack("<III", 0xBED2BED2, 8, len(groups))
    body = b""
    for name, data in groups:
        out += name.encode().ljust(64, b"\0") + struct.pack("<QQ", at + len(body), len(data))
        body += data
    return out + body


def regions(ranges: list[Range]) -> bytes:
    """Pages of the guest, one behind the other in the file."""
    out = item("align_mask", struct.pack("<I", 0xFFFF))
    out += item("regionsCount", struct.pack("<I", len(ranges)))
    page = 0
    for i, (start, end) in enumerate(ranges):
        pages = (end - start) // PAGE
        out += item("regionPageNum", struct.pack("<I", page), i)
        out += item("regionPPN", struct.pack("<I", start // PAGE), i)
        out += item("regionSize", struct.pack("<I", pages), i)
        page += pages
    return out


def vmss(memory: Memory, ranges: list[Range], inside: bool = True) -> tuple[bytes, bytes]:
    """The state, and what is in .vmem when the memory is not inside of it."""
    data = b"".join(memory.read(start, end - start) for start, end in ranges)
    items = regions(ranges)
    if inside:
        items += block("Memory", data, 100, 0, 0)
    cpu = item("CR64", bytes(8), 0, 3) + b"\0\0"
    return pack([("cpu", cpu), ("memory", items + b"\0\0")]), b"" if inside else data
