# SPDX-License-Identifier: BSD-2-Clause
"""The files made of one stopped machine: one row each."""

from dataclasses import dataclass
from pathlib import Path

# dump-guest-memory's arguments.
FROM_QEMU = {
    "elf": {"paging": False},
    "elf-paging": {"paging": True},
    "kdump-zlib.flat": {"paging": False, "format": "kdump-zlib"},
    "kdump-lzo.flat": {"paging": False, "format": "kdump-lzo"},
    "kdump-snappy.flat": {"paging": False, "format": "kdump-snappy"},
}
# QEMU's migration stream, of the variants that ask for it.
SAVED = "qemu-save"

# makedumpfile's options in the kernel that follows a crash; none: a plain copy.
FROM_CRASH = {
    "vmcore": (),
    "kdump-zlib-d31": ("-c", "-d", "31"),
    "kdump-lzo-d31.flat": ("-F", "-l", "-d", "31"),
    "kdump-zstd-d31": ("-z", "-d", "31"),
}
# What a kpeek of ours, where there is one, is asked there about /proc/vmcore.
ASKED_IN_CRASH = ("info --json", "ps --json", "dmesg", "bt", "sym init_task")
# What not every makedumpfile was built with, by the option that asks for it.
OPTIONAL = {"-p": "snappy", "-z": "zstd"}


@dataclass(frozen=True)
class Derived:
    """What makedumpfile makes of a file of QEMU's."""
    source: str
    options: tuple[str, ...]
    members: int = 0    # of a split set, each a file NAME.1, NAME.2 ...

    def files(self, target: Path) -> list[Path]:
        return [target.with_name(f"{target.name}.{i + 1}")
                for i in range(self.members)] or [target]


FROM_MAKEDUMPFILE = {
    "kdump-zlib": Derived("kdump-zlib.flat", ("-R",)),
    "elf-d31": Derived("elf", ("-E", "-d", "31")),
    "kdump-raw-d31": Derived("elf", ("-d", "31")),
    "kdump-zlib-d1": Derived("elf", ("-c", "-d", "1")),
    "kdump-zlib-d31": Derived("elf", ("-c", "-d", "31")),
    "kdump-zlib-d31.flat": Derived("elf", ("-F", "-c", "-d", "31")),
    "kdump-lzo-d31": Derived("elf", ("-l", "-d", "31")),
    "kdump-snappy-d31": Derived("elf", ("-p", "-d", "31")),
    "kdump-zstd-d31": Derived("elf", ("-z", "-d", "31")),
    "kdump-split-d31": Derived("elf", ("--split", "--splitblock-size", "64", "-c", "-d", "31"),
                               members=3),
}
