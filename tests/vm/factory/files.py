# SPDX-License-Identifier: BSD-2-Clause
"""Large files that are mostly zeros."""

import subprocess
from pathlib import Path

TIMEOUT = 300


def dig_holes(path: Path) -> None:
    """Gives back the blocks that hold only zeros; the content stays."""
    # Not every file system can; then the file stays as large as it is.
    subprocess.run(["fallocate", "--dig-holes", path], check=False, timeout=TIMEOUT,
                   stderr=subprocess.DEVNULL)


def copy_sparse(source: Path, target: Path) -> None:
    subprocess.run(["cp", "--sparse=always", "--no-preserve=mode", source, target],
                   check=True, timeout=TIMEOUT)
