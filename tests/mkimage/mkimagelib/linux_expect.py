# SPDX-License-Identifier: BSD-2-Clause
"""What a reader of a Linux image must find, told from the machine and from what was stored."""
from __future__ import annotations

from .expect import Expect
from .linux_machine import RELEASE, UTSNAME, LinuxMachine
from .walk_expect import Runs, Walker


def _facts(machine: LinuxMachine, container: str, expect: Expect) -> None:
    layout = machine.layout
    expect.fact("format", container)
    expect.fact("os", "linux")
    expect.fact("arch", "x86_64")
    expect.fact("osrelease", RELEASE)
    expect.fact("levels", layout.levels)
    expect.fact("root", machine.tables.root)
    expect.fact("kernoffset", layout.kaslr)
    expect.fact("phys_base", str(layout.phys_base))
    expect.fact("page_offset_base", layout.page_offset)
    expect.line(f"sym _stext {layout.text_va:x}")
    expect.line(f"sym swapper_pg_dir {machine.swapper:x}")
    expect.line(f"sym init_uts_ns {machine.uts:x}")
    for name, text in zip(("sysname", "nodename", "release", "version", "machine",
                           "domainname"), UTSNAME):
        expect.line(f"uts {name} {text}")


def tell(machine: LinuxMachine, container: str, stored: Runs,
         known: Runs | None = None) -> Expect:
    walker = Walker(machine.tables, stored, known)
    _facts(machine, container, walker.expect)
    walker.virtual()
    walker.physical()
    walker.words(machine.layout.page_offset)
    return walker.expect
