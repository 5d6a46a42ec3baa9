# SPDX-License-Identifier: BSD-2-Clause
"""Downloads Debian packages without touching the host's apt state."""

import os
import re
import subprocess
from pathlib import Path

from factory.aptsource import debian_source

TIMEOUT = 600


class AptError(Exception):
    pass


class PrivateApt:
    """An apt of its own for one architecture and suite, below one directory."""

    def __init__(self, root: Path, arch: str, suite: str) -> None:
        self.root = root
        self.arch = arch
        self.debs = root / "debs"
        for part in ("etc/parts", "lists/partial", "cache/archives/partial", "debs"):
            (root / part).mkdir(parents=True, exist_ok=True)
        (root / "status").touch()
        source = debian_source()
        (root / "etc/sources.list").write_text(
            f"deb [arch={arch} signed-by={source.keyring}] {source.uri} {suite} main\n")
        self._write_config()

    def _write_config(self) -> None:
        # The host's network settings (proxies) are wanted, its hooks are not.
        host = subprocess.run(["apt-config", "dump"], check=True,
                              capture_output=True, text=True).stdout
        network = [line for line in host.splitlines() if line.startswith("Acquire::")]
        own = {
            "APT::Architecture": self.arch,
            "APT::Sandbox::User": "",
            "Dir::State": self.root,
            "Dir::State::lists": self.root / "lists",
            "Dir::State::status": self.root / "status",
            "Dir::Cache": self.root / "cache",
            "Dir::Etc::main": "/dev/null",
            "Dir::Etc::parts": self.root / "etc/parts",
            "Dir::Etc::sourcelist": self.root / "etc/sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Acquire::Languages": "none",
        }
        lines = network + [f'{key} "{value}";' for key, value in own.items()]
        lines += ["#clear APT::Architectures;", f'APT::Architectures {{ "{self.arch}"; }};']
        (self.root / "apt.conf").write_text("\n".join(lines) + "\n")

    def _run(self, *argv: str) -> str:
        done = subprocess.run(
            argv, cwd=self.debs, timeout=TIMEOUT, capture_output=True, text=True,
            env={**os.environ, "APT_CONFIG": str(self.root / "apt.conf"), "LC_ALL": "C"})
        if done.returncode != 0:
            raise AptError(f"{' '.join(argv)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def update(self) -> None:
        self._run("apt-get", "-qq", "update")

    def dependencies(self, package: str, pattern: str) -> list[str]:
        """The dependencies of package whose names match pattern."""
        record = self._run("apt-cache", "show", "--no-all-versions", package)
        depends = re.search(r"^Depends: (.*)$", record, re.MULTILINE)
        return re.findall(pattern, depends.group(1)) if depends else []

    def dependency(self, package: str, pattern: str) -> str:
        """The first of them."""
        found = self.dependencies(package, pattern)
        if not found:
            raise AptError(f"{package} depends on nothing like {pattern}")
        return found[0]

    def version(self, package: str) -> str:
        record = self._run("apt-cache", "show", "--no-all-versions", package)
        return re.search(r"^Version: (.*)$", record, re.MULTILINE).group(1)

    def others(self, pattern: str) -> list[str]:
        """Packages whose whole names match pattern, the highest versions first."""
        def version(name: str) -> list[int]:
            return [int(number) for number in re.findall(r"\d+", name)]

        names = self._run("apt-cache", "pkgnames").split()
        return sorted(filter(re.compile(pattern).fullmatch, names), key=version, reverse=True)

    def download(self, package: str) -> Path:
        """Fetches the newest version, drops older ones, returns the file."""
        for old in self.debs.glob(f"{package}_*.deb"):
            old.unlink()
        self._run("apt-get", "-qq", "download", package)
        return next(self.debs.glob(f"{package}_*.deb"))
