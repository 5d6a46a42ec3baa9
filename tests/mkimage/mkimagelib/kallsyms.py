# SPDX-License-Identifier: BSD-2-Clause
"""Writer of the kernel's own symbol table, as linux scripts/kallsyms.c emits it.

Orders and encodings changed with the releases named in Order and Encoding.  The
compression is simpler than the kernel's (it picks frequent strings once, not
pair by pair), but its result has the same form.
"""
from __future__ import annotations

import enum
import struct
from collections import Counter
from dataclasses import dataclass, field
from typing import Callable

_ALWAYS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"


class Order(enum.Enum):
    """Which arrays there are, and in what order."""

    V419 = "before 4.20: num_syms and markers are unsigned long"
    V60 = "up to 6.0"
    V61 = "6.1 to 6.3: seqs_of_names before the tokens"
    V64 = "6.4 to 6.19: addresses behind the tokens"
    V70 = "from 7.0: no relative_base"


class Encoding(enum.Enum):
    ABSOLUTE = "kallsyms_addresses"
    BASE = "offset from relative_base"
    PERCPU = "positive: absolute; negative: from relative_base"
    PLACE = "offset from the place of the element"


@dataclass(frozen=True)
class KernelSymbol:
    name: str
    value: int
    stype: str


@dataclass
class Tokens:
    """256 strings; a name is a sequence of their numbers."""

    table: list[bytes]

    @classmethod
    def build(cls, names: list[bytes]) -> "Tokens":
        """A used character is its own token; free numbers take frequent strings.

        Letters and digits count as used: a kernel's names use all of them.
        """
        used = {byte for name in names for byte in name} | set(_ALWAYS)
        table = [bytes([code]) if code in used else b"" for code in range(256)]
        free = [code for code in range(256) if code not in used]
        for code, text in zip(reversed(free), _frequent(names, len(free))):
            table[code] = text
        return cls(table)

    def __post_init__(self) -> None:
        self._codes = {text: code for code, text in enumerate(self.table) if text}
        self._longest = max(map(len, self._codes))

    def encode(self, name: bytes) -> bytes:
        """The longest token that fits, again and again."""
        out = bytearray()
        at = 0
        while at < len(name):
            for length in range(min(self._longest, len(name) - at), 0, -1):
                code = self._codes.get(name[at:at + length])
                if code is not None:
                    out.append(code)
                    at += length
                    break
        return bytes(out)

    def pack_table(self) -> bytes:
        return b"".join(text + b"\0" for text in self.table)

    def pack_index(self, order: str) -> bytes:
        at = 0
        index = []
        for text in self.table:
            index.append(at)
            at += len(text) + 1
        return struct.pack(f"{order}256H", *index)


def _frequent(names: list[bytes], count: int) -> list[bytes]:
    """Strings of two to six characters by the bytes they save; ties in string order."""
    seen: Counter[bytes] = Counter()
    for name in names:
        for length in range(2, 7):
            seen.update(name[at:at + length] for at in range(len(name) - length + 1))
    ranked = sorted(seen, key=lambda text: (-seen[text] * (len(text) - 1), text))
    return ranked[:count]


@dataclass
class Kallsyms:
    """The arrays, laid out at a virtual address."""

    symbols: list[KernelSymbol]
    va: int
    order: Order
    encoding: Encoding
    base: int = 0               # relative_base
    endian: str = "<"
    address: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # sorted by address as the kernel has them; equal addresses keep their order
        self.symbols = sorted(self.symbols, key=lambda symbol: symbol.value)
        self._texts = [(s.stype + s.name).encode() for s in self.symbols]
        self.tokens = Tokens.build(self._texts)

    def _align(self) -> int:
        return 4 if self.order is Order.V70 else 8

    def _two_byte_lengths(self) -> bool:
        return self.order in (Order.V61, Order.V64, Order.V70)

    def _record(self, text: bytes) -> bytes:
        codes = self.tokens.encode(text)
        if len(codes) < 0x80 or not self._two_byte_lengths():
            return bytes([len(codes)]) + codes
        return bytes([len(codes) & 0x7F | 0x80, len(codes) >> 7]) + codes

    def _names(self) -> tuple[bytes, bytes]:
        """The names and the markers: the place of every 256th name."""
        word = "Q" if self.order is Order.V419 else "I"
        names = bytearray()
        markers = b""
        for number, text in enumerate(self._texts):
            if number % 256 == 0:
                markers += struct.pack(self.endian + word, len(names))
            names += self._record(text)
        return bytes(names), markers

    def _seqs_of_names(self) -> bytes:
        """Numbers of the symbols sorted by name, three bytes each, big-endian."""
        ranked = sorted(range(len(self.symbols)), key=lambda i: (self.symbols[i].name, i))
        return b"".join(number.to_bytes(3, "big") for number in ranked)

    def _offset(self, number: int, at: int) -> int:
        value = self.symbols[number].value
        if self.encoding is Encoding.PLACE:
            return value - (at + 4 * number) & 0xFFFFFFFF
        if self.encoding is Encoding.PERCPU:
            # percpu symbols are small numbers, all others lie above the base
            if value < self.base:
                return value
            return self.base - 1 - value & 0xFFFFFFFF
        return value - self.base & 0xFFFFFFFF

    def _addresses(self, at: int) -> bytes:
        count = len(self.symbols)
        if self.encoding is Encoding.ABSOLUTE:
            return struct.pack(f"{self.endian}{count}Q", *(s.value for s in self.symbols))
        return struct.pack(f"{self.endian}{count}I",
                           *(self._offset(i, at) for i in range(count)))

    def _parts(self) -> list[str]:
        where = ["addresses" if self.encoding is Encoding.ABSOLUTE else "offsets"]
        if self.encoding in (Encoding.BASE, Encoding.PERCPU):
            where.append("relative_base")
        names = ["num_syms", "names", "markers"]
        tokens = ["token_table", "token_index"]
        if self.order in (Order.V419, Order.V60):
            return where + names + tokens
        if self.order is Order.V61:
            return where + names + ["seqs_of_names"] + tokens
        return names + tokens + where + ["seqs_of_names"]

    def _content(self, part: str, at: int) -> bytes:
        word = "Q" if self.order is Order.V419 else "I"
        makers: dict[str, Callable[[], bytes]] = {
            "addresses": lambda: self._addresses(at),
            "offsets": lambda: self._addresses(at),
            "relative_base": lambda: struct.pack(f"{self.endian}Q", self.base),
            "num_syms": lambda: struct.pack(self.endian + word, len(self.symbols)),
            "names": lambda: self._names()[0],
            "markers": lambda: self._names()[1],
            "seqs_of_names": self._seqs_of_names,
            "token_table": self.tokens.pack_table,
            "token_index": lambda: self.tokens.pack_index(self.endian)}
        return makers[part]()

    def pack(self) -> bytes:
        """The bytes from va on; address gets where each array begins."""
        out = bytearray()
        for part in self._parts():
            out += bytes(-len(out) % self._align())
            at = self.va + len(out)
            self.address[f"kallsyms_{part}"] = at
            out += self._content(part, at)
        return bytes(out)


def decoy(endian: str = "<") -> bytes:
    """Looks like a token table and its index up to the digits, but does not fit."""
    table = [bytes([code]) if 0x20 <= code < 0x7F else b"" for code in range(256)]
    fake = Tokens(table)
    index = list(struct.unpack(f"{endian}256H", fake.pack_index(endian)))
    index[0x80:] = [value + 3 for value in index[0x80:]]
    text = fake.pack_table()
    return text + bytes(-len(text) % 8) + struct.pack(f"{endian}256H", *index)
