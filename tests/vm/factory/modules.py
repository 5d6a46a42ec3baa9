# SPDX-License-Identifier: BSD-2-Clause
"""Kernel modules: names, compression and dependencies."""

import lzma
import re

# What the guest needs (report channel, vmcoreinfo) and, so that there is
# some module memory to look at, a few more, one of them with dependencies.
WANTED = ("virtio_pci", "virtio_mmio", "virtio_console", "qemu_fw_cfg", "loop", "dummy", "bridge")


def module_name(path: str) -> str | None:
    """The name of the module in this file, None if it is no module."""
    match = re.search(r"([^/]+)\.ko(?:\.xz)?$", path)
    return match.group(1).replace("-", "_") if match else None


def decompress(path: str, content: bytes) -> bytes:
    return lzma.decompress(content) if path.endswith(".xz") else content


def dependencies(module: bytes) -> list[str]:
    """The modules this one needs, from its .modinfo section."""
    match = re.search(rb"\0depends=([^\0]*)\0", module)
    names = match.group(1).decode().split(",") if match else []
    return [name.replace("-", "_") for name in names if name]
