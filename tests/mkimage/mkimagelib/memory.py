# SPDX-License-Identifier: BSD-2-Clause
"""Physical memory of the machine whose dump is made."""
from __future__ import annotations

import struct

from . import pattern

PAGE = pattern.PAGE


class Memory:
    """Pages hold the pattern, except those that something was planted into."""

    def __init__(self) -> None:
        self._planted: dict[int, bytearray] = {}

    def page(self, pfn: int) -> bytes:
        planted = self._planted.get(pfn)
        return bytes(planted) if planted is not None else pattern.page(pfn)

    def is_planted(self, pfn: int) -> bool:
        return pfn in self._planted

    def planted(self) -> list[int]:
        return sorted(self._planted)

    def read(self, pa: int, length: int) -> bytes:
        out = bytearray()
        while length > 0:
            off = pa % PAGE
            part = self.page(pa // PAGE)[off:off + length]
            out += part
            pa += len(part)
            length -= len(part)
        return bytes(out)

    def write(self, pa: int, data: bytes) -> None:
        """Plant data; the rest of the touched pages keeps the pattern."""
        pos = 0
        while pos < len(data):
            pfn, off = divmod(pa + pos, PAGE)
            page = self._planted.setdefault(pfn, bytearray(pattern.page(pfn)))
            part = data[pos:pos + PAGE - off]
            page[off:off + len(part)] = part
            pos += len(part)

    def clear(self, pfn: int) -> None:
        """Make a page of zeros that does not count as pattern (a fresh page table)."""
        self._planted[pfn] = bytearray(PAGE)

    def write_u64(self, pa: int, value: int) -> None:
        self.write(pa, struct.pack("<Q", value))

    def read_u64(self, pa: int) -> int:
        return int.from_bytes(self.read(pa, 8), "little")


class PageAllocator:
    """Hands out physical page numbers from a list, in order."""

    def __init__(self, pfns: list[int]) -> None:
        self._free = list(reversed(pfns))

    def take(self) -> int:
        return self._free.pop()
