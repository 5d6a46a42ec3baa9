# SPDX-License-Identifier: BSD-2-Clause
"""Dumps of populated powerpc kernels behind their struct kerneldumpheader.

FreeBSD's libkvm for powerpc takes dumps with it, as they lie on the device: 512 bytes in
front (lib/libkvm/kvm_powerpc.c, kvm_powerpc64.c).
"""
from __future__ import annotations

from functools import partial
from pathlib import Path

from .case import add, expect_path, find
from .fbsd_device import DumpHeader

POWERPC_VERSION = 1             # KERNELDUMP_POWERPC_VERSION


def _front(arch: str, image: str, path: Path) -> None:
    made = find(image)
    assert made is not None
    made.make(path)
    dump = path.read_bytes()
    header = DumpHeader(len(dump), len(dump), 512, arch=arch.encode(),
                        arch_version=POWERPC_VERSION, hostname=b"populated.example.org")
    path.write_bytes(header.pack() + dump)
    expect = expect_path(path).read_text(encoding="utf-8")
    if "fact kernel " not in expect:
        expect_path(path).write_text(f"fact kernel {image}.elf\n{expect}", encoding="utf-8")


def _register() -> None:
    for arch, kind in (("powerpc", "virtual"), ("powerpc64", "hpt-v2"),
                       ("powerpc64le", "hpt-v2")):
        add(f"fbsd-state-{arch}-front", f"dump of populated {arch} behind its header",
            partial(_front, arch, f"fbsd-state-{arch}-{kind}"))


_register()
