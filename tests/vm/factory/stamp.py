# SPDX-License-Identifier: BSD-2-Clause
"""A hash over everything that a variant's dumps are made from."""

import hashlib
import subprocess
from pathlib import Path

from factory import makedumpfile
from factory.arches import Arch
from factory.packages import Guest
from factory.variants import Variant

HERE = Path(__file__).resolve().parent
# Of the first two only one row counts, and that is hashed; the others make
# no dumps.
NOT_HASHED = ("arches.py", "variants.py", "guests.py", "options.py")


def _tool_versions(arch: Arch) -> list[str]:
    return [subprocess.run([tool, "--version"], check=True, capture_output=True, text=True,
                           timeout=60).stdout for tool in (arch.qemu, arch.compiler)]


def _sources() -> list[Path]:
    files = [*HERE.glob("*.py"), *(HERE.parent / "guest").iterdir()]
    return [path for path in sorted(files) if path.name not in NOT_HASHED]


def stamp(arch: Arch, variant: Variant, guest: Guest, extra: Path | None) -> str:
    digest = hashlib.sha256()

    def add(*parts: object) -> None:
        digest.update(repr(parts).encode())

    add(arch, variant, guest.versions, guest.modules)
    add(guest.crash and guest.crash.versions)
    add(_tool_versions(arch), makedumpfile.version())
    for path in _sources():
        add(path.name, path.read_bytes())
    for path in sorted(extra.rglob("*")) if extra else ():
        add(str(path.relative_to(extra)), path.lstat().st_mode,
            path.readlink() if path.is_symlink() else
            path.read_bytes() if path.is_file() else None)
    return digest.hexdigest()
