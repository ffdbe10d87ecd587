"""How keys are judged, and which of them may go: from what is here and what is in AWS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.ec2 import Instance, InstanceState, KeyPair
from spawn.aws.shapes import TagShape
from spawn.aws.sts import Identity
from spawn.connect.kept_keys import HeldKey
from spawn.connect.keys import PersonalKey, pair_name
from spawn.connect.publickey import PublicKey
from spawn.core.errors import RefusedByControl
from spawn.lifecycle.keys.facts import KeyFacts, KeyRegion
from spawn.lifecycle.keys.prune import plan_pruning
from spawn.lifecycle.keys.ring import Advice, KeyRing, key_ring
from spawn.lifecycle.regions import FailedRegion
from tests.unit.connect.builders import public_key

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CALLER = Identity(
    account="123456789012",
    arn="arn:aws:iam::123456789012:user/ada",
    user_id="AIDA",
    partition="aws",
    owner="ada",
)
CURRENT, FORMER, STRANGE = public_key(), public_key(), public_key()
OWN = {"spawn": "true", "owner": "ada"}


def held(key: PublicKey, *, current: bool, days: int = 1) -> HeldKey:
    """Return a key that is here, so many days old."""
    return HeldKey(
        key=PersonalKey(private_path=Path("/state") / pair_name(key), public_key=key),
        is_current=current,
        made_at=NOW - timedelta(days=days),
    )


def pair(key: PublicKey, *, name: str = "", days: int = 1, **tags: str) -> KeyPair:
    """Return a pair as AWS shows it, under the key's own name unless another is given."""
    shown = name or pair_name(key)
    return KeyPair(
        key_name=shown,
        key_pair_id=f"key-{shown}",
        public_key=f"{key.line} ada@laptop",
        create_time=NOW - timedelta(days=days),
        tags=tuple(TagShape(key=name, value=value) for name, value in (tags or OWN).items()),
    )


def instance(key_name: str, state: str = "running") -> Instance:
    """Return an instance that was launched with a pair."""
    return Instance(
        instance_id="i-0123456789abcdef0",
        launch_time=NOW,
        state=InstanceState(name=state),
        key_name=key_name,
    )


def facts(
    *pairs: KeyPair, instances: tuple[Instance, ...] = (), failed: tuple[str, ...] = ()
) -> KeyFacts:
    """Return an account with one region that answers."""
    region = KeyRegion(region="eu-west-1", pairs=pairs, instances=instances)
    return KeyFacts(
        caller=CALLER,
        regions=(region,),
        failed_regions=tuple(FailedRegion(region=name, why="denied") for name in failed),
    )


def ring(seen: KeyFacts, *, days: int = 1) -> KeyRing:
    """Return the keys of a person who has rotated once."""
    mine = (held(CURRENT, current=True, days=days), held(FORMER, current=False, days=days))
    return key_ring(mine, seen, now=NOW)


def advice(whole: KeyRing) -> list[list[Advice]]:
    """Return what is said of each key."""
    return [[finding.advice for finding in row.findings] for row in whole.keys]


@pytest.mark.parametrize(("days", "said"), [(90, []), (91, [Advice.ROTATE])])
def test_a_key_is_old_after_90_days(days: int, said: list[Advice]) -> None:
    """The current key's age is judged, a former one's no more: nothing is launched with it."""
    seen = facts(instances=(instance(pair_name(FORMER)),))
    assert advice(ring(seen, days=days)) == [said, []]


def test_a_new_pair_makes_no_key_younger() -> None:
    """A key is as old as the oldest that is known of it, here or in any region."""
    row, _ = ring(facts(pair(CURRENT, days=0)), days=100).keys
    assert row.age_days == 100
    row, _ = ring(facts(pair(CURRENT, days=200)), days=0).keys
    assert row.age_days == 200
    row, _ = ring(facts(pair(CURRENT, days=-3)), days=-3).keys
    assert row.age_days == 0


def test_what_stands_under_its_name_and_is_another_is_said() -> None:
    """A pair that bears the current key's name and holds a stranger's would let that one in."""
    found = ring(facts(pair(STRANGE, name=pair_name(CURRENT))))
    assert advice(found)[0] == [Advice.DISTRUST]
    assert found.keys[0].pairs == ()


def test_tags_alone_make_no_key_the_persons() -> None:
    """A pair is theirs elsewhere by name, tags and content together; else it is not believed."""
    other = ring(facts(pair(STRANGE)))
    assert [row.use for row in other.keys][2:] == ["elsewhere"]
    assert advice(other)[2] == []
    lying = ring(facts(pair(STRANGE, name="spawn-0123456789abcdef")))
    assert advice(lying)[2] == [Advice.DISTRUST]
    assert len(ring(facts(pair(STRANGE, spawn="true", owner="bob"))).keys) == 2
    assert len(ring(facts(pair(STRANGE, name="theirs"))).keys) == 2


@given(
    st.lists(
        st.sampled_from(
            (
                pair(CURRENT),
                pair(FORMER),
                pair(STRANGE),
                pair(FORMER, name="mine"),
                pair(FORMER, spawn="true", owner="bob"),
                pair(STRANGE, name=pair_name(FORMER)),
            )
        ),
        max_size=5,
    ),
    st.lists(
        st.sampled_from((pair_name(CURRENT), pair_name(FORMER), pair_name(STRANGE), "mine", "")),
        max_size=4,
    ),
    st.booleans(),
)
def test_nothing_goes_that_may_be_needed(
    pairs: list[KeyPair], names: list[str], fails: bool
) -> None:
    """A key goes only where all was seen, nobody trusts it, and each pair of it is the caller's.

    Whatever else there is: the current key stays, and no pair goes but those of keys that go.
    """
    seen = facts(
        *pairs,
        instances=tuple(map(instance, names)),
        failed=("us-east-1",) if fails else (),
    )
    has_alias = any(one.key_name == "mine" for one in pairs)
    is_trusted = pair_name(FORMER) in names or ("mine" in names and has_alias)
    is_disputed = any(
        FORMER.line in one.public_key
        and (one.key_name == "mine" or one.tag_mapping["owner"] != "ada")
        for one in pairs
    )
    if is_trusted:
        with pytest.raises(RefusedByControl) as refused:
            plan_pruning(ring(seen))
        assert "i-0123456789abcdef0" in refused.value.why
        return
    plan = plan_pruning(ring(seen))
    goes = not fails and not is_disputed
    assert [one.name for one in plan.leaving] == ([pair_name(FORMER)] if goes else [])
    deleted = [
        step.parameters["KeyPairId"]
        for one in plan.leaving
        for stage in one.stages
        for step in stage
    ]
    assert set(deleted) <= {f"key-{pair_name(FORMER)}"}
