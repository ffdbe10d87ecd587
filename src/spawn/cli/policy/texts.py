"""Policies as they are written: in a file, or on standard input."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from spawn.cli.wiring import Wiring
from spawn.core.errors import NamedThingNotFound
from spawn.core.replacing import replace_file
from spawn.iam.lint.reading import MOST_BYTES

STDIN: Final = "-"
_PRIVATE = 0o600


def content_of(wiring: Wiring, word: str) -> bytes:
    """Return a policy's bytes, one more than it may have where it has too many.

    Raises NamedThingNotFound for a file that can't be read.
    """
    try:
        if word == STDIN:
            return wiring.stdin.buffer.read(MOST_BYTES + 1)
        with Path(word).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise NamedThingNotFound(
            f"{word} can't be read", why=error.strerror or str(error)
        ) from error


def keep(wiring: Wiring, word: str, content: bytes, *, mended: bytes) -> None:
    """Write the policy where it came from; a file that is right already is not touched."""
    if word == STDIN:
        wiring.stdout.flush()
        wiring.stdout.buffer.write(mended)
        wiring.stdout.buffer.flush()
    elif mended != content:
        replace_file(Path(os.path.realpath(word)), mended, new_mode=_PRIVATE)
