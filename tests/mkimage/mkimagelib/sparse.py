# SPDX-License-Identifier: BSD-2-Clause
"""A sequential writer that leaves holes in the file where the data is zero."""
from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

_BLOCK = 4096


class SparseFile:
    """Blocks of zeros are skipped, so that a large image costs little disk."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "wb")

    def __enter__(self) -> "SparseFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._file.truncate(self._file.tell())
        self._file.close()

    def tell(self) -> int:
        return self._file.tell()

    def skip(self, length: int) -> None:
        self._file.seek(length, os.SEEK_CUR)

    def write(self, data: bytes) -> None:
        if len(data) <= _BLOCK:
            self._write_block(data)
            return
        for at in range(0, len(data), _BLOCK):
            self._write_block(data[at:at + _BLOCK])

    def pad_to(self, align: int) -> None:
        self.skip(-self.tell() % align)

    def _write_block(self, block: bytes) -> None:
        if block.count(0) == len(block):
            self.skip(len(block))
        else:
            self._file.write(block)
