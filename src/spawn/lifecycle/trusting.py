"""Which instances admit whose certificates, as far as their tags tell. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec

from spawn.connect.ssh_ca.authority import Authority
from spawn.connect.ssh_ca.revocations import Revocations
from spawn.connect.ssh_ca.trust import read_mark
from spawn.core.tags import Tag
from spawn.lifecycle.listed import ENDED_STATES, ListedInstance


class Admits(enum.StrEnum):
    """What an instance admits.

    OUTDATED is one that trusts the authority, and has an older revocation list. UNKNOWN has a tag
    that spawn did not write.
    """

    CURRENT = "certificates"
    OUTDATED = "certificates, with an older revocation list"
    OTHER = "certificates of another authority"
    KEYS = "keys"
    UNKNOWN = "UNKNOWN"


class Trusting(msgspec.Struct, frozen=True, kw_only=True):
    """One instance. `fingerprint` is its authority's, "" for none; `number` its list's."""

    id: str
    name: str
    region: str
    state: str
    owner: str
    is_mine: bool
    admits: Admits
    fingerprint: str = ""
    number: int = 0


def trusting(
    rows: Iterable[ListedInstance], authority: Authority, revocations: Revocations
) -> tuple[Trusting, ...]:
    """Return what each instance that has not ended admits, in the order of the rows."""
    return tuple(
        _trusting(row, authority, revocations) for row in rows if row.state not in ENDED_STATES
    )


def outdated(found: Iterable[Trusting]) -> tuple[Trusting, ...]:
    """Return those to which the newest revocation list is still to be brought."""
    return tuple(one for one in found if one.admits is Admits.OUTDATED)


def _trusting(row: ListedInstance, authority: Authority, revocations: Revocations) -> Trusting:
    mark = read_mark(row.tags)
    if mark is None:
        admits = Admits.UNKNOWN if Tag.SSH_CA in row.tags else Admits.KEYS
    elif mark.fingerprint != authority.fingerprint:
        admits = Admits.OTHER
    else:
        admits = Admits.CURRENT if mark.number >= revocations.number else Admits.OUTDATED
    return Trusting(
        id=row.id,
        name=row.name,
        region=row.region,
        state=row.state,
        owner=row.owner,
        is_mine=row.is_mine,
        admits=admits,
        fingerprint="" if mark is None else mark.fingerprint,
        number=0 if mark is None else mark.number,
    )
