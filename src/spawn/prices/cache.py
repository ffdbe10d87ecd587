"""The prices of the last days in a private file: list prices are the same for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from spawn.core.kept import KeptFile, kept_file
from spawn.prices.facts import CachedRates
from spawn.prices.money import is_price


class _Content(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: int
    answers: dict[str, CachedRates]


_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class FilePriceCache:
    """One file for each price list that is asked and each region that is asked about.

    endpoint  the URL of the Price List API: what another AWS says is never taken for its word
    region    the region that is asked about
    """

    directory: Path
    endpoint: str
    region: str

    @property
    def file(self) -> KeptFile:
        """Where the answers lie."""
        return kept_file(self.directory, "prices", self.endpoint, self.region)

    def recall(self) -> Mapping[str, CachedRates]:
        """Return what is kept: nothing where the file is missing, spoilt or not to be read."""
        content = self.file.recall(_Content)
        if content is None or content.version != _VERSION:
            return {}
        answers = content.answers
        return {key: one for key, one in answers.items() if _is_sound(one)}

    def keep(self, answers: Mapping[str, CachedRates]) -> None:
        """Keep these; where the disk refuses, the next launch just asks again."""
        self.file.keep(_Content(version=_VERSION, answers=dict(answers)))


def _is_sound(one: CachedRates) -> bool:
    return one.seen_at.tzinfo is not None and all(map(is_price, one.rates.values()))
