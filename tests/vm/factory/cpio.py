# SPDX-License-Identifier: BSD-2-Clause
"""Writes cpio archives in the format the kernel unpacks at boot (newc)."""

import stat
from pathlib import Path


class Cpio:
    """An archive in memory; the same calls always give the same bytes."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._inode = 0
        self._directories: set[str] = set()

    def _add(self, name: str, mode: int, content: bytes = b"",
             device: tuple[int, int] = (0, 0)) -> None:
        self._inode += 1
        path = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device,
                  len(path), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + path
        self._parts += [header, bytes(-len(header) % 4), content, bytes(-len(content) % 4)]

    def directory(self, name: str) -> None:
        """Adds a directory and those above it, unless already there."""
        for path in [*list(Path(name).parents)[-2::-1], Path(name)]:
            if str(path) not in self._directories:
                self._directories.add(str(path))
                self._add(str(path), stat.S_IFDIR | 0o755)

    def _parent(self, name: str) -> None:
        if "/" in name:
            self.directory(str(Path(name).parent))

    def file(self, name: str, content: bytes, mode: int = 0o644) -> None:
        self._parent(name)
        self._add(name, stat.S_IFREG | mode, content)

    def symlink(self, name: str, target: str) -> None:
        self._parent(name)
        self._add(name, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, name: str, major: int, minor: int) -> None:
        self._parent(name)
        self._add(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def finish(self) -> bytes:
        self._add("TRAILER!!!", 0)
        return b"".join(self._parts)
