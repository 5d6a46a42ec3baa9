# SPDX-License-Identifier: BSD-2-Clause
"""Dumps derived from QEMU's by makedumpfile, where it is installed."""

import re
import shutil
import struct
import subprocess
from pathlib import Path

from factory.dumps import FROM_MAKEDUMPFILE, OPTIONAL, Derived
from factory.files import copy_sparse

TIMEOUT = 300
# It reads dumps of the architecture only that it was built for.
ARCH = "amd64"

ELF_HEADER_SIZE = 64

# How its help tells of a way to compress.
SUPPORT = re.compile(r"^(\w+) support:\n\s*enabled", re.MULTILINE | re.IGNORECASE)


def version() -> str:
    """Empty if makedumpfile is not installed."""
    if not shutil.which("makedumpfile"):
        return ""
    return subprocess.run(["makedumpfile", "-v"], capture_output=True, text=True,
                          timeout=TIMEOUT, check=False).stdout


def _lacking() -> dict[str, str]:
    """The options that this makedumpfile ignores, with what they ask for."""
    told = subprocess.run(["makedumpfile", "--help"], capture_output=True, text=True,
                          timeout=TIMEOUT, check=False)
    has = {name.lower() for name in SUPPORT.findall(told.stdout + told.stderr)}
    return {option: name for option, name in OPTIONAL.items() if name not in has}


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
    files = row.files(target)
    messages = target.with_name(f"{target.name}.messages")
    with open(source, "rb") as stdin, \
            open(target if flattened else messages, "wb") as stdout:
        done = subprocess.run(
            ["makedumpfile", *row.options, *([] if rearranged else [source]),
             *([] if flattened else files)],
            stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
    said = b"" if flattened else messages.read_bytes()
    messages.unlink(missing_ok=True)
    if done.returncode == 0:
        for file in files:
            file.chmod(0o644)
        return ""
    for file in files:
        file.unlink(missing_ok=True)
    first = (done.stderr + said).decode("latin-1").strip().partition("\n")[0]
    return first.replace(str(source), row.source)


def derive(directory: Path, scratch: Path) -> dict[str, str]:
    """Makes what can be made; returns the names that could not, with reasons."""
    failures = {}
    movable = scratch / "elf-movable"
    copy_sparse(directory / "elf", movable)
    _move_program_headers(movable)
    lacking = _lacking()
    for name, row in FROM_MAKEDUMPFILE.items():
        absent = [lacking[option] for option in row.options if option in lacking]
        if absent:
            failures[name] = f"makedumpfile was built without {absent[0]}"
            continue
        source = movable if row.source == "elf" else directory / row.source
        reason = _run(row, source, directory / name)
        if reason:
            failures[name] = reason
    movable.unlink()
    return failures
