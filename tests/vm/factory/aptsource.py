# SPDX-License-Identifier: BSD-2-Clause
"""Finds the Debian mirror this host itself uses."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

DEFAULT_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True)
class Source:
    uri: str
    keyring: str


def _apt_path(key: str) -> Path:
    """A directory or file of apt's configuration, such as Dir::Etc::sourcelist."""
    out = subprocess.run(
        ["apt-config", "shell", "path", f"{key}/f"],
        check=True, capture_output=True, text=True).stdout
    match = re.fullmatch(r"path='(.*)'\s*", out)
    return Path(match.group(1) if match else "/nonexistent")


def _one_line_entries(text: str):
    """Yields (types, uris, components, keyring) of a sources.list."""
    for line in text.splitlines():
        match = re.match(r"\s*(deb)\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+\S+\s+([^#]*)", line)
        if match:
            options = dict(option.partition("=")[::2]
                           for option in (match.group(2) or "").split())
            yield (["deb"], [match.group(3)], match.group(4).split(),
                   options.get("signed-by", ""))


def _deb822_entries(text: str):
    """Yields (types, uris, components, keyring) of a .sources file."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n[ \t]*\n", "\n".join(lines)):
        unfolded = re.sub(r"\n[ \t]+", " ", stanza)
        fields = {name.strip().lower(): value.strip()
                  for name, colon, value in
                  (line.partition(":") for line in unfolded.splitlines()) if colon}
        if fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        yield (fields.get("types", "").split(), fields.get("uris", "").split(),
               fields.get("components", "").split(), fields.get("signed-by", ""))


def _entries():
    lists = [_apt_path("Dir::Etc::sourcelist")]
    parts = _apt_path("Dir::Etc::sourceparts")
    if parts.is_dir():
        lists += sorted(parts.iterdir())
    for path in lists:
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".list":
            yield from _one_line_entries(text)
        elif path.suffix == ".sources":
            yield from _deb822_entries(text)


def debian_source() -> Source:
    """The first entry of the host that is a mirror of the main archive."""
    for types, uris, components, keyring in _entries():
        for uri in uris:
            if "deb" in types and "main" in components and uri.rstrip("/").endswith("/debian"):
                # Signed-By may also hold the key itself, or a fingerprint.
                return Source(uri, keyring if keyring.startswith("/") else DEFAULT_KEYRING)
    raise SystemExit("no Debian mirror among this host's apt sources")
