"""A person's file replaced whole: whoever reads it meanwhile sees the old one or the new one."""

from __future__ import annotations

import os
import shlex
import stat
import tempfile
from pathlib import Path

from spawn.core.directories import make_private_directory
from spawn.core.errors import AccountError


def replace_file(path: Path, content: bytes, *, new_mode: int) -> None:
    """Write the file: with the mode that it has, with `new_mode` where it is new.

    A symbolic link stays one, and what it leads to is replaced. Raises AccountError.
    """
    try:
        place = path.resolve()
        mode = stat.S_IMODE(place.stat().st_mode) if place.exists() else new_mode
        make_private_directory(place.parent)
        descriptor, draft = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123  a descriptor has no path
                file.write(content)
                os.fchmod(descriptor, mode)
                file.flush()
                os.fsync(descriptor)
            Path(draft).replace(place)
        finally:
            Path(draft).unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: links that go in circles
        raise AccountError(
            f"{path} can't be written",
            why=getattr(error, "strerror", None) or str(error),
            next_command=shlex.join(("ls", "-ld", str(path.parent))),
        ) from error
