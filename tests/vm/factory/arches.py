# SPDX-License-Identifier: BSD-2-Clause
"""What differs between guest architectures: one row each."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Arch:
    name: str               # Debian's architecture and, if not the usual one, the flavour
    debian: str             # Debian's name of the architecture
    kernel: str             # metapackage that depends on the newest kernel
    image: str              # how the kernel's file name in /boot starts
    qemu: str
    machine: str
    cpus: dict[str, str]    # the models that variants ask for: how this QEMU calls them
    console: str            # the kernel's name of the first serial port
    serial_bus: str         # QEMU's virtio-serial device for this machine
    compiler: str           # makes static programs for the guest
    fw_cfg: bool = True     # has the device by which the guest tells of its vmcoreinfo
    memory: int = 256       # MiB
    suite: str = "bookworm"
    modules: tuple[str, ...] = field(default=())    # loaded before all others
    threads: str = "single"     # QEMU's, for the processors


def _arm64(name: str, kernel: str, suite: str, **older: str) -> Arch:
    # The emulated algorithm for pointer authentication is slow; another is allowed.
    # What one processor broadcasts would wait for the others' turns of one thread.
    return Arch(name, "arm64", kernel, "vmlinuz-", "qemu-system-aarch64", "virt",
                {"max": "max,pauth-impdef=on", **older}, "ttyAMA0",
                "virtio-serial-device", "aarch64-linux-gnu-gcc", threads="multi", suite=suite)


def _armhf(name: str, kernel: str) -> Arch:
    # Without LPAE a kernel cannot use what the machine has above 4 GiB.  What
    # one processor broadcasts would wait for the others' turns of one thread.
    return Arch(name, "armhf", kernel, "vmlinuz-", "qemu-system-arm", "virt,highmem=off",
                {"max": "cortex-a15"}, "ttyAMA0", "virtio-serial-device",
                "arm-linux-gnueabihf-gcc", threads="multi")


def _i386(name: str, kernel: str) -> Arch:
    return Arch(name, "i386", kernel, "vmlinuz-", "qemu-system-i386", "q35", {"max": "max"},
                "ttyS0", "virtio-serial-pci", "i686-linux-gnu-gcc")


ARCHES = {arch.name: arch for arch in (
    Arch("amd64", "amd64", "linux-image-amd64", "vmlinuz-",
         "qemu-system-x86_64", "q35", {"max": "max", "qemu64": "qemu64"}, "ttyS0",
         "virtio-serial-pci", "x86_64-linux-gnu-gcc", memory=512),
    _arm64("arm64", "linux-image-arm64", "trixie", old="cortex-a57"),
    # The older one has no pages of 16 KiB.
    _arm64("arm64-16k", "linux-image-arm64-16k", "trixie"),
    _armhf("armhf", "linux-image-armmp"),
    _armhf("armhf-lpae", "linux-image-armmp-lpae"),
    _i386("i386", "linux-image-686"),
    _i386("i386-pae", "linux-image-686-pae"),
    Arch("ppc64el", "ppc64el", "linux-image-powerpc64le", "vmlinux-",
         "qemu-system-ppc64", "pseries", {"max": "power9"}, "hvc0",
         "virtio-serial-pci", "powerpc64le-linux-gnu-gcc", fw_cfg=False, memory=512,
         suite="trixie", threads="multi"),
    Arch("riscv64", "riscv64", "linux-image-riscv64", "vmlinu",
         "qemu-system-riscv64", "virt", {"max": "rv64"}, "ttyS0",
         "virtio-serial-device", "riscv64-linux-gnu-gcc", fw_cfg=False, suite="trixie"),
    Arch("s390x", "s390x", "linux-image-s390x", "vmlinuz-",
         "qemu-system-s390x", "s390-ccw-virtio", {"max": "max"}, "ttysclp0",
         "virtio-serial-ccw", "s390x-linux-gnu-gcc", fw_cfg=False, suite="trixie"),
)}
