# SPDX-License-Identifier: BSD-2-Clause
"""Dumps derived from QEMU's by makedumpfile, where it is installed."""

import shutil
import struct
import subprocess
from pathlib import Path

from factory.dumps import FROM_MAKEDUMPFILE, Derived
from factory.files import copy_sparse

TIMEOUT = 300
# It reads dumps of the architecture only that it was built for.
ARCH = "amd64"

ELF_HEADER_SIZE = 64


def version() -> str:
    """Empty if makedumpfile is not installed."""
    if not shutil.which("makedumpfile"):
        return ""
    return subprocess.run(["makedumpfile", "-v"], capture_output=True, text=True,
                          timeout=TIMEOUT, check=False).stdout


def _move_program_headers(path: Path) -> None:
    """
    Puts an ELF64 file's program headers right behind the file header.

    That is where makedumpfile looks for them, without regard to e_phoff;
    QEMU since 7.2 has its (unused) section headers there.
    """
    with open(path, "r+b") as file:
        header = bytearray(file.read(ELF_HEADER_SIZE))
        order = "<" if header[5] == 1 else ">"
        offset, = struct.unpack_from(f"{order}Q", header, 32)
        size, count = struct.unpack_from(f"{order}HH", header, 54)
        file.seek(offset)
        program_headers = file.read(size * count)
        struct.pack_into(f"{order}QQ", header, 32, ELF_HEADER_SIZE, 0)
        struct.pack_into(f"{order}H", header, 52, ELF_HEADER_SIZE)
        struct.pack_into(f"{order}HHH", header, 58, 0, 0, 0)
        file.seek(0)
        file.write(header + program_headers)


def _run(row: Derived, source: Path, target: Path) -> str:
    """Returns why there is no target, or nothing."""
    flattened = "-F" in row.options     # written to standard output
    rearranged = "-R" in row.options    # read from standard input
    messages = target.with_name(f"{target.name}.messages")
    with open(source, "rb") as stdin, \
            open(target if flattened else messages, "wb") as stdout:
        done = subprocess.run(
            ["makedumpfile", *row.options, *([] if rearranged else [source]),
             *([] if flattened else [target])],
            stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
    said = b"" if flattened else messages.read_bytes()
    messages.unlink(missing_ok=True)
    if done.returncode == 0:
        target.chmod(0o644)
        return ""
    target.unlink(missing_ok=True)
    first = (done.stderr + said).decode("latin-1").strip().partition("\n")[0]
    return first.replace(str(source), row.source)


def derive(directory: Path, scratch: Path) -> dict[str, str]:
    """Makes what can be made; returns the names that could not, with reasons."""
    failures = {}
    movable = scratch / "elf-movable"
    copy_sparse(directory / "elf", movable)
    _move_program_headers(movable)
    for name, row in FROM_MAKEDUMPFILE.items():
        source = movable if row.source == "elf" else directory / row.source
        reason = _run(row, source, directory / name)
        if reason:
            failures[name] = reason
    movable.unlink()
    return failures
