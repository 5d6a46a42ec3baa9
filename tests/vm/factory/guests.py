# SPDX-License-Identifier: BSD-2-Clause
"""The guests that tests need: one row for each directory of dumps."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guests:
    name: str                       # of the directory; empty: the main one
    arch: str                       # a row of arches.py
    variants: tuple[str, ...] = ()  # rows of variants.py; none: all there are
    suite: str = ""                 # empty: the architecture's usual one
    matrix: bool = False            # of slow tests only
    extra: bool = False             # with the files of mkall's --extra


# What takes longest comes first.
GUESTS = (
    Guests("", "amd64"),
    Guests("live", "amd64", ("kexec", "max-vmcoreinfo"), extra=True),
    Guests("ppc64el-trixie", "ppc64el", ("max-plain",)),
    Guests("riscv64", "riscv64", ("max-plain", "panic")),
    Guests("arm64", "arm64", ("max-plain", "old-plain", "panic")),
    Guests("arm64-16k", "arm64-16k", ("max-plain",)),
    Guests("s390x-trixie", "s390x", ("max-plain",)),
    Guests("s390x", "s390x", ("max-plain",), suite="bookworm"),
    Guests("i386", "i386", ("max-plain",)),
    Guests("i386-pae", "i386-pae", ("max-plain",)),
    Guests("armhf", "armhf", ("max-plain",)),
    Guests("armhf-lpae", "armhf-lpae", ("max-plain",)),
    Guests("armhf-trixie", "armhf", ("max-plain",), suite="trixie"),
    Guests("armhf-sid", "armhf", ("max-plain",), suite="sid"),
    Guests("amd64-bullseye", "amd64", ("panic",), suite="bullseye", extra=True),
    Guests("amd64-trixie", "amd64", ("panic",), suite="trixie", extra=True),
    Guests("amd64-sid", "amd64", ("panic",), suite="sid", extra=True),

    Guests("amd64-bullseye", "amd64", suite="bullseye", matrix=True, extra=True),
    Guests("amd64-sid", "amd64", suite="sid", matrix=True, extra=True),
    Guests("amd64-trixie", "amd64", suite="trixie", matrix=True, extra=True),
    Guests("amd64-trixie", "amd64", ("kexec",), suite="trixie", matrix=True, extra=True),
    Guests("arm64", "arm64", matrix=True),
    Guests("arm64-bookworm", "arm64", ("max-plain",), suite="bookworm", matrix=True),
    Guests("arm64-16k", "arm64-16k", matrix=True),
    Guests("riscv64", "riscv64", matrix=True),
    Guests("s390x-trixie", "s390x", matrix=True),
    Guests("i386", "i386", matrix=True),
    Guests("i386-pae", "i386-pae", matrix=True),
    Guests("armhf", "armhf", matrix=True),
    Guests("armhf-lpae", "armhf-lpae", matrix=True),
    Guests("armhf-bullseye", "armhf", ("max-plain",), suite="bullseye", matrix=True),
    Guests("i386-bullseye", "i386", ("max-plain",), suite="bullseye", matrix=True),
)
