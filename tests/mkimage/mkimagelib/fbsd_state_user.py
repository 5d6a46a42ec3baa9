# SPDX-License-Identifier: BSD-2-Clause
"""The memory of the process whose arguments are nowhere but in it.

exec_copyout_strings() (kern/kern_exec.c) lays it out: struct ps_strings at the
stack's end, below it the strings, below them the vectors that point to them.
"""
from __future__ import annotations

from typing import Iterator

from . import fbsd_state_data as data
from .fbsd_state_build import PAGE, Kernel, ps_strings

PID = 1000


class UserSpace:
    """Three pages at the end of the address space."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        machine, process = kernel.machine, data.find_process(PID)
        self.end = machine.user_end
        self.start = self.end // PAGE * PAGE - (2 if self.end % PAGE else 3) * PAGE
        self._bytes = bytearray(-(-self.end // PAGE) * PAGE - self.start)
        at = ps_strings(machine)
        vectors = []
        for strings in (process.user_env, process.user_args):
            places = []
            for text in reversed(strings):
                raw = text.encode() + b"\0"
                at -= len(raw) + 700
                self._put(at, raw)
                places.insert(0, at)
            vectors.append(places)
        at = at // 16 * 16 - 512
        env = at
        self._put(env, b"".join(kernel.word(v) for v in [*vectors[0], 0]))
        argv = at - 256
        self._put(argv, b"".join(kernel.word(v) for v in [*vectors[1], 0]))
        pad = bytes(machine.pointer - 4)
        self._put(ps_strings(machine), b"".join((
            kernel.word(argv), kernel.word(len(vectors[1]), 4), pad,
            kernel.word(env), kernel.word(len(vectors[0]), 4), pad)))

    def _put(self, va: int, raw: bytes) -> None:
        at = va - self.start
        assert at >= 0 and at + len(raw) <= len(self._bytes)
        self._bytes[at:at + len(raw)] = raw

    def pages(self) -> Iterator[tuple[int, bytes]]:
        for at in range(0, len(self._bytes), PAGE):
            yield self.start + at, bytes(self._bytes[at:at + PAGE])

    def place(self, va: int, base: int) -> int:
        """A physical page; neighbours are not neighbours in memory."""
        return base + (va - self.start) // PAGE * 3 * PAGE
