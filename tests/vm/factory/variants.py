# SPDX-License-Identifier: BSD-2-Clause
"""The machines that are booted and dumped: one row each."""

from dataclasses import dataclass

from factory.arches import Arch


@dataclass(frozen=True)
class Variant:
    name: str
    cpu: str                    # on amd64 max has 5-level paging, qemu64 has not
    vmcoreinfo: bool = True     # QEMU's device: the guest tells where the note is
    cmdline: str = ""
    panic: bool = False         # dumped after the kernel panicked
    kexec: bool = False         # not by QEMU: by a second kernel, which the panic starts
    memory: int = 0             # MiB; 0: as much as the architecture's others
    machine: str = ""           # empty: the architecture's usual one
    saved: bool = False         # QEMU's own save file is one of the dumps
    asked_for: bool = False     # made only when it is named
    only: str = ""              # of this architecture


VARIANTS = {variant.name: variant for variant in (
    Variant("max-vmcoreinfo", "max"),
    Variant("max-plain", "max", vmcoreinfo=False, saved=True),
    Variant("qemu64-vmcoreinfo", "qemu64"),
    Variant("qemu64-plain", "qemu64", vmcoreinfo=False),
    Variant("nokaslr", "max", cmdline="nokaslr"),
    Variant("nokaslr-plain", "qemu64", vmcoreinfo=False, cmdline="nokaslr", machine="pc",
            saved=True),
    Variant("panic", "max", panic=True),
    Variant("kexec", "max", cmdline="crashkernel=256M", panic=True, kexec=True, memory=768,
            asked_for=True, only="amd64"),
    Variant("crowd", "qemu64", cmdline="crowd=5000", memory=1024, asked_for=True),
    Variant("old-plain", "old", vmcoreinfo=False),
    Variant("sv39", "max", vmcoreinfo=False, cmdline="no4lvl", only="riscv64",
            asked_for=True),
    Variant("sv48", "max", vmcoreinfo=False, cmdline="no5lvl", only="riscv64",
            asked_for=True),
)}


def variants_of(arch: Arch) -> list[Variant]:
    """Those whose processor there is, and that would not be equal to another."""
    return [variant for variant in VARIANTS.values() if variant.cpu in arch.cpus and
            variant.only in ("", arch.debian) and
            (arch.fw_cfg or not variant.vmcoreinfo or variant.panic)]
