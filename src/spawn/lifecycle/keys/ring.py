"""The person's keys, each with its pairs in AWS, the instances that trust it, and a judgement.

Pure. A key is as old as the oldest that is known of it: a pair that was imported into another
region yesterday does not make it younger.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from spawn.aws.ec2 import Instance, KeyPair
from spawn.connect.kept_keys import LONGEST_USE, HeldKey
from spawn.connect.keys import is_pair_name, pair_name
from spawn.connect.publickey import PublicKey, parse_public_key
from spawn.core.tags import Tag
from spawn.lifecycle.keys.facts import KeyFacts, KeyRegion
from spawn.lifecycle.regions import FailedRegion


class Use(enum.StrEnum):
    """What becomes of a key at the next launch."""

    CURRENT = "current"
    FORMER = "former"
    ELSEWHERE = "elsewhere"


class Advice(enum.StrEnum):
    """What is to be done about a key."""

    ROTATE = "rotate"
    PRUNE = "prune"
    DISTRUST = "distrust"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a key, and what to type; "" where there is nothing to be typed."""

    advice: Advice
    why: str
    command: str = ""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A key's pair in one region. `is_own` says that its tags and its name are the caller's."""

    region: str
    id: str
    name: str
    owner: str
    created_at: datetime | None
    is_own: bool


class Trusting(msgspec.Struct, frozen=True, kw_only=True):
    """An instance that lets the key in, as far as AWS knows."""

    id: str
    name: str
    region: str
    state: str
    owner: str


class KeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One key. `private_key` is where its private half lies, "" where it is not here.

    made_at         None where nothing tells it
    age_days        whole days, None likewise
    other_accounts  accounts besides this one where something may trust it
    """

    name: str
    fingerprint: str
    use: Use
    private_key: str
    made_at: datetime | None
    age_days: int | None
    pairs: tuple[Pair, ...]
    instances: tuple[Trusting, ...]
    other_accounts: tuple[str, ...]
    findings: tuple[Finding, ...]


class KeyRing(msgspec.Struct, frozen=True, kw_only=True):
    """All of a person's keys, as this machine and their account know them."""

    account: str
    owner: str
    keys: tuple[KeyRow, ...]
    failed_regions: tuple[FailedRegion, ...] = ()


def key_ring(held: Iterable[HeldKey], facts: KeyFacts, *, now: datetime) -> KeyRing:
    """Put together what is here and what is in AWS; first the keys here, then those elsewhere."""
    here = tuple(held)
    rows = [_held_row(one, facts, now=now) for one in here]
    known = {one.key.public_key for one in here}
    rows.extend(_elsewhere_rows(facts, known, now=now))
    return KeyRing(
        account=facts.caller.account,
        owner=facts.caller.owner,
        keys=tuple(rows),
        failed_regions=facts.failed_regions,
    )


def _held_row(held: HeldKey, facts: KeyFacts, *, now: datetime) -> KeyRow:
    key = held.key.public_key
    matching = [(region, pair) for region, pair in _pairs(facts) if public_key_in(pair) == key]
    instances = tuple(
        one for region in facts.regions for one in _trusting(region, key, name=pair_name(key))
    )
    made_at = min((held.made_at, *(pair.create_time for _, pair in matching if pair.create_time)))
    use = Use.CURRENT if held.is_current else Use.FORMER
    age = _age_days(made_at, now)
    return KeyRow(
        name=held.key.pair_name,
        fingerprint=key.fingerprint,
        use=use,
        private_key=str(held.key.private_path),
        made_at=made_at,
        age_days=age,
        pairs=tuple(_pair(region, pair, facts) for region, pair in matching),
        instances=instances,
        other_accounts=tuple(one for one in held.accounts if one != facts.caller.account),
        findings=(
            *_age_findings(use, age),
            *_planted_findings(held, facts),
            *_prune_findings(use, instances, facts),
        ),
    )


def _elsewhere_rows(facts: KeyFacts, known: set[PublicKey], *, now: datetime) -> Iterator[KeyRow]:
    """Yield the keys that AWS has as the caller's and that are not here: on another machine."""
    names = {
        pair.key_name
        for _, pair in _pairs(facts)
        if is_own_pair(pair, facts.caller.owner) and public_key_in(pair) not in known
    }
    for name in sorted(names):
        found = [(region, pair) for region, pair in _pairs(facts) if pair.key_name == name]
        keys = {public_key_in(pair) for _, pair in found}
        key = keys.pop() if len(keys) == 1 else None
        dates = [pair.create_time for _, pair in found if pair.create_time]
        age = _age_days(min(dates), now) if dates else None
        believed = key is not None and pair_name(key) == name
        yield KeyRow(
            name=name,
            fingerprint=key.fingerprint if key is not None else "",
            use=Use.ELSEWHERE,
            private_key="",
            made_at=min(dates, default=None),
            age_days=age,
            pairs=tuple(_pair(region, pair, facts) for region, pair in found),
            instances=tuple(
                one for region in facts.regions for one in _trusting(region, key, name=name)
            ),
            other_accounts=(),
            findings=_age_findings(Use.ELSEWHERE, age) if believed else (_LYING,),
        )


_LYING = Finding(
    advice=Advice.DISTRUST,
    why="its name stands for another key than it holds, so its tags are not believed either",
)


def public_key_in(pair: KeyPair) -> PublicKey | None:
    """Return the key that a pair holds, None where AWS does not show one that can be read."""
    try:
        return parse_public_key(pair.public_key)
    except ValueError:
        return None


def is_own_pair(pair: KeyPair, owner: str) -> bool:
    """Say whether name and tags of a pair are as spawn gives them for that owner."""
    tags = pair.tag_mapping
    is_made = is_pair_name(pair.key_name) and tags.get(Tag.SPAWN) == "true"
    return is_made and tags.get(Tag.OWNER) == owner


def _pairs(facts: KeyFacts) -> Iterator[tuple[str, KeyPair]]:
    for region in facts.regions:
        for pair in region.pairs:
            yield region.region, pair


def _pair(region: str, pair: KeyPair, facts: KeyFacts) -> Pair:
    return Pair(
        region=region,
        id=pair.key_pair_id,
        name=pair.key_name,
        owner=pair.tag_mapping.get(Tag.OWNER, ""),
        created_at=pair.create_time,
        is_own=is_own_pair(pair, facts.caller.owner),
    )


def _trusting(region: KeyRegion, key: PublicKey | None, *, name: str) -> Iterator[Trusting]:
    """Yield who was launched with the key: under its own name, or another that holds it."""
    same = {pair.key_name for pair in region.pairs if key and public_key_in(pair) == key}
    for instance in region.instances:
        if instance.key_name in {name, *same}:
            yield _trusting_instance(instance, region.region)


def _trusting_instance(instance: Instance, region: str) -> Trusting:
    tags = instance.tag_mapping
    return Trusting(
        id=instance.instance_id,
        name=tags.get(Tag.NAME, ""),
        region=region,
        state=instance.state.name,
        owner=tags.get(Tag.OWNER, ""),
    )


def _age_days(made_at: datetime, now: datetime) -> int:
    return max((now - made_at).days, 0)


def _age_findings(use: Use, age_days: int | None) -> tuple[Finding, ...]:
    """Judge a key's age; of a former one it is no matter any more."""
    if use is Use.FORMER or age_days is None or age_days <= LONGEST_USE.days:
        return ()
    old = f"it is {age_days} days old, and {LONGEST_USE.days} are the most"
    if use is Use.CURRENT:
        return (Finding(advice=Advice.ROTATE, why=old, command="spawn key rotate"),)
    return (Finding(advice=Advice.ROTATE, why=f"{old}; rotate it on the machine that has it"),)


def _planted_findings(held: HeldKey, facts: KeyFacts) -> tuple[Finding, ...]:
    places = [
        region
        for region, pair in _pairs(facts)
        if pair.key_name == held.key.pair_name and public_key_in(pair) != held.key.public_key
    ]
    if not places:
        return ()
    why = f"in {', '.join(places)} another key stands under its name: it would be let in instead"
    return (Finding(advice=Advice.DISTRUST, why=why),)


def _prune_findings(
    use: Use, instances: tuple[Trusting, ...], facts: KeyFacts
) -> tuple[Finding, ...]:
    if use is not Use.FORMER or instances or facts.failed_regions:
        return ()
    return (
        Finding(
            advice=Advice.PRUNE, why="no instance trusts it any more", command="spawn key prune"
        ),
    )
