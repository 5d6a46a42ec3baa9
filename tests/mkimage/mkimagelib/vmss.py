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


def block(name: str, length: int, pad: int, *indices: int) -> bytes:
    """All but the data, which follow."""
    tag = len(name) << 8 | len(indices) << 6 | BLOCK
    head = struct.pack("<H", tag) + name.encode() + struct.pack(f"<{len(indices)}I", *indices)
    return head + struct.pack("<QQH", length, length, pad) + bytes(pad)


def pack(groups: list[tuple[str, bytes]], behind: int = 0) -> bytes:
    """The last group goes on behind all this by so many bytes."""
    at = 12 + 80 * len(groups)
    out = struct.pack("<III", 0xBED2BED2, 8, len(groups))
    body = b""
    for i, (name, data) in enumerate(groups):
        more = behind if i == len(groups) - 1 else 0
        out += name.encode().ljust(64, b"\0") + struct.pack("<QQ", at + len(body),
                                                            len(data) + more)
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


END = b"\0\0"


def state(ranges: list[Range], inside: bool = True) -> bytes:
    """What comes before the memory and END; or all, when the memory is not inside of it."""
    length = sum(end - start for start, end in ranges)
    items = regions(ranges)
    cpu = item("CR64", bytes(8), 0, 3) + END
    if not inside:
        return pack([("cpu", cpu), ("memory", items + END)])
    return pack([("cpu", cpu), ("memory", items + block("Memory", length, 100, 0, 0))],
                length + len(END))


def vmss(memory: Memory, ranges: list[Range]) -> bytes:
    return state(ranges) + b"".join(memory.read(start, end - start)
                                    for start, end in ranges) + END
