# SPDX-License-Identifier: BSD-2-Clause
"""Writer of BTF (linux Documentation/bpf/btf.rst), the type information inside a kernel.

A blob is a header, type records in order (ids from 1) and a string section.
"""
from __future__ import annotations

import enum
import struct
from dataclasses import dataclass, field

MAGIC = 0xEB9F
SIGNED, CHAR, BOOL = 1, 2, 4


class Kind(enum.IntEnum):
    INT = 1
    PTR = 2
    ARRAY = 3
    STRUCT = 4
    UNION = 5
    ENUM = 6
    FWD = 7
    TYPEDEF = 8
    VOLATILE = 9
    CONST = 10
    RESTRICT = 11
    FUNC = 12
    FUNC_PROTO = 13
    VAR = 14
    DATASEC = 15
    FLOAT = 16
    DECL_TAG = 17
    TYPE_TAG = 18
    ENUM64 = 19


@dataclass(frozen=True)
class Member:
    """Offsets are in bits; bits is the width of a bit field, 0 for other members."""

    name: str
    type: int
    offset: int
    bits: int = 0


@dataclass
class Btf:
    """Types are appended in order; every method gives the new type's id."""

    order: str = "<"
    _records: list[bytes] = field(default_factory=list)
    _strings: bytearray = field(default_factory=lambda: bytearray(1))
    _at: dict[str, int] = field(default_factory=lambda: {"": 0})

    def string(self, text: str) -> int:
        if text not in self._at:
            self._at[text] = len(self._strings)
            self._strings += text.encode() + b"\0"
        return self._at[text]

    def words(self, *values: int) -> bytes:
        return struct.pack(f"{self.order}{len(values)}I",
                           *(value & 0xFFFFFFFF for value in values))

    def record(self, kind: int, name: int, vlen: int, size_or_type: int, extra: bytes = b"",
               flag: int = 0) -> int:
        """Any record, also one that breaks the rules; name is an offset in the strings."""
        info = flag << 31 | kind << 24 | vlen
        self._records.append(self.words(name, info, size_or_type) + extra)
        return len(self._records)

    def next_id(self) -> int:
        return len(self._records) + 1

    def integer(self, name: str, size: int, encoding: int = 0) -> int:
        return self.record(Kind.INT, self.string(name), 0, size,
                           self.words(encoding << 24 | size * 8))

    def ref(self, kind: Kind, target: int, name: str = "") -> int:
        """PTR, TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG, FUNC: one other type."""
        return self.record(kind, self.string(name), 0, target)

    def fwd(self, name: str, union: bool = False) -> int:
        return self.record(Kind.FWD, self.string(name), 0, 0, flag=int(union))

    def floating(self, name: str, size: int) -> int:
        return self.record(Kind.FLOAT, self.string(name), 0, size)

    def array(self, element: int, index: int, count: int) -> int:
        return self.record(Kind.ARRAY, 0, 0, 0, self.words(element, index, count))

    def structure(self, name: str, size: int, members: list[Member],
               kind: Kind = Kind.STRUCT, wide: bool | None = None) -> int:
        """wide (kind_flag): offsets carry bit-field widths; by default if there are any."""
        flag = any(m.bits for m in members) if wide is None else wide
        extra = b""
        for m in members:
            offset = m.bits << 24 | m.offset if flag else m.offset
            extra += self.words(self.string(m.name), m.type, offset)
        return self.record(kind, self.string(name), len(members), size, extra, int(flag))

    def enumeration(self, name: str, values: dict[str, int], size: int = 4) -> int:
        extra = b"".join(self.words(self.string(n), v) for n, v in values.items())
        signed = int(any(v < 0 for v in values.values()))
        return self.record(Kind.ENUM, self.string(name), len(values), size, extra, signed)

    def enumeration64(self, name: str, values: dict[str, int]) -> int:
        extra = b"".join(self.words(self.string(n), v, v >> 32) for n, v in values.items())
        signed = int(any(v < 0 for v in values.values()))
        return self.record(Kind.ENUM64, self.string(name), len(values), 8, extra, signed)

    def func_proto(self, result: int, parameters: list[tuple[str, int]]) -> int:
        extra = b"".join(self.words(self.string(n), t) for n, t in parameters)
        return self.record(Kind.FUNC_PROTO, 0, len(parameters), result, extra)

    def var(self, name: str, target: int, linkage: int = 1) -> int:
        return self.record(Kind.VAR, self.string(name), 0, target, self.words(linkage))

    def datasec(self, name: str, size: int, entries: list[tuple[int, int, int]]) -> int:
        extra = b"".join(self.words(*entry) for entry in entries)
        return self.record(Kind.DATASEC, self.string(name), len(entries), size, extra)

    def decl_tag(self, name: str, target: int, component: int = -1) -> int:
        return self.record(Kind.DECL_TAG, self.string(name), 0, target, self.words(component))

    def pack(self, header_len: int = 24, **bend: int) -> bytes:
        """bend overrides header fields; a longer header is padded with zeros."""
        types = b"".join(self._records)
        values = {"magic": MAGIC, "version": 1, "flags": 0, "hdr_len": header_len,
                  "type_off": 0, "type_len": len(types), "str_off": len(types),
                  "str_len": len(self._strings)}
        values.update(bend)
        header = struct.pack(f"{self.order}HBBIIIII", *values.values())
        return header.ljust(header_len, b"\0") + types + bytes(self._strings)
