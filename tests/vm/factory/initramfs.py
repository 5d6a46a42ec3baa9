# SPDX-License-Identifier: BSD-2-Clause
"""Builds the guest's only file system: busybox, modules and our programs.

Where a crash is to start a second kernel, that and its file system are files
of the first one's.
"""

import os
import subprocess
from pathlib import Path

from factory.arches import Arch
from factory.cpio import Cpio
from factory.dumps import ASKED_IN_CRASH, FROM_CRASH
from factory.packages import Guest

SOURCES = Path(__file__).resolve().parent.parent / "guest"

PROGRAMS = {
    "actor": ("actor.c", "actor_states.c", "actor_attributes.c",
              "actor_pages.c"),
    "reporter": ("reporter.c", "listing.c", "buffer.c"),
}
APPLETS = ("cat", "dd", "env", "grep", "hostname", "insmod", "ln", "losetup", "ls", "mkdir",
           "mknod", "mkswap", "mount", "rm", "sh", "sleep", "su", "swapon", "tail", "usleep", "wc")
# One processor is enough; devices are as the crash left them.
CRASH_CMDLINE = "quiet no_timer_check nr_cpus=1 reset_devices panic=-1"
USERS = (("root", 0), ("alice", 1000), ("bob", 2000), ("nobody", 65534))


def _compile(arch: Arch, name: str, scratch: Path) -> bytes:
    program = scratch / name
    subprocess.run(
        [arch.compiler, "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror",
         "-static", "-s", "-pthread", "-o", program, *(SOURCES / source for source in PROGRAMS[name])],
        check=True, timeout=120)
    return program.read_bytes()


def _add_tree(cpio: Cpio, tree: Path) -> None:
    for path in sorted(tree.rglob("*")):
        name = str(path.relative_to(tree))
        if path.is_symlink():
            cpio.symlink(name, os.readlink(path))
        elif path.is_dir():
            cpio.directory(name)
        elif path.is_file():
            cpio.file(name, path.read_bytes(), path.stat().st_mode & 0o7777)


def _begin(guest: Guest, init: str) -> Cpio:
    """What any kernel's file system has."""
    cpio = Cpio()
    for directory in ("dev", "etc", "proc", "run", "sys"):
        cpio.directory(directory)
    # Until init has mounted devtmpfs, this is where its output goes.
    cpio.character_device("dev/console", 5, 1)
    cpio.file("init", (SOURCES / init).read_bytes(), 0o755)
    cpio.file("begin", (SOURCES / "begin").read_bytes())
    cpio.file("bin/busybox", guest.busybox.read_bytes(), 0o755)
    for applet in APPLETS:
        cpio.symlink(f"bin/{applet}", "busybox")
    cpio.file("modules/order", "".join(f"{name}\n" for name in guest.modules).encode())
    for name in guest.modules:
        cpio.file(f"modules/{name}.ko", (guest.directory / f"modules/{name}.ko").read_bytes())
    if guest.crash:
        _add_tree(cpio, guest.crash.tree)
    return cpio


def _crash(guest: Guest, kpeek: bytes | None) -> bytes:
    """The file system of the kernel that follows a crash."""
    cpio = _begin(guest, "crash-init")
    if kpeek:
        cpio.file("bin/kpeek", kpeek, 0o755)
        cpio.file("asked", "".join(f"{line}\n" for line in ASKED_IN_CRASH).encode())
    cpio.file("dumps", "".join(f"{name} {' '.join(options)}\n"
                               for name, options in FROM_CRASH.items()).encode())
    return cpio.finish()


def build(arch: Arch, guest: Guest, scratch: Path, extra: Path | None = None) -> bytes:
    """The archive; whatever is in the directory extra is added to it."""
    cpio = _begin(guest, "init")
    cpio.file("etc/passwd", "".join(
        f"{name}:x:{uid}:{uid}::/:/bin/sh\n" for name, uid in USERS).encode())
    cpio.file("etc/group", "".join(
        f"{name}:x:{uid}:\n" for name, uid in USERS).encode())
    for program in PROGRAMS:
        cpio.file(f"bin/{program}", _compile(arch, program, scratch), 0o755)
    if guest.crash:
        cpio.file("crash/kernel", guest.kernel.read_bytes())
        kpeek = extra / "kpeek" if extra else None
        cpio.file("crash/initramfs", _crash(
            guest, kpeek.read_bytes() if kpeek and kpeek.exists() else None))
        cpio.file("crash/cmdline", f"console={arch.console} {CRASH_CMDLINE}\n".encode())
    if extra:
        _add_tree(cpio, extra)
    return cpio.finish()
