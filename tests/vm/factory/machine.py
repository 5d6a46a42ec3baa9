# SPDX-License-Identifier: BSD-2-Clause
"""Runs one guest in QEMU until it has said what we wait for."""

import ctypes
import os
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

from factory.arches import Arch
from factory.qmp import Qmp, save
from factory.variants import Variant

COMMAND_TIMEOUT = 300
PR_SET_PDEATHSIG = 1

READY = b"@@READY@@"
FAILED = b"@@FAILED@@"
PANICKED = b"end Kernel panic"
DUMPED = b"@@DUMPED@@"
# Seconds until the console is drained and the reporter asleep, and until the
# processors that did not panic have halted.
REPORT_SETTLES = 0.1
PANIC_SETTLES = 1.0
# Seconds without output until the machine is asked.
POLL = 1.0


class MachineError(Exception):
    pass


def _die_with_parent() -> None:
    """Covers the one exit that cannot be caught: SIGKILL."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Machine:
    """A context: QEMU is gone when it ends, however it ends."""

    def __init__(self, arch: Arch, variant: Variant, kernel: Path, initramfs: Path,
                 outputs: dict[str, Path]) -> None:
        self._arch = arch
        self._variant = variant
        self._kernel = kernel
        self._initramfs = initramfs
        self._outputs = outputs     # virtio-serial port name -> file
        self.console = b""

    def _arguments(self, qmp: socket.socket) -> list[str]:
        # On a busy host the kernel may find that the timer of x86 does not work.
        check = "no_timer_check"
        # A panic before the report ends QEMU at once; the wanted one must not.
        after_panic = "panic=0 libkvm.panic" if self._variant.panic else "panic=-1"
        # With a thread for each processor, one may run into a breakpoint that
        # another has just removed (the kernel patches itself), and panic.  One
        # thread for all is even faster here.
        arguments = [
            self._arch.qemu, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-accel", f"tcg,thread={self._arch.threads}", "-machine", self._variant.machine or self._arch.machine,
            "-cpu", self._arch.cpus[self._variant.cpu],
            "-smp", "2", "-m", str(self._variant.memory or self._arch.memory),
            "-action", "panic=pause",
            "-kernel", str(self._kernel), "-initrd", str(self._initramfs),
            "-append", f"console={self._arch.console} quiet printk.devkmsg=on {check} "
                       f"{after_panic} {self._variant.cmdline}".strip(),
            "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
            "-chardev", f"socket,id=qmp,fd={qmp.fileno()}",
            "-mon", "chardev=qmp,mode=control",
            "-device", self._arch.serial_bus,
        ]
        for i, (port, path) in enumerate(self._outputs.items()):
            escaped = str(path).replace(",", ",,")
            arguments += ["-chardev", f"file,id=output{i},path={escaped}",
                          "-device", f"virtserialport,chardev=output{i},name={port}"]
        if self._variant.vmcoreinfo and self._arch.fw_cfg:
            arguments += ["-device", "vmcoreinfo"]
        return arguments

    def __enter__(self) -> "Machine":
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                self._arguments(theirs), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, pass_fds=[theirs.fileno()],
                preexec_fn=_die_with_parent)
        try:
            self.qmp = Qmp(ours, COMMAND_TIMEOUT)
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(self, *_) -> None:
        self._kill()

    def _kill(self) -> None:
        self._process.kill()
        self.console += self._process.stdout.read()
        self._process.wait()

    def _status(self) -> str:
        return self.qmp.execute("query-status")["status"]

    def _wait_for(self, wanted: bytes, deadline: float) -> None:
        stdout = self._process.stdout.fileno()
        while wanted not in self.console:
            if FAILED in self.console:
                raise MachineError("the guest reports a failure")
            if PANICKED in self.console and wanted != PANICKED:
                raise MachineError("the guest panicked")
            if time.monotonic() > deadline:
                raise MachineError(f"no {wanted.decode()} in time")
            ready, _, _ = select.select([stdout], [], [], POLL)
            if not ready:
                # Some kernels tell the machine that they panicked, and no more.
                if wanted == PANICKED and self._status() == "guest-panicked":
                    return
                continue
            data = os.read(stdout, 65536)
            if not data:
                raise MachineError("QEMU ended")
            self.console += data

    def run(self, timeout: float) -> None:
        """Lets the guest run until it is to be dumped, and stops it."""
        deadline = time.monotonic() + timeout
        if self._variant.kexec:
            self._wait_for(DUMPED, deadline)
        elif self._variant.panic:
            # The panic may overtake what the reporter wrote to the console.
            self._wait_for(PANICKED, deadline)
            time.sleep(PANIC_SETTLES)
        else:
            self._wait_for(READY, deadline)
            time.sleep(REPORT_SETTLES)
        self.qmp.execute("stop")

    def dump(self, path: Path, **options) -> None:
        """Writes the stopped guest's memory to a file."""
        self.qmp.execute("dump-guest-memory", protocol=f"file:{path}", **options)

    def save(self, path: Path) -> None:
        """Writes the stopped guest as QEMU itself does; nothing works after it."""
        save(self.qmp, path, COMMAND_TIMEOUT)
