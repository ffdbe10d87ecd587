"""Plans: decided once, the same for the same input, and whole."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws import dynamodb, ec2, scheduler
from spawn.core.errors import AccountError, InputError
from spawn.core.instants import format_instant
from spawn.core.levels import Level
from spawn.core.steps import Output, OutputReference, unmet_references
from spawn.core.tags import Tag
from spawn.launch.plan import LaunchPlan, make_plan
from spawn.launch.spec import LaunchSpec
from spawn.launch.userdata import MOST_BYTES
from tests.unit.launch.accounts import (
    LAUNCH_ID,
    NOW,
    OWN_AMI,
    ROOT_DEVICE,
    fresh_account,
    plan_of,
    spec,
    used_account,
)
from tests.unit.launch.mime import parts_of
from tests.unit.launch.requests import launches_of, tags_of, the, user_data_of
from tests.unit.launch.strategies import specs


def plan_or_none(asked: LaunchSpec) -> LaunchPlan | None:
    """Return the plan, None where what was asked can't be had together; never a defect."""
    try:
        return plan_of(asked)
    except (InputError, AccountError):
        return None


@given(specs())
def test_a_plan_is_whole(asked: LaunchSpec) -> None:
    """No step needs what no earlier one yields, and nothing but the instance's own is undone."""
    plan = plan_or_none(asked)
    if plan is None:
        return
    assert unmet_references((*plan.prepare, (plan.run,), plan.secure)) == ()
    assert all(step.undo is None for stage in plan.prepare for step in stage)
    assert plan.run.undo is not None
    assert the(plan, scheduler.CREATE_SCHEDULE.key).undo is not None


@given(specs())
def test_every_instance_ends_and_takes_its_disks_along(asked: LaunchSpec) -> None:
    """Wherever it goes: power-off terminates, disks go too, and its tags say when and whose."""
    plan = plan_or_none(asked)
    if plan is None:
        return
    for parameters in launches_of(plan):
        assert parameters["InstanceInitiatedShutdownBehavior"] == "terminate"
        disks = [mapping["Ebs"] for mapping in parameters["BlockDeviceMappings"]]
        faces = parameters["NetworkInterfaces"]
        assert all(one["DeleteOnTermination"] is True for one in (*disks, *faces))
        tags = tags_of(parameters)
        assert tags[Tag.EXPIRES_AT] == format_instant(plan.expires_at)
        assert tags[Tag.SPAWN] == "true"
        assert tags[Tag.LAUNCH_ID] == LAUNCH_ID
        assert tags[Tag.OWNER] == plan.owner


@given(specs())
def test_the_root_disk_bears_the_images_own_device_name(asked: LaunchSpec) -> None:
    """Size and encryption go to the disk that the image boots from, never to a second one."""
    plan = plan_or_none(asked)
    if plan is None:
        return
    for parameters in launches_of(plan):
        first, *others = parameters["BlockDeviceMappings"]
        assert first["DeviceName"] == ROOT_DEVICE
        assert [one["DeviceName"] for one in others] == (
            ["/dev/sdf"] if asked.ami == OWN_AMI else []
        )


@given(specs(user_data=b"echo hello\n", agent=True))
def test_the_end_date_is_the_first_thing_that_runs(asked: LaunchSpec) -> None:
    """User-data fits, and begins with the boothook that brings the agent and its end date."""
    plan = plan_or_none(asked)
    if plan is None:
        return
    sent = user_data_of(plan)
    assert len(sent) <= MOST_BYTES
    first, last = parts_of(sent)
    assert first.kind == "text/cloud-boothook"
    end_date = f'"spawn:expires-at":"{format_instant(plan.expires_at)}"'
    assert end_date.encode() in first.content
    assert last.content.endswith(b"echo hello\n")


@given(specs())
def test_no_two_places_share_a_client_token(asked: LaunchSpec) -> None:
    """A token repeats one request: another zone with the same token would be refused by EC2."""
    plan = plan_or_none(asked)
    if plan is None:
        return
    tokens = [parameters["ClientToken"] for parameters in launches_of(plan)]
    assert len(set(tokens)) == len(tokens)
    # EC2 API Reference, RunInstances: up to 64 ASCII characters.
    assert all(token.isascii() and len(token) <= 64 for token in tokens)


@given(specs())
def test_the_same_input_gives_the_same_bytes(asked: LaunchSpec) -> None:
    """A plan is decided by spec, facts, time and id alone."""
    plan = plan_or_none(asked)
    if plan is not None:
        assert msgspec.json.encode(plan) == msgspec.json.encode(plan_of(asked))


@given(specs())
def test_the_second_launch_makes_nothing_that_is_shared(asked: LaunchSpec) -> None:
    """Where roles, group, key pair, schedule group and table exist, only the instance is made."""
    plan = plan_or_none(asked)
    if plan is None:
        return
    again = plan_of(asked, used_account(asked))
    assert again.prepare == ()
    assert [step.operation for step in again.steps] == [
        ec2.RUN_INSTANCES.key,
        scheduler.CREATE_SCHEDULE.key,
        dynamodb.TRANSACT_WRITE_ITEMS.key,
    ]


@given(st.sampled_from(Level), st.booleans())
def test_the_digest_tells_launches_apart(level: Level, has_key: bool) -> None:
    """What is asked for, and what is asked of AWS, decides the digest; time and id don't."""
    asked = spec(security=Level.OPEN, public_key=spec().public_key if has_key else "")
    later = make_plan(
        asked, fresh_account(asked), now=NOW.replace(microsecond=999), launch_id=LAUNCH_ID
    )
    assert later.digest == plan_of(asked).digest
    other = plan_or_none(msgspec.structs.replace(asked, security=level))
    if other is not None and level is not Level.OPEN:
        assert other.digest != later.digest


def test_a_public_instance_knows_where_else_it_may_go() -> None:
    """One subnet a zone, the roomiest first: the others are tried when capacity is short."""
    plan = plan_of(spec())
    places = [one["NetworkInterfaces"][0]["SubnetId"][-1] for one in launches_of(plan)]
    assert places == ["a", "b", "c"]
    assert "InsufficientInstanceCapacity" in plan.run.next_on


def test_a_new_group_is_filled_before_anything_runs_in_it() -> None:
    """The instance is launched into the group of the create step, once its rules are there."""
    plan = plan_of(spec())
    (face,) = plan.run.parameters["NetworkInterfaces"]
    assert face["Groups"] == [OutputReference(Output.SECURITY_GROUP_ID)]
    filled = [step.operation for step in plan.prepare[1]]
    assert ec2.AUTHORIZE_INGRESS.key in filled


def test_a_plan_outside_of_time_is_refused() -> None:
    """`strict` is told how long; nothing lives shorter than a boot takes."""
    with pytest.raises(InputError, match="strict needs --ttl"):
        plan_of(spec(security=Level.STRICT))
