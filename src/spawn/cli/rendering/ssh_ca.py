"""The authority for SSH: what it is, what it signed and took back, and who trusts it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from spawn.cli.rendering.tables import Cell, fields, table
from spawn.cli.rendering.terminal import escape
from spawn.cli.wiring import Wiring
from spawn.connect.certificates import parse_certificate
from spawn.connect.ssh_ca.authority import Authority
from spawn.connect.ssh_ca.revocations import Revocations, Revoked
from spawn.connect.ssh_ca.signing import LONGEST_VALID, VALID
from spawn.core.durations import format_duration
from spawn.core.instants import format_instant
from spawn.launch.trusting import TrustPlan
from spawn.lifecycle.regions import FailedRegion
from spawn.lifecycle.trusting import Admits, Trusting, outdated

_HEADINGS = ("INSTANCE", "NAME", "REGION", "STATE", "OWNER", "ADMITS", "LIST")


class AuthorityShown(msgspec.Struct, frozen=True, kw_only=True):
    """An authority, for a document."""

    fingerprint: str
    public_key: str
    place: str
    created_at: datetime
    is_new: bool = False
    is_old: bool = False


class StatusShown(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, for a document."""

    authority: AuthorityShown
    list_number: int
    revoked: tuple[Revoked, ...]
    instances: tuple[Trusting, ...]
    unseen_regions: tuple[str, ...]


class RevokedShown(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken back, and where it is not known yet; for a document."""

    revoked: Revoked
    list_number: int
    outdated: tuple[Trusting, ...]
    unseen_regions: tuple[str, ...]


def authority_document(
    authority: Authority, *, is_new: bool = False, is_old: bool = False
) -> AuthorityShown:
    """Return an authority as a document has it: nothing that is secret."""
    return AuthorityShown(
        fingerprint=authority.fingerprint,
        public_key=authority.public_line,
        place=authority.place,
        created_at=authority.created_at,
        is_new=is_new,
        is_old=is_old,
    )


def initialised_text(authority: Authority, *, is_new: bool) -> str:
    """Say which authority there is, and what to do with it."""
    known = _authority_fields(authority, is_old=False)
    heading = "made" if is_new else "kept: it was there already"
    return "\n".join(
        (
            fields((("authority", heading), *known)),
            "",
            "next: spawn launch --ssh-ca          an instance that admits its certificates alone",
            "      spawn ssh-ca trust ID          the same for one that runs",
            "      spawn config set ssh-ca true   the same for every launch",
        )
    )


def _authority_fields(authority: Authority, *, is_old: bool) -> tuple[tuple[str, str], ...]:
    age = "; older than a year: it is time for another" if is_old else ""
    return (
        ("fingerprint", authority.fingerprint),
        ("key", authority.place),
        ("public key", authority.public_line),
        ("since", f"{format_instant(authority.created_at)}{age}"),
    )


def certificate_document(line: str, place: str | None) -> dict[str, Any]:
    """Return a certificate as a document has it."""
    found = parse_certificate(line)
    return {
        "certificate": line,
        "path": place,
        "serial": found.serial,
        "key_id": found.key_id,
        "principals": found.principals,
        "begins": found.begins,
        "ends": found.ends,
    }


def certificate_text(line: str, place: str | None) -> str:
    """Say what was signed."""
    found = parse_certificate(line)
    until = "?" if found.ends is None else format_instant(found.ends)
    where = "" if place is None else f", written to {place}"
    whom = ", ".join(found.principals)
    return escape(f"signed for {whom}: serial {found.serial}, valid until {until}{where}")


def revoked_document(
    one: Revoked,
    after: Revocations,
    found: Iterable[Trusting],
    failed: Iterable[FailedRegion],
) -> RevokedShown:
    """Return what came of a revocation."""
    return RevokedShown(
        revoked=one,
        list_number=after.number,
        outdated=outdated(found),
        unseen_regions=tuple(one.region for one in failed),
    )


def revoked_text(done: RevokedShown) -> str:
    """Say which instances have the list not."""
    if not done.outdated:
        lines = ["no instance that trusts the authority has an older list, as far as tags tell"]
    else:
        lines = ["these have an older list, and still admit it:"]
        lines += [f"  spawn ssh-ca trust {one.id}   {_named(one)}" for one in done.outdated]
    return "\n".join(map(escape, (*lines, *_unseen(done.unseen_regions))))


def _named(one: Trusting) -> str:
    return " ".join(filter(None, (one.name, f"in {one.region}, {one.state}", one.owner)))


def _unseen(regions: Sequence[str]) -> tuple[str, ...]:
    return (f"UNKNOWN: {', '.join(regions)} could not be looked into",) if regions else ()


def status_document(
    authority: Authority,
    revocations: Revocations,
    found: tuple[Trusting, ...],
    failed: Iterable[FailedRegion],
    *,
    now: datetime,
) -> StatusShown:
    """Return all that is known of an authority."""
    return StatusShown(
        authority=authority_document(authority, is_old=authority.is_old(now)),
        list_number=revocations.number,
        revoked=revocations.entries,
        instances=found,
        unseen_regions=tuple(one.region for one in failed),
    )


def status_text(shown: StatusShown, wiring: Wiring) -> str:
    """Say all of it."""
    authority = shown.authority
    age = "; older than a year: it is time for another" if authority.is_old else ""
    revoked = [
        f"{one.kind} {one.note or one.value}, {format_instant(one.at)}" for one in shown.revoked
    ]
    known = fields(
        (
            ("fingerprint", authority.fingerprint),
            ("key", authority.place),
            ("since", f"{format_instant(authority.created_at)}{age}"),
            ("signs", f"for {format_duration(VALID)}; {format_duration(LONGEST_VALID)} at most"),
            ("revoked", revoked or "nothing"),
            ("list", f"number {shown.list_number}"),
        )
    )
    parts = [known, *(escape(line) for line in _unseen(shown.unseen_regions))]
    if shown.instances:
        parts += ["", _instances(shown.instances, wiring)]
    else:
        parts += ["", "no instance that you may see is running"]
    return "\n".join(parts)


def _instances(found: tuple[Trusting, ...], wiring: Wiring) -> str:
    rows = [
        [
            *map(Cell, (one.id, one.name, one.region, one.state, one.owner)),
            Cell(one.admits.value, "" if one.admits is Admits.CURRENT else "yellow"),
            Cell(str(one.number) if one.fingerprint else ""),
        ]
        for one in found
    ]
    return table(
        _HEADINGS,
        rows,
        columns=wiring.columns,
        colour=wiring.in_colour,
        expendable=("STATE", "REGION", "OWNER", "LIST"),
    )


def trust_text(plan: TrustPlan) -> str:
    """Say what is going to be done to an instance."""
    known = fields((("instance", plan.instance.instance_id),))
    numbered = [f"{number}. {escape(one)}" for number, one in enumerate(plan.sentences, 1)]
    return "\n".join((known, "", *numbered))


def trusted_text(plan: TrustPlan) -> str:
    """Say what was done."""
    whom = ", ".join(plan.orders.principals)
    return escape(
        f"{plan.instance.instance_id} admits certificates of "
        f"{plan.trust.public_key.fingerprint} for {whom}, and nothing else"
    )


def trust_document(plan: TrustPlan) -> dict[str, Any]:
    """Return what was done."""
    return {
        "instance_id": plan.instance.instance_id,
        "fingerprint": plan.trust.public_key.fingerprint,
        "list_number": plan.trust.number,
        "principals": plan.orders.principals,
    }
