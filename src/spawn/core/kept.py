"""What was known last time, in a private file: it may be missing or spoilt, and fails nothing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TypeVar

import msgspec

from spawn.core.directories import make_private_directory
from spawn.core.ids import digest

T = TypeVar("T")

# What is larger is not of our making.
_MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class KeptFile:
    """A file of JSON, 0600, which is replaced whole: who reads it sees the old one or the new."""

    path: Path

    def recall(self, kind: type[T]) -> T | None:
        """Return what is kept, None where the file is missing, spoilt or not to be read."""
        try:
            with self.path.open("rb") as file:
                return msgspec.json.decode(file.read(_MOST_BYTES), type=kind)
        except (OSError, msgspec.MsgspecError, RecursionError):
            return None

    def keep(self, content: msgspec.Struct) -> None:
        """Keep it; where the disk refuses, what was kept before may stay."""
        with suppress(OSError):
            make_private_directory(self.path.parent)
            with NamedTemporaryFile(dir=self.path.parent, delete=False) as file:
                draft = Path(file.name)
                try:
                    file.write(msgspec.json.encode(content))
                    file.flush()
                    draft.replace(self.path)
                except OSError:
                    draft.unlink()

    def forget(self) -> None:
        """Keep nothing any more, as far as the disk lets it."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def kept_file(directory: Path, kind: str, *subject: str) -> KeptFile:
    """Return the file for a subject: its name holds the subject's digest, and none of its words."""
    name = digest("\n".join(subject), length=32)
    return KeptFile(directory / f"{kind}-{name}.json")
