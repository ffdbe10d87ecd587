"""`spawn key prune`: former keys that nothing trusts, removed in AWS and on this machine.

1. A former key goes where no instance of any region trusts it. A region that can't be looked at
   may hold one that does, and a pair whose name or tags are not the caller's is not theirs to
   delete: both keep the key.
2. While no launch of this machine goes on: its pairs are deleted, so that none can begin with it.
3. All regions are looked at again. Only then the private half goes, unless the key was used in
   another account, where nobody has looked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import msgspec

from spawn.aws.ec2 import DELETE_KEY_PAIR
from spawn.aws.perform import Performance, Result
from spawn.connect.kept_keys import accounts_of, clear_use, forget_key, former_key, held_keys
from spawn.connect.key_locks import changing_keys, no_launch_goes_on
from spawn.connect.keys import existing_key
from spawn.core.errors import PartlyDone, RefusedByControl
from spawn.core.steps import Stage, Step
from spawn.lifecycle.keys.create import KeyWork
from spawn.lifecycle.keys.facts import KeyFacts
from spawn.lifecycle.keys.ring import KeyRing, KeyRow, Pair, Trusting, Use, key_ring
from spawn.lifecycle.regions import FailedRegion, not_all_removed

CONTROL = "SSH-KEY-TRUSTED"


class Leaving(msgspec.Struct, frozen=True, kw_only=True):
    """A former key that goes; `private_key` is where its private half lies.

    other_accounts  where something may trust it as well: then the private half stays
    """

    name: str
    fingerprint: str
    private_key: str
    pairs: tuple[Pair, ...]
    stages: tuple[Stage, ...]
    other_accounts: tuple[str, ...] = ()


class Staying(msgspec.Struct, frozen=True, kw_only=True):
    """A former key that stays, and why; `instances` are those that trust it."""

    name: str
    fingerprint: str
    why: str
    instances: tuple[Trusting, ...] = ()


class PrunePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to go, and what stays."""

    account: str
    owner: str
    leaving: tuple[Leaving, ...]
    staying: tuple[Staying, ...] = ()
    failed_regions: tuple[FailedRegion, ...] = ()


class Pruned(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one key.

    pairs_deleted  the regions of the pairs that are gone
    used_in        other accounts where it has to be pruned before its private half goes
    why            what else kept it, "" for nothing
    """

    name: str
    pairs_deleted: tuple[str, ...]
    private_key_removed: bool
    used_in: tuple[str, ...] = ()
    why: str = ""


def error_of(plan: PrunePlan, pruned: Iterable[Pruned]) -> PartlyDone | None:
    """Return what could not be seen or removed as an error, None where all could."""
    left = ((one.name, one.why) for one in pruned if one.why)
    return not_all_removed(left, plan.failed_regions, next_command="spawn key list")


def plan_pruning(ring: KeyRing) -> PrunePlan:
    """Return what may go; pure.

    Raises RefusedByControl where instances trust every former key there is.
    """
    former = [row for row in ring.keys if row.use is Use.FORMER]
    staying = tuple(one for one in (_staying(row, ring) for row in former) if one)
    kept = {one.name for one in staying}
    plan = PrunePlan(
        account=ring.account,
        owner=ring.owner,
        leaving=tuple(_leaving(row) for row in former if row.name not in kept),
        staying=staying,
        failed_regions=ring.failed_regions,
    )
    if not plan.leaving and any(one.instances for one in staying):
        raise _refusal(staying)
    return plan


def _staying(row: KeyRow, ring: KeyRing) -> Staying | None:
    strange = [pair for pair in row.pairs if not pair.is_own]
    if row.instances:
        why = f"{len(row.instances)} instance{'' if len(row.instances) == 1 else 's'} trust it"
    elif ring.failed_regions:
        regions = ", ".join(one.region for one in ring.failed_regions)
        why = f"who trusts it in {regions} can't be seen"
    elif strange:
        places = ", ".join(f"{pair.name} in {pair.region}" for pair in strange)
        why = f"by its name or its tags {places} is not a pair of yours, and holds the same key"
    else:
        return None
    return Staying(name=row.name, fingerprint=row.fingerprint, why=why, instances=row.instances)


def _leaving(row: KeyRow) -> Leaving:
    return Leaving(
        name=row.name,
        fingerprint=row.fingerprint,
        private_key=row.private_key,
        pairs=row.pairs,
        stages=(tuple(map(_deletion, row.pairs)),) if row.pairs else (),
        other_accounts=row.other_accounts,
    )


def _deletion(pair: Pair) -> Step:
    return Step(
        operation=DELETE_KEY_PAIR.key,
        region=pair.region,
        # By id: a pair of the same name that someone makes now is another one.
        parameters={"KeyPairId": pair.id},
        sentence=f"delete the key pair {pair.name} in {pair.region}",
        accepts=("InvalidKeyPair.NotFound",),
    )


def _refusal(staying: Iterable[Staying]) -> RefusedByControl:
    trusting = [instance for one in staying for instance in one.instances]
    listed = ", ".join(f"{one.id} ({one.region}, {one.state})" for one in trusting)
    return RefusedByControl(
        "no former key can go: instances trust them",
        why=f"without its private half nobody reaches {listed} any more",
        next_command="spawn key list",
        controls=(CONTROL,),
    )


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """Carries out a plan; `look` reads all regions again."""

    work: KeyWork
    look: Callable[[], KeyFacts]

    def apply(self, plan: PrunePlan) -> tuple[Pruned, ...]:
        """Remove what may go; one key that can't be removed doesn't stop the others.

        Raises AccountError where a launch goes on, and AwsRefusal where, the pairs being gone,
        no region can be looked at again: then no private half was removed.
        """
        state, clock = self.work.state_directory, self.work.performer.clock
        if not plan.leaving:
            return ()
        with changing_keys(state, clock), no_launch_goes_on(state, clock):
            current = existing_key(state)
            # A rotation that went on while the plan was made may have taken its new key for one.
            in_use = "" if current is None else current.pair_name
            leaving = [one for one in plan.leaving if one.name != in_use]
            deletions = [self.work.performer.perform(one.stages) for one in leaving]
            ring = key_ring(held_keys(state), self.look(), now=self.work.now)
            return tuple(map(partial(self._finish, ring), leaving, deletions))

    def _finish(self, ring: KeyRing, leaving: Leaving, deletion: Performance) -> Pruned:
        gone = {
            (one.step.region, one.step.parameters["KeyPairId"])
            for one in deletion.performed
            if one.result in {Result.DONE, Result.ACCEPTED}
        }
        row = next((row for row in ring.keys if row.name == leaving.name), None)
        # What was deleted may be shown for a while.
        left = [pair for pair in (row.pairs if row else ()) if (pair.region, pair.id) not in gone]
        why = _refusals(deletion)
        if not why and row is not None:
            now = msgspec.structs.replace(row, pairs=tuple(left))
            staying = _staying(now, ring)
            why = staying.why if staying else "it has a new pair" if left else ""
        others = () if why else self._forget(leaving.name, ring.account)
        return Pruned(
            name=leaving.name,
            pairs_deleted=tuple(region for region, _ in sorted(gone)),
            private_key_removed=not (why or others),
            used_in=others,
            why=why,
        )

    def _forget(self, name: str, account: str) -> tuple[str, ...]:
        """Remove the private half, unless other accounts are left; return those."""
        state = self.work.state_directory
        clear_use(state, name, account)
        others = accounts_of(state, name)
        key = former_key(state, name)
        if key is not None and not others:
            forget_key(state, key)
        return others


def _refusals(deletion: Performance) -> str:
    refusals = (one.refusal for one in deletion.failures if one.refusal is not None)
    return "; ".join(refusal.why or refusal.what for refusal in refusals)
