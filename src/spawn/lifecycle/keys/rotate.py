"""`spawn key rotate`: another key for new launches; the former one is kept for what trusts it.

1. The new key is made among the kept ones, where no launch looks.
2. Its pair is imported: what AWS does not take, launches shall not use.
3. The former key is kept by its name, and the new one takes its place.

Killed after any of these, launches have the one key or the other, and both are here. A new key
that never came to be used is a former one that nothing trusts: prune removes it.
"""

from __future__ import annotations

import msgspec

from spawn.connect.kept_keys import (
    drop_unused,
    held_keys,
    keep_new_key,
    use_for_launches,
)
from spawn.connect.key_locks import changing_keys
from spawn.connect.keys import existing_key
from spawn.core.errors import AwsRefusal, NamedThingNotFound, Unreachable
from spawn.lifecycle.keys.create import KeyWork, import_key
from spawn.lifecycle.keys.facts import KeyFacts
from spawn.lifecycle.keys.ring import KeyRow, Trusting, Use, key_ring
from spawn.lifecycle.regions import FailedRegion


class RotationPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A key to be replaced for new launches, and who goes on trusting it."""

    account: str
    region: str
    owner: str
    before: KeyRow
    failed_regions: tuple[FailedRegion, ...] = ()


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    """The key that launches use now; `first` is false where another rotation was faster."""

    account: str
    region: str
    owner: str
    before: str
    name: str
    fingerprint: str
    private_key: str
    first: bool
    still_trusting: tuple[Trusting, ...]
    failed_regions: tuple[FailedRegion, ...] = ()


def plan_rotation(work: KeyWork, facts: KeyFacts) -> RotationPlan:
    """Return what is to be replaced. Raises NamedThingNotFound where there is no key yet."""
    ring = key_ring(held_keys(work.state_directory), facts, now=work.now)
    current = next((row for row in ring.keys if row.use is Use.CURRENT), None)
    if current is None:
        raise NamedThingNotFound(
            "there is no key to rotate",
            why="none was made on this machine yet",
            next_command="spawn key create",
        )
    return RotationPlan(
        account=ring.account,
        region=work.region,
        owner=ring.owner,
        before=current,
        failed_regions=ring.failed_regions,
    )


def rotate(plan: RotationPlan, work: KeyWork, facts: KeyFacts) -> Rotated:
    """Carry out a plan, by the steps above.

    Raises AccountError where it can't be done here, AwsRefusal where AWS does not take the key:
    launches then go on with the one they have.
    """
    with changing_keys(work.state_directory, work.performer.clock):
        before = existing_key(work.state_directory)
        if before is None or before.pair_name != plan.before.name:
            return _rotated(plan, work, first=False)
        new = keep_new_key(work.state_directory, work.programs)
        try:
            import_key(work, new, facts.caller)
        except Unreachable:
            raise  # AWS may have it
        except AwsRefusal:
            drop_unused(new)
            raise
        use_for_launches(work.state_directory, new, before)
        return _rotated(plan, work, first=True)


def _rotated(plan: RotationPlan, work: KeyWork, *, first: bool) -> Rotated:
    current = existing_key(work.state_directory)
    if current is None:
        raise NamedThingNotFound("the key was removed meanwhile", next_command="spawn key create")
    return Rotated(
        account=plan.account,
        region=plan.region,
        owner=plan.owner,
        before=plan.before.name,
        name=current.pair_name,
        fingerprint=current.public_key.fingerprint,
        private_key=str(current.private_path),
        first=first,
        still_trusting=plan.before.instances,
        failed_regions=plan.failed_regions,
    )
