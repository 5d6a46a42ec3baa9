# SPDX-License-Identifier: BSD-2-Clause
"""What differs between guest architectures: one row each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Arch:
    debian: str             # Debian's name of the architecture
    kernel: str             # metapackage that depends on the newest kernel
    image: str              # how the kernel's file name in /boot starts
    qemu: str
    machine: str
    cpus: tuple[str, ...]   # CPU models the variants may ask for
    console: str            # the kernel's name of the first serial port
    serial_bus: str         # QEMU's virtio-serial device for this machine
    compiler: str           # makes static programs for the guest


ARCHES = {arch.debian: arch for arch in (
    Arch("amd64", "linux-image-amd64", "vmlinuz-",
         "qemu-system-x86_64", "q35", ("max", "qemu64"), "ttyS0",
         "virtio-serial-pci", "x86_64-linux-gnu-gcc"),
)}
