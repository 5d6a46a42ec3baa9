# SPDX-License-Identifier: BSD-2-Clause
"""Programs of Debian for guests: each with the libraries it is linked with."""

import fcntl
import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from factory.apt import AptError, PrivateApt
from factory.arches import Arch

LOADER = "lib64/ld-linux-x86-64.so.2"
TIMEOUT = 300


@dataclass(frozen=True)
class Tools:
    """A tree with bin/, lib/ and the loader of what is in them."""
    tree: Path
    versions: dict[str, str]


def _packages(apt: PrivateApt, wanted: tuple[str, ...]) -> list[str]:
    """Those wanted and, at any depth, the libraries they depend on."""
    found = list(wanted)
    for package in found:
        found += [name for name in apt.dependencies(package, r"\b(?:lib[^\s,|:]+|zlib1g)")
                  if name not in found]
    return found


def _needed(binary: Path) -> list[str]:
    headers = subprocess.run(["readelf", "-d", binary], check=True, capture_output=True,
                             text=True, timeout=TIMEOUT).stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", headers)


def _pick(unpacked: Path, programs: tuple[str, ...], into: Path) -> None:
    """Copies the programs, and of the libraries what they are linked with."""
    files = {path.name: path for path in unpacked.rglob("*")
             if path.is_file() and path.parent.name in ("bin", "sbin", "x86_64-linux-gnu")}
    for directory in ("bin", "lib", "lib64"):
        (into / directory).mkdir()
    todo = list(programs)
    for name in todo:
        target = into / ("bin" if name in programs else "lib") / name
        shutil.copy(files[name], target)
        todo += [needed for needed in _needed(target) if needed not in todo]
    # The loader is a library that the C library is linked with.
    (into / LOADER).symlink_to(f"../lib/{Path(LOADER).name}")


def _fetch(root: Path, name: str, arch: Arch, suite: str, wanted: dict[str, str]) -> None:
    apt = PrivateApt(root / "apt", arch.debian, suite)
    apt.update()
    fresh = Path(tempfile.mkdtemp(prefix="tools.", dir=root))
    try:
        for package in _packages(apt, tuple(wanted)):
            subprocess.run(["dpkg-deb", "--extract", apt.download(package), fresh / "all"],
                           check=True, timeout=TIMEOUT)
        (fresh / "tree").mkdir()
        _pick(fresh / "all", tuple(wanted.values()), fresh / "tree")
        shutil.rmtree(fresh / "all")
        (fresh / "manifest.json").write_text(json.dumps(
            {package: apt.version(package) for package in wanted}, indent=1) + "\n")
        fresh.chmod(0o755)
        shutil.rmtree(root / name, ignore_errors=True)
        fresh.rename(root / name)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def tools(cache: Path, name: str, arch: Arch, suite: str | None,
          wanted: dict[str, str], refresh: bool = False) -> Tools:
    """A program of each package; from the cache, under that name, unless absent
    or to be refreshed."""
    suite = suite or arch.suite
    root = cache / f"{suite}-{arch.debian}"
    root.mkdir(parents=True, exist_ok=True)
    with open(root / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if refresh or not (root / name / "manifest.json").exists():
            try:
                _fetch(root, name, arch, suite, wanted)
            except AptError as error:
                raise SystemExit(error) from error
    return Tools(root / name / "tree",
                 json.loads((root / name / "manifest.json").read_text()))


def crash_tools(cache: Path, arch: Arch, suite: str | None, refresh: bool = False) -> Tools:
    """What loads a kernel for the case of a crash, and what that kernel runs."""
    return tools(cache, "crash", arch, suite,
                 {"kexec-tools": "kexec", "makedumpfile": "makedumpfile"}, refresh)
