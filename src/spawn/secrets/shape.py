"""What a secret that is known by its own form looks like: a row of the scanner's tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from spawn.secrets.finding import Certainty, Rule


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A secret that is known by its own form: the group `value` of the pattern.

    It is compiled when it is needed: most texts need few of a hundred.

    is_word  it begins a word
    check    what its issuer built in to tell a false one; nothing where it is None
    """

    kind: str
    name: str
    hints: tuple[str, ...]
    form: str
    rule: Rule = Rule.TOKEN
    certainty: Certainty = Certainty.KNOWN
    is_word: bool = False
    check: Callable[[str], bool] | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The form, compiled."""
        return re.compile(self.form, re.ASCII)


def issued(
    kind: str, name: str, form: str, *hints: str, check: Callable[[str], bool] | None = None
) -> Shape:
    """Return the shape of a token that begins with its issuer's own letters.

    `re` looks for a pattern's first letters fast, and for nothing behind a look-behind: that
    stands only where there are no such letters.
    """
    before = r"(?<![A-Za-z0-9_])" if form.startswith("[") else ""
    whole = rf"{before}(?P<value>{form})(?![A-Za-z0-9])"
    return Shape(kind=kind, name=name, hints=hints, form=whole, is_word=True, check=check)
