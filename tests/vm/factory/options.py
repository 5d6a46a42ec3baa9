# SPDX-License-Identifier: BSD-2-Clause
"""Command line options that the programs here have in common."""

import argparse
from pathlib import Path

from factory.arches import ARCHES


def default_cache() -> Path:
    """The checkout's own, as in the Makefile."""
    return Path(__file__).resolve().parents[3] / ".cache"


def parser(description: str) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--arch", choices=sorted(ARCHES), default="amd64")
    options.add_argument("--suite", help="Debian release (the architecture's usual one)")
    options.add_argument("--cache", type=Path, default=default_cache(), metavar="DIR",
                         help="where downloaded packages are kept")
    return options
