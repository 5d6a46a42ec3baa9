# SPDX-License-Identifier: BSD-2-Clause
"""Command line."""
from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from functools import partial
from pathlib import Path

from . import families  # noqa: F401  (registers the cases)
from .case import Case, all_cases, find


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="mkimage", description="Write kernel-dump images for tests and fuzz seeds.")
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--all", action="store_true", help="every case but the large ones")
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    parser.add_argument("--out", type=Path, default=Path("."), metavar="DIR",
                        help="where to write (default: here)")
    return parser.parse_args()


def _chosen(arguments: argparse.Namespace) -> list[Case]:
    if arguments.all:
        return [case for case in all_cases() if not case.large]
    chosen = []
    for name in arguments.cases:
        found = find(name)
        if found is None:
            sys.exit(f"mkimage: no case {name}; see mkimage --list")
        chosen.append(found)
    if not chosen:
        sys.exit("mkimage: name a case, or give --all or --list")
    return chosen


def _make(out: Path, name: str) -> None:
    case = find(name)
    assert case is not None
    case.make(out / name)


def _write(cases: list[Case], out: Path) -> None:
    """Neighbours share kernels that compilers made, so each process gets some in a row."""
    names = [case.name for case in cases]
    jobs = len(os.sched_getaffinity(0))
    if jobs == 1 or len(names) < 16:
        for name in names:
            _make(out, name)
        return
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for _ in pool.imap_unordered(partial(_make, out), names, chunksize=8):
            pass


def main() -> int:
    arguments = _arguments()
    if arguments.list:
        for case in all_cases():
            print(f"{case.name}\t{case.about}")
        return 0
    chosen = _chosen(arguments)
    arguments.out.mkdir(parents=True, exist_ok=True)
    _write(chosen, arguments.out)
    return 0
