# SPDX-License-Identifier: BSD-2-Clause
"""One variant from boot to a complete directory of dumps."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

from factory import makedumpfile
from factory.arches import Arch
from factory.dumps import FROM_CRASH, FROM_MAKEDUMPFILE, FROM_QEMU, SAVED
from factory.files import dig_holes
from factory.initramfs import build
from factory.machine import Machine, MachineError
from factory.packages import Guest
from factory.qmp import QmpError
from factory.report import ReportError, make_report, read_files
from factory.stamp import stamp
from factory.variants import Variant

BOOT_TIMEOUT = 600
REPORT_PORT = "org.libkvm.report"
KVMGUEST_PORT = "org.libkvm.kvmguest"
CRASH_PORT = "org.libkvm."      # and the dump's name
KPEEK_PORT = "org.libkvm.kpeek"
TAIL = 4000


def _write_dumps(machine: Machine, directory: Path) -> dict[str, str]:
    """Dumps the stopped machine; returns the absent names with reasons."""
    absent = {}
    known = machine.qmp.execute("query-dump-guest-memory-capability")["formats"]
    for name, options in FROM_QEMU.items():
        if options.get("format", "elf") not in known:
            absent[name] = "not supported by this QEMU"
            continue
        try:
            machine.dump(directory / name, **options)
        except QmpError as error:
            absent[name] = str(error)
            (directory / name).unlink(missing_ok=True)
            continue
        (directory / name).chmod(0o644)
        dig_holes(directory / name)
    return absent


def _keep_crash_dumps(scratch: Path, directory: Path) -> None:
    """Takes what the second kernel sent: nothing of what it cannot make."""
    (scratch / "kpeek.out").rename(directory / "kpeek.out")
    for name in FROM_CRASH:
        if (scratch / name).stat().st_size == 0:
            continue
        (scratch / name).rename(directory / name)
        (directory / name).chmod(0o644)
        dig_holes(directory / name)


def _write_report(raw: bytes, directory: Path, machine: dict) -> None:
    files = read_files(raw)
    (directory / "kallsyms.txt").write_bytes(files["/proc/kallsyms"])
    if "/sys/kernel/btf/vmlinux" in files:
        (directory / "btf").write_bytes(files["/sys/kernel/btf/vmlinux"])
    report = {"machine": machine, **make_report(files)}
    (directory / "report.json").write_text(json.dumps(report, indent=1) + "\n")


def _tail(path: Path) -> str:
    return path.read_bytes()[-TAIL:].decode("utf-8", "replace") if path.exists() else ""


def _fill(directory: Path, scratch: Path, arch: Arch, variant: Variant, guest: Guest,
          extra: Path | None) -> None:
    initramfs = scratch / "initramfs"
    initramfs.write_bytes(build(arch, guest, scratch, extra))
    outputs = {REPORT_PORT: scratch / "report", KVMGUEST_PORT: scratch / "kvmguest.out"}
    if variant.kexec:
        outputs |= {f"{CRASH_PORT}{name}": scratch / name for name in FROM_CRASH}
        outputs[KPEEK_PORT] = scratch / "kpeek.out"
    absent = {}
    machine = Machine(arch, variant, guest.kernel, initramfs, outputs)
    try:
        with machine:
            machine.run(BOOT_TIMEOUT)
            if not variant.kexec:
                absent = _write_dumps(machine, directory)
            if variant.saved:
                machine.save(directory / SAVED)
                (directory / SAVED).chmod(0o644)
    except (MachineError, QmpError, OSError) as error:
        raise SystemExit("\n".join([
            _tail(outputs[KVMGUEST_PORT]), machine.console[-TAIL:].decode("utf-8", "replace"),
            f"{variant.name}: {error}"])) from error
    if variant.kexec:
        _keep_crash_dumps(scratch, directory)
    elif makedumpfile.version() and arch.debian == makedumpfile.ARCH:
        absent |= makedumpfile.derive(directory, scratch)
    (directory / "console.log").write_bytes(machine.console)
    if extra and (extra / "kvmguest").exists() and not variant.kexec:
        outputs[KVMGUEST_PORT].rename(directory / "kvmguest.out")
    derived = [file.name for name, row in FROM_MAKEDUMPFILE.items()
               for file in row.files(directory / name)]
    dumps = [name for name in dict.fromkeys((*FROM_QEMU, SAVED, *derived, *FROM_CRASH))
             if (directory / name).exists()]
    try:
        _write_report(outputs[REPORT_PORT].read_bytes(), directory, {
            **asdict(variant), "arch": arch.name, "packages": guest.versions,
            "dumps": dumps, "absent": absent})
    except (ReportError, KeyError, ValueError) as error:
        raise SystemExit(f"{variant.name}: bad report: {error!r}") from error


def produce(out: Path, arch: Arch, variant: Variant, guest: Guest,
            extra: Path | None) -> bool:
    """Makes out/NAME; False if it was there and is as it would become."""
    wanted = stamp(arch, variant, guest, extra)
    final = out / variant.name
    if (final / "stamp").exists() and (final / "stamp").read_text().strip() == wanted:
        return False
    # A name of its own until complete.  The caller holds a lock, so what is
    # there under that name was left behind by a killed run.
    work = out / f".{variant.name}.part"
    shutil.rmtree(work, ignore_errors=True)
    try:
        result, scratch = work / "result", work / "scratch"
        result.mkdir(parents=True)
        scratch.mkdir()
        _fill(result, scratch, arch, variant, guest, extra)
        (result / "stamp").write_text(wanted + "\n")
        shutil.rmtree(final, ignore_errors=True)
        result.rename(final)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return True
