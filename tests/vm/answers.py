# SPDX-License-Identifier: BSD-2-Clause
"""What kpeek tells of a dump: what the same machine's memory tells in any container."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

TIMEOUT = 300
LEFT_OUT = "left out of the dump"


@dataclass
class Answers:
    threads: list = field(default_factory=list)
    strings: dict[int, list | str] = field(default_factory=dict)    # a str: why there are none
    log: str = ""
    stacks: dict[int, list] = field(default_factory=dict)
    symbol: str = ""        # where no stacks have symbols

    def differing(self, other: "Answers") -> list[str]:
        return [name for name, value in vars(self).items() if value != getattr(other, name)]

    def deep(self) -> int:
        return sum(len(frames) > 3 for frames in self.stacks.values())

    def left_out(self) -> list[int]:
        return [pid for pid, args in self.strings.items()
                if isinstance(args, str) and LEFT_OUT in args]


def ask(kpeek: str, directory: Path, dump: list[str]) -> Answers:
    """Of a file in the directory, which options may follow.

    Registers of CPUs are not in all containers, so stacks of threads that ran are passed over.
    """
    def run(*args: str) -> str:
        return subprocess.run([kpeek, *args, "-M", *dump], cwd=directory, timeout=TIMEOUT,
                              stdout=subprocess.PIPE, check=False).stdout.decode("latin-1")

    def rows(name: str, *args: str) -> list[dict]:
        return json.loads(run(*args, "--json") or f'{{"{name}": []}}')[name]

    stacks = {t["tid"]: t["frames"] for t in rows("threads", "bt", "-a") if not t["running"]}
    return Answers(
        rows("processes", "ps", "-H"),
        {p["pid"]: p["args"] if p["error"] is None else p["error"]
         for p in rows("processes", "args")},
        run("dmesg"), stacks, "" if stacks else run("sym", "panic"))
