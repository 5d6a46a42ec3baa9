# SPDX-License-Identifier: BSD-2-Clause
"""Content of plain pages.  ../pattern.h is the specification; this is the same in Python."""
from __future__ import annotations

from functools import lru_cache

PAGE = 4096
WORDS = PAGE // 8
_M64 = (1 << 64) - 1
_MUL1 = 0x9E3779B97F4A7C15
_MUL2 = 0x243F6A8885A308D3

# A whole page is mixed at once in one big integer of 512 lanes.  A lane is 128
# bits wide so that a 64 x 64 bit product cannot reach its neighbour.
_LANE = 128
_ONES = sum(1 << (_LANE * i) for i in range(WORDS))
_MASK = _ONES * _M64
_INDEX = sum(i << (_LANE * i) for i in range(WORDS))
_PERIOD = sum((i & 63) << (_LANE * i) for i in range(WORDS))


def mix(n: int) -> int:
    """One mixed word."""
    z = (n + 1) * _MUL1 & _M64
    z ^= z >> 32
    z = z * _MUL2 & _M64
    return z ^ z >> 32


def _mixed_page(pfn: int, index: int) -> bytes:
    """mix(pfn * 512 + index[lane]) for all lanes, as the bytes of a page."""
    z = (_ONES * (pfn * WORDS + 1) + index) & _MASK
    z = z * _MUL1 & _MASK
    z ^= z >> 32 & _MASK
    z = z * _MUL2 & _MASK
    z ^= z >> 32 & _MASK
    lanes = memoryview(z.to_bytes(WORDS * _LANE // 8, "little")).cast("Q")
    return lanes[::2].tobytes()


@lru_cache(maxsize=4096)
def page(pfn: int) -> bytes:
    """The 4096 bytes of physical page pfn."""
    if pfn % 64 == 63:
        return bytes(PAGE)
    if pfn % 8 == 5:
        return b"".join(bytes([mix(pfn * WORDS + i) & 0xFF]) * 512
                        for i in range(0, WORDS, 64))
    if pfn % 8 == 1:
        return _mixed_page(pfn, _PERIOD)
    return _mixed_page(pfn, _INDEX)
