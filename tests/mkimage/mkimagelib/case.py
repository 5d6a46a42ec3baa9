# SPDX-License-Identifier: BSD-2-Clause
"""The table of cases."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable

Make = Callable[[Path], None]


@dataclass(frozen=True)
class Case:
    """One named image; make() gets the path of the main file to write."""

    name: str
    about: str
    make: Make
    large: bool = False      # not one of --all


_CASES: dict[str, Case] = {}


def case(name: str, about: str) -> Callable[[Make], Make]:
    """Decorator that registers a maker under a name."""
    def register(make: Make) -> Make:
        add(name, about, make)
        return make
    return register


def add(name: str, about: str, make: Make, large: bool = False) -> None:
    if name in _CASES:
        raise ValueError(f"case {name} is there twice")
    _CASES[name] = Case(name, about, make, large)


def all_cases() -> list[Case]:
    return list(_CASES.values())


def find(name: str) -> Case | None:
    return _CASES.get(name)


def expect_path(image: Path) -> Path:
    return image.with_name(image.name + ".expect")
