# SPDX-License-Identifier: BSD-2-Clause
"""The guest's software: kernel, modules and busybox, unpacked in a cache."""

import fcntl
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from factory.apt import AptError, PrivateApt
from factory.arches import Arch
from factory.modules import WANTED, decompress, dependencies, module_name
from factory.tools import Tools

BUSYBOX = "busybox-static"


@dataclass(frozen=True)
class Guest:
    """A directory with kernel, busybox and modules/, in order of loading."""
    directory: Path
    versions: dict[str, str]
    modules: list[str]
    crash: Tools | None = None      # where a crash is to start a second kernel

    @property
    def kernel(self) -> Path:
        return self.directory / "kernel"

    @property
    def busybox(self) -> Path:
        return self.directory / "busybox"


@contextmanager
def _members(deb: Path):
    """Opens the files of a package for access in any order."""
    with tempfile.TemporaryFile(dir=deb.parent) as spool:
        subprocess.run(["dpkg-deb", "--fsys-tarfile", deb],
                       check=True, stdout=spool, timeout=300)
        spool.seek(0)
        with tarfile.open(fileobj=spool, mode="r:") as tar:
            yield tar, [member for member in tar if member.isfile()]


def _unpack_kernel(debs: list[Path], arch: Arch, into: Path) -> list[str]:
    """Extracts the kernel and the wanted modules; returns the load order."""
    order: list[str] = []
    (into / "modules").mkdir()
    with ExitStack() as stack:
        found = [(tar, member) for tar, members in
                 (stack.enter_context(_members(deb)) for deb in debs) for member in members]
        tar, image = next((t, m) for t, m in found
                          if Path(m.name).name.startswith(arch.image.rstrip("-")))
        (into / "kernel").write_bytes(tar.extractfile(image).read())
        files = {module_name(m.name): (t, m) for t, m in found if module_name(m.name)}

        def load(name: str) -> None:
            # A wanted module that is no file is built into this kernel.
            if name in order or name not in files:
                return
            tar, member = files[name]
            content = decompress(member.name, tar.extractfile(member).read())
            for needed in dependencies(content):
                load(needed)
            (into / "modules" / f"{name}.ko").write_bytes(content)
            order.append(name)

        for name in (*arch.modules, *WANTED):
            load(name)
    return order


def _unpack_busybox(deb: Path, into: Path) -> None:
    with _members(deb) as (tar, members):
        binary = next(m for m in members if m.name.endswith("bin/busybox"))
        (into / "busybox").write_bytes(tar.extractfile(binary).read())
    (into / "busybox").chmod(0o755)


def _download_kernel(apt: PrivateApt, arch: Arch) -> tuple[str, list[Path]]:
    """Name and files of the newest kernel that the mirror has."""
    newest = apt.dependency(arch.kernel, r"linux-image-\d[^\s,]*")
    flavour = re.escape(arch.kernel.removeprefix("linux-image"))
    # A mirror may list a version before it has it.
    for kernel in [newest, *apt.others(rf"linux-image-\d[\d.]*(?:-\d+|\+\w+)?{flavour}")]:
        try:
            # Since 7.2 the image package only depends on those that hold the files.
            parts = apt.dependencies(kernel, r"linux-(?:binary|modules)-\d[^\s,]*")
            return kernel, [apt.download(part) for part in parts or [kernel]]
        except AptError as error:
            failure = error
    raise failure


def _fetch(root: Path, arch: Arch, suite: str, refresh: bool) -> None:
    apt = PrivateApt(root / "apt", arch.debian, suite)
    apt.update()
    kernel, debs = _download_kernel(apt, arch)
    versions = {package: apt.version(package) for package in (kernel, BUSYBOX)}
    fresh = Path(tempfile.mkdtemp(prefix="guest.", dir=root))
    try:
        modules = _unpack_kernel(debs, arch, fresh)
        _unpack_busybox(apt.download(BUSYBOX), fresh)
        (fresh / "manifest.json").write_text(
            json.dumps({"versions": versions, "modules": modules}, indent=1) + "\n")
        fresh.chmod(0o755)
        if refresh:
            shutil.rmtree(root / arch.name, ignore_errors=True)
        fresh.rename(root / arch.name)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def guest(cache: Path, arch: Arch, suite: str | None, refresh: bool = False) -> Guest:
    """The unpacked software; from the cache unless absent or to be refreshed."""
    suite = suite or arch.suite
    root = cache / f"{suite}-{arch.debian}"
    root.mkdir(parents=True, exist_ok=True)
    with open(root / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if refresh or not (root / arch.name / "manifest.json").exists():
            try:
                _fetch(root, arch, suite, refresh)
            except AptError as error:
                raise SystemExit(error) from error
    manifest = json.loads((root / arch.name / "manifest.json").read_text())
    return Guest(root / arch.name, manifest["versions"], manifest["modules"])
