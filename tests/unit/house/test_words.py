"""What is published speaks of the product, and of no machine that it was made on."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.tools.source import ROOT

# Spelled in pieces, or this file would be the first to be found.
REGISTRIES = ("pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.npmjs")
PLACES = (re.escape(str(ROOT)) + r"\b", r"/work/" + r"(main|shared)\b", r"\.\./" + r"shared\b")
FORBIDDEN = re.compile("|".join((*REGISTRIES, *PLACES)))
NOT_OURS = re.compile(r"\..*_cache|\.git|\.venv|\.hypothesis|__pycache__|build|dist|.*\.egg-info")


def our_files(directory: Path) -> Iterator[Path]:
    """Yield every file of the checkout that is not the product of a tool."""
    for path in directory.iterdir():
        if NOT_OURS.fullmatch(path.name):
            continue
        if path.is_dir():
            yield from our_files(path)
        else:
            yield path


def test_no_file_names_a_machine() -> None:
    """No file names a package registry or a path that only one machine has."""
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in our_files(ROOT)
        if (match := FORBIDDEN.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert not found


def test_the_lock_pins_every_file_by_hash() -> None:
    """Each package of the lock file has one version and at least one SHA-256."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = lock.replace("\\\n", " ").strip().splitlines()
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9.-]+(\[[a-z0-9,-]+\])?==\S+ ", entry)
        assert " --hash=sha256:" in entry
