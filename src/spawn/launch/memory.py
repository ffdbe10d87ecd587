"""Who the caller was last time: a guess that saves a round, never an authority.

The facts round asks who is calling all the same. If the guess was right, everything that depends
on it is answered too; if it was wrong, those questions are asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spawn.aws.sts import Identity
from spawn.core.kept import KeptFile, kept_file


@dataclass(frozen=True)
class IdentityMemory:
    """A file for each key and endpoint."""

    directory: Path
    credentials_id: str
    endpoint: str

    @property
    def _file(self) -> KeptFile:
        return kept_file(self.directory, "caller", self.credentials_id, self.endpoint)

    def guess(self) -> Identity | None:
        """Return who the key belonged to, None where that is not known or can't be read."""
        return self._file.recall(Identity)

    def keep(self, identity: Identity) -> None:
        """Remember it; where the disk refuses, the next launch just takes a round more."""
        self._file.keep(identity)
