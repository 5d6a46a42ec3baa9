# SPDX-License-Identifier: BSD-2-Clause
"""x86-64 page-table entries (Intel SDM vol. 3A, 4.5; the same bits under every kernel)."""
from __future__ import annotations

import struct

P = 1 << 0
RW = 1 << 1
ACCESSED = 1 << 5
DIRTY = 1 << 6
PS = 1 << 7             # a leaf at the 2 MiB or 1 GiB level
GLOBAL = 1 << 8
PAT_LARGE = 1 << 12     # the PAT bit of a 2 MiB or 1 GiB leaf: not part of the address
NX = 1 << 63

FRAME_4K = 0x000FFFFFFFFFF000
FRAME_2M = 0x000FFFFFFFE00000
FRAME_1G = 0x000FFFFFC0000000

SIZE_4K = 1 << 12
SIZE_2M = 1 << 21
SIZE_1G = 1 << 30

ENTRIES = 512


def prot(entry: int) -> str:
    """Protection of a present leaf, as r, w, x or dashes."""
    return "r" + ("w" if entry & RW else "-") + ("-" if entry & NX else "x")


def flags(letters: str) -> int:
    """Leaf bits for a protection such as rw-."""
    bits = P | ACCESSED
    if "w" in letters:
        bits |= RW | DIRTY
    if "x" not in letters:
        bits |= NX
    return bits


def unpack(table: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(table) // 8}Q", table)
