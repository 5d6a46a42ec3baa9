# SPDX-License-Identifier: BSD-2-Clause
"""Command line options that the programs here have in common."""

import argparse
import os
from pathlib import Path

from factory.arches import ARCHES


def default_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "libkvm"


def parser(description: str) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--arch", choices=sorted(ARCHES), default="amd64")
    options.add_argument("--suite", help="Debian release (the architecture's usual one)")
    options.add_argument("--cache", type=Path, default=default_cache(), metavar="DIR",
                         help="where downloaded packages are kept")
    return options
