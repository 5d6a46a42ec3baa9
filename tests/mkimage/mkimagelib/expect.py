# SPDX-License-Identifier: BSD-2-Clause
"""The expectations file that goes with an image (grammar: README.md)."""
from __future__ import annotations

from pathlib import Path


class Expect:
    """Collects lines; neighbouring stretches of one kind become one line."""

    def __init__(self) -> None:
        self._facts: list[str] = []
        self._maps: list[tuple[int, int, int, str]] = []
        self._special: list[tuple[int, int, int, str]] = []
        self._holes: list[tuple[int, int, str]] = []
        self._phys: list[tuple[int, int, str]] = []
        self._words: list[str] = []
        self._lines: list[str] = []

    def fact(self, key: str, value: int | str) -> None:
        text = f"{value:#x}" if isinstance(value, int) else value
        self._facts.append(f"fact {key} {text}")

    def map(self, va: int, length: int, pa: int, prot: str) -> None:
        _append_run(self._maps, va, length, pa, prot)

    def special(self, va: int, length: int, pa: int, prot: str) -> None:
        _append_run(self._special, va, length, pa, prot)

    def hole(self, va: int, length: int, kind: str) -> None:
        _append_stretch(self._holes, va, length, kind)

    def phys(self, pa: int, length: int, kind: str) -> None:
        _append_stretch(self._phys, pa, length, kind)

    def word(self, va: int, size: int, value: int) -> None:
        self._words.append(f"word {va:x} {size} {value:x}")

    def line(self, text: str) -> None:
        """A line of a kind that only some families of cases use."""
        self._lines.append(text)

    def write(self, path: Path) -> None:
        out = list(self._facts)
        out += [f"map {v:x} {n:x} {p:x} {r}" for v, n, p, r in self._maps]
        out += [f"special {v:x} {n:x} {p:x} {r}" for v, n, p, r in self._special]
        out += [f"hole {v:x} {n:x} {k}" for v, n, k in self._holes]
        out += [f"phys {p:x} {n:x} {k}" for p, n, k in self._phys]
        out += self._words + self._lines
        path.write_text("".join(f"{line}\n" for line in out), encoding="utf-8")


def _append_run(runs: list[tuple[int, int, int, str]], va: int, length: int,
                pa: int, prot: str) -> None:
    if runs:
        v, n, p, r = runs[-1]
        if (v + n, p + n, r) == (va, pa, prot):
            runs[-1] = (v, n + length, p, r)
            return
    runs.append((va, length, pa, prot))


def _append_stretch(runs: list[tuple[int, int, str]], at: int, length: int,
                    kind: str) -> None:
    if length == 0:
        return
    if runs:
        a, n, k = runs[-1]
        if (a + n, k) == (at, kind):
            runs[-1] = (a, n + length, k)
            return
    runs.append((at, length, kind))
