# SPDX-License-Identifier: BSD-2-Clause
"""Images of other cases, compressed as a whole."""
from __future__ import annotations

from pathlib import Path

from .case import Case, add, expect_path, find
from .packed import METHODS, Pack


def _write(path: Path, case: Case, pack: Pack, kernel: str | None) -> None:
    case.make(path)
    path.write_bytes(pack(path.read_bytes()))
    if kernel is not None:
        with expect_path(path).open("a", encoding="utf-8") as expect:
            expect.write(f"fact kernel {kernel}\n")


def _add_one(case: Case, name: str, pack: Pack, kernel: str | None) -> None:
    add(name, f"{case.name} in {pack.__name__}",
        lambda path: _write(path, case, pack, kernel))


def _add(base: str, size: str, methods: list[str], kernel: str | None = None) -> None:
    case = find(base)
    if case is None:
        raise ValueError(f"no case {base}")
    for method in methods:
        _add_one(case, f"packed-{size}-{base}-{method}", METHODS[method], kernel)


_add("fbsd-v3-tiny", "tiny", list(METHODS))
_add("linux-elf-tiny", "tiny", ["gz", "zst"])
_add("linux-flat-tiny", "tiny", ["gz3"])
_add("fbsd-device-512", "tiny", ["xz"])
_add("fbsd-v3", "large", list(METHODS))
_add("fbsd-arm64-16k", "large", ["zst"])
_add("fbsd-full", "large", ["gz"], "fbsd-full.elf")
_add("linux-elf-filtered", "large", list(METHODS))
_add("linux-kdump-tiny", "large", ["gz"])
