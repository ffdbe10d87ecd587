"""What a secret that was found is told as: where, of what kind, and what to write instead."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

import msgspec

from spawn.secrets.offers import secret_flag
from spawn.secrets.references import SecretService


class Certainty(enum.StrEnum):
    """How sure it is that this is a secret.

    KNOWN   its form, or the place where it stands, is that of a secret
    LIKELY  it is as random as one, and nothing says that it is something else
    """

    KNOWN = "known"
    LIKELY = "likely"


class Rule(enum.StrEnum):
    """What made the finding: what code scanners group by."""

    TOKEN = "token"  # noqa: S105  a rule's name
    PRIVATE_KEY = "private-key"
    URL = "url"
    ASSIGNMENT = "assignment"
    ARGUMENT = "argument"
    STDIN = "stdin"
    CONFIGURATION = "configuration"
    STATEMENT = "statement"
    HASH = "hash"
    ENTROPY = "entropy"


class SecretFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A secret in a text: where it is and of what kind. Never what it is.

    line, column  count from 1, within the part
    part          names the part where a text has several, else empty
    name          a variable that could hold it: it goes by what it is assigned to, or by its kind
    """

    line: int
    column: int = 1
    rule: Rule = Rule.TOKEN
    kind: str
    name: str = "SECRET"
    certainty: Certainty = Certainty.KNOWN
    part: str = ""

    @property
    def instead(self) -> str:
        """What hands it over without writing it down."""
        return secret_flag(SecretService.SECRETS_MANAGER, "", name=self.name)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What one detector takes for a secret, by its place in the text: `start` to `end`."""

    start: int
    end: int
    rule: Rule
    kind: str
    name: str = ""
    certainty: Certainty = Certainty.KNOWN


_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])", re.ASCII)
_NOT_OF_NAMES = re.compile(r"\W++", re.ASCII)
_LONGEST_NAME = 40


def variable_name(name: str, *, secret: str) -> str:
    """Return the name as that of an environment variable, "" where it can't be one.

    A name that holds the secret itself is none.
    """
    if secret and secret.casefold() in name.casefold():
        return ""
    words = _NOT_OF_NAMES.sub("_", _CAMEL.sub("_", name)).strip("_").upper()
    return words[:_LONGEST_NAME] if words and not words[0].isdigit() else ""
