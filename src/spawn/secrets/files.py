"""Files and directories as the scanner takes them: what is read, and what is left out. Reads files.

User-data in a file is opened as the instance would open it: gzip and MIME are taken off.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from spawn.secrets.finding import SecretFinding
from spawn.secrets.scan import scan_text
from spawn.secrets.unpack import unpack

# No script is as large; what is, is data, and told as not read.
LARGEST_BYTES = 5 * 1024 * 1024
# Written on a finding's line, or on a line above it, it says that a person has looked.
MARK = "spawn:allow-secret"
# What programs keep for themselves, or fetch again.
SKIPPED_DIRECTORIES = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        "node_modules",
        ".venv",
        "venv",
        "__pycache__",
        ".tox",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
    }
)
_GZIP_MAGIC = b"\x1f\x8b"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class FoundSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret in a file, and what hands it over instead."""

    path: str
    secret: SecretFinding
    instead: str


class Scanned(msgspec.Struct, frozen=True, kw_only=True):
    """What came of looking through files.

    files    how many were read
    allowed  findings that a mark in the text lets pass
    skipped  what was left out, by the reason: how many
    unread   what could not be read, and why
    """

    findings: tuple[FoundSecret, ...]
    files: int
    allowed: int = 0
    skipped: dict[str, int] = {}
    unread: tuple[str, ...] = ()


@dataclass
class _Sum:
    findings: list[FoundSecret] = field(default_factory=list)
    files: int = 0
    allowed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    unread: list[str] = field(default_factory=list)

    def add(self, path: str, content: bytes) -> None:
        """Scan what a file holds."""
        if len(content) > LARGEST_BYTES:
            self.skipped["too large"] += 1
        elif b"\0" in (plain := _plain(content)) and not plain.startswith(_GZIP_MAGIC):
            self.skipped["binary"] += 1
        else:
            self.files += 1
            self._scan(path, plain)

    def _scan(self, path: str, plain: bytes) -> None:
        opened = unpack(plain)
        if not opened.is_complete:
            self.unread.append(f"{path}: a part of it is no readable text")
        for part in opened.parts:
            lines = part.text.split("\n")
            for secret in scan_text(part.text, part=part.name):
                if _is_allowed(lines, secret.line):
                    self.allowed += 1
                    continue
                found = FoundSecret(path=path, secret=secret, instead=secret.instead)
                self.findings.append(found)


def scan_paths(paths: Iterable[Path]) -> Scanned:
    """Scan files, and directories with all that is in them. Raises OSError for what is not there.

    Within a directory links are not followed, and what can't be read is told.
    """
    total = _Sum()
    for path in paths:
        if path.is_dir():
            for each in _walked(path, total):
                _add_file(total, each)
        else:
            total.add(_shown(path), _content(path))
    return _result(total)


def scan_content(name: str, content: bytes) -> Scanned:
    """Scan what came through a pipe."""
    total = _Sum()
    total.add(name, content)
    return _result(total)


def _walked(top: Path, total: _Sum) -> Iterator[Path]:
    def tell(error: OSError) -> None:
        total.unread.append(f"{_shown(Path(str(error.filename)))}: {error.strerror}")

    for directory, directories, names in os.walk(top, onerror=tell):
        total.skipped["directory"] += len(SKIPPED_DIRECTORIES.intersection(directories))
        directories[:] = sorted(set(directories) - SKIPPED_DIRECTORIES)
        yield from (Path(directory, name) for name in sorted(names))


def _add_file(total: _Sum, path: Path) -> None:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            total.skipped["link or device"] += 1
            return
        total.add(_shown(path), _content(path))
    except OSError as error:
        total.unread.append(f"{_shown(path)}: {error.strerror}")


def _content(path: Path) -> bytes:
    """Return what a file holds, and a byte too much of what is too large."""
    with path.open("rb") as file:
        return file.read(LARGEST_BYTES + 1)


def _plain(content: bytes) -> bytes:
    """Return text that Windows' editors wrote as others write it."""
    if content.startswith(_UTF16_MARKS):
        return content.decode("utf-16", errors="replace").encode()
    return content


def _shown(path: Path) -> str:
    """Return a path as text, whatever bytes it is made of."""
    return os.fsencode(path).decode(errors="replace")


def _is_allowed(lines: list[str], number: int) -> bool:
    return any(MARK in line for line in lines[max(0, number - 2) : number])


def _result(total: _Sum) -> Scanned:
    return Scanned(
        findings=tuple(total.findings),
        files=total.files,
        allowed=total.allowed,
        skipped={why: count for why, count in sorted(total.skipped.items()) if count},
        unread=tuple(total.unread),
    )
