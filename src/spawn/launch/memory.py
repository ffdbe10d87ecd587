"""Who the caller was last time: a guess that saves a round, never an authority.

The facts round asks who is calling all the same. If the guess was right, everything that depends
on it is answered too; if it was wrong, those questions are asked again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec

from spawn.aws.sts import Identity
from spawn.core.directories import make_private_directory


@dataclass(frozen=True)
class IdentityMemory:
    """A file a key: its name is a digest of the access key's id and the endpoint."""

    directory: Path
    access_key_id: str
    endpoint: str

    @property
    def _file(self) -> Path:
        subject = f"{self.access_key_id}\n{self.endpoint}"
        return self.directory / f"caller-{hashlib.sha256(subject.encode()).hexdigest()[:32]}.json"

    def guess(self) -> Identity | None:
        """Return who the key belonged to, None where that is not known or can't be read."""
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Identity)
        except (OSError, msgspec.MsgspecError):
            return None

    def keep(self, identity: Identity) -> None:
        """Remember it; where the disk refuses, the next launch just takes a round more."""
        try:
            make_private_directory(self.directory)
            with NamedTemporaryFile(dir=self.directory, delete=False) as file:
                file.write(msgspec.json.encode(identity))
            Path(file.name).replace(self._file)
        except OSError:
            return
