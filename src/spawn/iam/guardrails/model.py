"""What a guardrail is, and what has to be said before its exact words are known."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from spawn.core.errors import Defect
from spawn.iam.documents import PolicyDocument

# A policy, or the parameters that a setting or rule shall have, in AWS's words.
Document = PolicyDocument | Mapping[str, Any]


class Kind(enum.StrEnum):
    """By what AWS holds it."""

    BOUNDARY = "permissions boundary"
    IDENTITY = "identity policy"
    SCP = "service control policy"
    SETTING = "account setting"
    RULE = "AWS Config rule"


class Caller(enum.StrEnum):
    """How people sign, which decides by what a policy can know them."""

    USER = "user"
    ROLE = "role"
    SSO = "sso"


class Need(enum.StrEnum):
    """What must be said, by the name of its flag."""

    ACCOUNT = "--account"
    REGIONS = "--regions"
    CALLER = "--for"
    OWNERS = "--owner"


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What was said.

    account       twelve digits, "" where nobody said
    regions       those that may be used, none where nobody said
    image_owners  whose images may be launched, besides the account's own
    caller        how the people sign whom the identity policies bind, None where nobody said
    owners        their names, as spawn writes them into the tag `owner`
    exempt        ARN patterns of principals whom the organisation's rules on tags don't bind
    """

    partition: str = "aws"
    account: str = ""
    regions: tuple[str, ...] = ()
    image_owners: tuple[str, ...] = ()
    caller: Caller | None = None
    owners: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()

    @property
    def who(self) -> Caller:
        """How the people sign. Raises Defect where that is needed and was not asked for."""
        if self.caller is None:
            raise Defect("a policy of people was written before it was said how they sign")
        return self.caller

    def lacks(self, needs: frozenset[Need]) -> tuple[Need, ...]:
        """Return what is needed and was not said."""
        said = {
            Need.ACCOUNT: self.account,
            Need.REGIONS: self.regions,
            Need.CALLER: self.caller,
            Need.OWNERS: self.owners,
        }
        return tuple(need for need in Need if need in needs and not said[need])


class Guardrail(msgspec.Struct, frozen=True, kw_only=True):
    """One guardrail in its exact words. Of `purpose` and the two after it each is a sentence.

    aws_name  what it is called in AWS; "" for settings, which have no name
    """

    name: str
    kind: Kind
    purpose: str
    applied: str
    judged: str
    aws_name: str
    document: Any


@dataclass(frozen=True, kw_only=True)
class Row:
    """A guardrail of the catalog, before anything was said. `optional`: only when it is named."""

    name: str
    kind: Kind
    purpose: str
    applied: str
    judged: str
    write: Callable[[Wishes], Document]
    aws_name: Callable[[Wishes], str]
    needs: frozenset[Need] = frozenset()
    optional: bool = False

    def written(self, wishes: Wishes) -> Guardrail:
        """Return it in its exact words."""
        return Guardrail(
            name=self.name,
            kind=self.kind,
            purpose=self.purpose,
            applied=self.applied,
            judged=self.judged,
            aws_name=self.aws_name(wishes),
            document=self.write(wishes),
        )
