"""Directories that are nobody else's."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def make_private_directory(directory: Path) -> None:
    """Make a directory for its owner only, and likewise those above it that are missing.

    `Path.mkdir` gives its mode to the last one alone: under a loose umask whoever may write to
    one above could put another in its place. Raises OSError.
    """
    for missing in reversed([directory, *directory.parents]):
        if not missing.exists():
            with suppress(FileExistsError):
                missing.mkdir(mode=0o700)
