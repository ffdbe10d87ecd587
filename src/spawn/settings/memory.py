"""What the organisation's parameter was last time: a guess that saves a round, never an authority.

A launch asks for the parameter all the same. Where the answer is another one, what was asked with
the guess is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from spawn.aws.questions import Absent, Fact, Known, Unseen
from spawn.aws.ssm import Parameter
from spawn.core.kept import KeptFile, kept_file


class _Remembered(msgspec.Struct, frozen=True):
    parameter: Parameter | None


@dataclass(frozen=True, kw_only=True)
class OrganisationMemory:
    """A file for each key, endpoint and parameter."""

    directory: Path
    credentials_id: str
    endpoint: str
    parameter: str

    @property
    def _file(self) -> KeptFile:
        subject = (self.credentials_id, self.endpoint, self.parameter)
        return kept_file(self.directory, "organisation", *subject)

    def guess(self) -> Known[Parameter] | Absent | None:
        """Return what there was last time, None where that is not known or can't be read."""
        found = self._file.recall(_Remembered)
        if found is None:
            return None
        return Absent() if found.parameter is None else Known(found.parameter)

    def keep(self, fact: Fact[Parameter]) -> None:
        """Remember an answer, and forget what was known where there is none.

        Where the disk refuses, the next launch just takes a round more.
        """
        if isinstance(fact, Unseen):
            self._file.forget()
        else:
            self._file.keep(_Remembered(fact.value if isinstance(fact, Known) else None))
