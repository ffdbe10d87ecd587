"""What cleanup removes, and above all what it keeps."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from spawn.aws import ec2, iam, removal, scheduler
from spawn.aws.perform import Performer
from spawn.aws.questions import Known
from spawn.core.errors import AwsRefusal
from spawn.core.steps import Parameters, Step
from spawn.core.tags import tag_list
from spawn.lifecycle.account_facts import AccountFacts, RegionFacts, RoleContent
from spawn.lifecycle.cleanup import CleanupPlan, cleanup, plan_cleanup
from spawn.lifecycle.leftover import CleanupScope, Kind
from spawn.lifecycle.regions import FailedRegion
from tests.unit.lifecycle.builders import ID, ME, NOW, OTHER_ID, REGION, instance
from tests.unit.lifecycle.clouds import Account, Reply, StandingClock

OLD = NOW - timedelta(days=3)
NEW = NOW - timedelta(hours=3)
STOPS = {"spawn:on-expiry": "stop"}
MINE = {"spawn": "true", "owner": ME}
KEY_NAME = "spawn-0123456789abcdef"
ROLE = "spawn-" + "0" * 32
BACKSTOP_ROLE = "spawn-backstop-" + "0" * 32
PROFILE_ARN = f"arn:aws:iam::123456789012:instance-profile/spawn/{ROLE}"
SCOPE = CleanupScope(owner=ME, now=NOW, home_region=REGION)


def region(
    *,
    instances: tuple[ec2.Instance, ...] = (),
    groups: tuple[ec2.SecurityGroup, ...] = (),
    groups_in_use: frozenset[str] = frozenset(),
    key_pairs: tuple[removal.MadeKeyPair, ...] = (),
    schedules: tuple[scheduler.ScheduleSummary, ...] = (),
) -> RegionFacts:
    return RegionFacts(
        region=REGION,
        instances=instances,
        groups=groups,
        groups_in_use=groups_in_use,
        key_pairs=key_pairs,
        schedules=Known(schedules),
    )


def account(
    *regions: RegionFacts, roles: tuple[RoleContent, ...] = (), **rest: Any
) -> AccountFacts:
    return AccountFacts(
        regions=regions or (region(),), failed_regions=rest.pop("failed", ()), roles=roles, **rest
    )


def group(
    group_id: str = "sg-1",
    *,
    name: str = "spawn-01234567-0123456789abcdef",
    tags: dict[str, str] | None = None,
    peers: tuple[str, ...] = (),
) -> ec2.SecurityGroup:
    carried = MINE | {"spawn:created-at": OLD.isoformat()} if tags is None else tags
    return ec2.security_groups(
        {
            "SecurityGroups": [
                {
                    "GroupId": group_id,
                    "GroupName": name,
                    "Tags": tag_list(carried),
                    "IpPermissions": [
                        {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": peer}]}
                        for peer in peers
                    ],
                }
            ]
        }
    )[0]


def role(
    name: str = ROLE,
    *,
    made: datetime = OLD,
    used: datetime | None = None,
    tags: dict[str, str] | None = None,
    inline: tuple[str, ...] = ("spawn",),
    attached: tuple[str, ...] = (),
    profile: tuple[str, str] | None = (ROLE, "/spawn/"),
) -> RoleContent:
    return RoleContent(
        role=removal.made_role(
            {
                "Role": {
                    "RoleName": name,
                    "CreateDate": made,
                    "Tags": tag_list(MINE if tags is None else tags),
                    "RoleLastUsed": {"LastUsedDate": used} if used else {},
                }
            }
        ),
        inline_names=inline,
        attached_arns=attached,
        profiles=(
            ()
            if profile is None
            else (iam.InstanceProfile(instance_profile_name=profile[0], path=profile[1], arn="a"),)
        ),
    )


def pair(*, made: datetime | None = OLD, tags: dict[str, str] | None = None) -> removal.MadeKeyPair:
    shown = {
        "KeyName": KEY_NAME,
        "KeyPairId": "key-1",
        "CreateTime": made,
        "Tags": tag_list(MINE if tags is None else tags),
    }
    return removal.made_key_pairs({"KeyPairs": [shown]})[0]


def removed(facts: AccountFacts, **scope: Any) -> list[tuple[Kind, str]]:
    plan = plan_cleanup(facts, CleanupScope(owner=ME, now=NOW, home_region=REGION, **scope))
    return [(one.kind, one.id) for one in plan.leftovers]


def operations(plan: CleanupPlan) -> list[list[str]]:
    return [[step.operation for step in stage] for one in plan.leftovers for stage in one.stages]


def test_an_unused_role_goes_with_all_that_hangs_on_it() -> None:
    """Out of its profile first, emptied next, deleted last, as IAM demands."""
    plan = plan_cleanup(account(roles=(role(attached=("arn:p",)),)), SCOPE)
    assert [(one.kind, one.id) for one in plan.leftovers] == [(Kind.ROLE, ROLE)]
    assert operations(plan) == [
        ["iam:RemoveRoleFromInstanceProfile"],
        ["iam:DeleteInstanceProfile", "iam:DeleteRolePolicy", "iam:DetachRolePolicy"],
        ["iam:DeleteRole"],
    ]
    assert operations(plan_cleanup(account(roles=(role(profile=None, inline=()),)), SCOPE)) == [
        ["iam:DeleteRole"]
    ]


@pytest.mark.parametrize(
    "kept",
    [
        role(made=NEW),
        role(used=NEW),
        role(tags=MINE | {"owner": "bob"}),
        role(tags={"owner": ME}),
        role(inline=("spawn", "spawn-revoke-case-7")),
        role(profile=("theirs", "/")),
        role(profile=(ROLE, "/")),
    ],
    ids=["new", "used lately", "bob's", "not spawn's", "revoked", "in a profile", "other path"],
)
def test_a_role_in_doubt_is_kept(kept: RoleContent) -> None:
    """Age, last use, owner, maker, an incident and a stranger's profile each save a role."""
    assert removed(account(roles=(kept,))) == []


@pytest.mark.parametrize("state", ["pending", "running", "stopping", "stopped", "shutting-down"])
def test_a_role_that_an_instance_anywhere_has_is_kept(state: str) -> None:
    """One instance in one region, made by whomever, keeps the role for all."""
    user = instance(state=state, IamInstanceProfile={"Arn": PROFILE_ARN})
    stranger = msgspec.structs.replace(user, tags=())
    assert removed(account(region(), region(instances=(stranger,)), roles=(role(),))) == []


@pytest.mark.parametrize(
    "facts",
    [
        account(roles=(role(),), failed=(FailedRegion(region="ap-south-1", why="timeout"),)),
        account(roles_unseen="denied"),
    ],
)
def test_what_cannot_be_seen_keeps_all_roles(facts: AccountFacts) -> None:
    """A region or a list that can't be read means no role goes, and that is said."""
    plan = plan_cleanup(facts, SCOPE)
    assert plan.leftovers == ()
    ((kind, why),) = [(one.kind, one.why) for one in plan.kept]
    assert kind is Kind.ROLE
    assert "ap-south-1" in why or "denied" in why


def test_a_backstop_role_stays_while_its_owner_has_instances() -> None:
    """The schedules of living instances need their owner's role, and nobody else's."""
    backstop = role(BACKSTOP_ROLE, profile=None)
    assert removed(account(region(instances=(instance(),)), roles=(backstop,))) == []
    others = account(region(instances=(instance(owner="bob"),)), roles=(backstop,))
    assert removed(others) == [(Kind.ROLE, BACKSTOP_ROLE)]


def test_an_unused_group_of_known_age_goes() -> None:
    """Neither an interface nor another group's rule may name it; its own rules may."""
    assert removed(account(region(groups=(group(peers=("sg-1",)),)))) == [
        (Kind.SECURITY_GROUP, "sg-1")
    ]


@pytest.mark.parametrize(
    "facts",
    [
        region(groups=(group(),), groups_in_use=frozenset({"sg-1"})),
        region(groups=(group(), group("sg-2", tags={}, peers=("sg-1",)))),
        region(groups=(group(tags=MINE | {"spawn:created-at": NEW.isoformat()}),)),
        region(groups=(group(tags={"spawn": "true", "owner": "bob"}),)),
        region(groups=(group(tags={"owner": ME, "spawn:created-at": OLD.isoformat()}),)),
    ],
    ids=["interface", "rule", "new", "bob's", "not spawn's"],
)
def test_a_group_in_use_or_in_doubt_is_kept(facts: RegionFacts) -> None:
    """Use, age, owner and maker each save a group."""
    assert removed(account(facts)) == []


@pytest.mark.parametrize("text", ["", "once", "2026-99-99T00:00:00Z"])
def test_a_group_of_unknown_age_is_kept_and_named(text: str) -> None:
    """EC2 does not tell a group's age: without a readable tag it goes only if age is no matter."""
    facts = account(region(groups=(group(tags=MINE | {"spawn:created-at": text}),)))
    plan = plan_cleanup(facts, SCOPE)
    assert plan.leftovers == ()
    assert [one.id for one in plan.kept] == ["sg-1"]
    assert removed(facts, old_enough=timedelta()) == [(Kind.SECURITY_GROUP, "sg-1")]


def test_key_pairs_go_when_no_instance_was_launched_with_them() -> None:
    """By id, old enough, one's own, and not the key of any instance."""
    plan = plan_cleanup(account(region(key_pairs=(pair(),))), SCOPE)
    ((step,),) = plan.leftovers[0].stages
    assert step.parameters == {"KeyPairId": "key-1"}
    user = instance(KeyName=KEY_NAME, state="stopped")
    for kept in (
        region(key_pairs=(pair(),), instances=(user,)),
        region(key_pairs=(pair(made=NEW),)),
        region(key_pairs=(pair(made=None),)),
        region(key_pairs=(pair(tags={"spawn": "true", "owner": "bob"}),)),
    ):
        assert removed(account(kept)) == []


def test_orphaned_schedules_go_only_for_everybody() -> None:
    """Whose a schedule is nobody knows; one whose instance lives, or a new one, stays."""
    schedules = (
        scheduler.ScheduleSummary(name=f"spawn-{ID}", creation_date=OLD),
        scheduler.ScheduleSummary(name=f"spawn-{ID}-stop", creation_date=OLD),
        scheduler.ScheduleSummary(name=f"spawn-{OTHER_ID}", creation_date=OLD),
        scheduler.ScheduleSummary(name=f"spawn-{OTHER_ID}-stop", creation_date=OLD),
        scheduler.ScheduleSummary(name="spawn-i-00000000000000003", creation_date=NEW),
        scheduler.ScheduleSummary(name="nightly-report", creation_date=OLD),
    )
    facts = account(region(instances=(instance(),), schedules=schedules))
    assert removed(facts) == []
    assert removed(facts, everybody=True) == [
        (Kind.SCHEDULE, f"spawn-{OTHER_ID}"),
        (Kind.SCHEDULE, f"spawn-{OTHER_ID}-stop"),
    ]


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (instance(ends_in=timedelta(hours=-2)), [(Kind.INSTANCE, ID)]),
        (instance(ends_in=timedelta(hours=-2), state="stopped"), [(Kind.INSTANCE, ID)]),
        (instance(ends_in=timedelta(minutes=-50)), []),
        (instance(ends_in=timedelta(hours=2)), []),
        (instance(ends_in=None), []),
        (instance(ends_in=timedelta(hours=-2), owner="bob"), []),
        (instance(ends_in=timedelta(hours=-2), tags={"spawn:hold": "case"}), []),
        (instance(ends_in=timedelta(hours=-2), tags=STOPS), []),
        (instance(ends_in=timedelta(hours=-2), tags=STOPS, state="stopped"), []),
        (instance(ends_in=timedelta(days=-7, minutes=-50), tags=STOPS, state="stopped"), []),
        (
            instance(ends_in=timedelta(days=-7, hours=-2), tags=STOPS, state="stopped"),
            [(Kind.INSTANCE, ID)],
        ),
        (instance(ends_in=timedelta(hours=-2), state="shutting-down"), []),
    ],
)
def test_instances_long_past_their_end_are_offered(
    left: ec2.Instance, expected: list[tuple[Kind, str]]
) -> None:
    """An hour past its end date, one's own, neither held nor of unknown end."""
    assert removed(account(region(instances=(left,)))) == expected


def test_everybody_means_everybody() -> None:
    """With --all, what belongs to others goes as well, under the same conditions."""
    theirs = {"spawn": "true", "owner": "bob", "spawn:created-at": OLD.isoformat()}
    facts = account(
        region(
            groups=(group(tags=theirs),),
            key_pairs=(pair(tags=theirs),),
            instances=(instance(owner="carol", ends_in=timedelta(hours=-2)),),
        ),
        roles=(role(tags=theirs), role(BACKSTOP_ROLE, tags=theirs, profile=None)),
    )
    assert removed(facts) == []
    assert {kind for kind, _ in removed(facts, everybody=True)} == {
        Kind.INSTANCE,
        Kind.SECURITY_GROUP,
        Kind.KEY_PAIR,
        Kind.ROLE,
    }


def test_one_that_cannot_be_removed_stops_no_other() -> None:
    """What AWS refuses is named with its reason; a role keeps what was not yet taken from it."""
    plan = plan_cleanup(account(region(groups=(group(),)), roles=(role(),)), SCOPE)

    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        refuses = key == "iam:RemoveRoleFromInstanceProfile"
        return AwsRefusal("no", why="conflict", code="DeleteConflict") if refuses else {}

    cloud = Account(reply)
    results = cleanup(plan, Performer(writer=cloud, clock=StandingClock()))
    assert [(one.id, one.removed, one.why) for one in results] == [
        ("sg-1", True, ""),
        (ROLE, False, "conflict"),
    ]
    assert cloud.called("iam:DeleteRole") == []


def test_every_step_accepts_that_it_is_done_already() -> None:
    """Two cleanups at once don't trip over each other."""
    plan = plan_cleanup(
        account(region(groups=(group(),), key_pairs=(pair(),)), roles=(role(attached=("arn:p",)),)),
        SCOPE,
    )
    steps: list[Step] = [step for one in plan.leftovers for stage in one.stages for step in stage]
    assert len(steps) == 7
    assert all(step.accepts for step in steps)
