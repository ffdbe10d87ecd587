"""A live instance is looked at whole, and what is denied is never guessed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from spawn.aws.questions import Unseen
from spawn.core.errors import Throttled
from spawn.network.rules import everything, tcp
from spawn.posture.controls.control import Outcome
from spawn.posture.controls.registry import CONTROLS, find_control
from spawn.posture.live import user_data_posture
from spawn.posture.model import GroupRule, Image, KeyManager, Posture, Role, Source, UserData
from spawn.posture.network import group_rules
from tests.unit.posture.account import (
    ANSWERS,
    DATA,
    FIRST,
    GROUP,
    HIDDEN_GROUP,
    INSTANCE,
    INSTANCE_ID,
    LIST,
    ROLE,
    ROOT,
    SCHEDULE,
    SCRIPT,
    SECOND,
    STOPPING,
    Account,
    denial,
    look,
    role_answers,
)
from tests.unit.posture.builders import NOW, as_plan

# The control that must say UNKNOWN when the call is denied.
DENIED = {
    "ec2:DescribeVolumes": "EBS-ENCRYPTED",
    "ec2:DescribeSecurityGroups": "NET-SSH-WORLD",
    "ec2:DescribeRouteTables": "NET-PUBLIC-ADDRESS",
    "ec2:DescribeSubnets": "NET-PUBLIC-ADDRESS",
    "ec2:DescribeImages": "IMAGE-OWNER",
    "ec2:DescribeInstanceAttribute": "SECRET-IN-USER-DATA",
    "ec2:GetManagedPrefixListEntries": "NET-SSH-WORLD",
    "iam:GetInstanceProfile": "IAM-WILDCARD",
    "iam:GetRole": "IAM-BOUNDARY",
    "iam:ListRolePolicies": "IAM-WILDCARD",
    "iam:GetRolePolicy": "IAM-WILDCARD",
    "iam:ListAttachedRolePolicies": "IAM-WILDCARD",
    "scheduler:GetSchedule": "END-BACKSTOP",
}


def judged(posture: Posture, control: str) -> Outcome:
    return find_control(control, flag="--allow").judge(posture).outcome


def without_faults(answers: dict[str, Any]) -> dict[str, Any]:
    """Nothing but what a denial hides is left to see: no way in, no broad policy."""
    narrow = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*"}]}
    tables = answers["ec2:DescribeRouteTables"]["RouteTables"]
    return answers | {
        "ec2:DescribeRouteTables": {"RouteTables": [table | {"Routes": []} for table in tables]},
        f"iam:GetRolePolicy {ROLE}": {"PolicyName": "spawn", "PolicyDocument": narrow},
    }


def test_every_interface_and_every_rule_counts() -> None:
    """The second interface, its IPv6 address and its group are seen like the first's."""
    network = look(Account(ANSWERS)).network
    first, second = network.interfaces
    assert (first.interface_id, first.public_address) == (FIRST, False)
    assert (second.interface_id, second.public_address) == (SECOND, True)
    assert {face.private_subnet for face in network.interfaces} == {False}
    assert network.ingress == (
        GroupRule(group=GROUP, rule=tcp(22, LIST)),
        GroupRule(group=HIDDEN_GROUP, rule=tcp(5432, "::/0")),
    )
    assert network.egress == (GroupRule(group=GROUP, rule=everything("0.0.0.0/0")),)
    assert network.prefix_lists == {LIST: ("203.0.113.0/24",)}


def test_every_disk_counts() -> None:
    """Root and data disk are told apart, each with its key and what becomes of it."""
    root, data = look(Account(ANSWERS)).disks
    assert (root.volume_id, root.is_root, root.encrypted) == (ROOT, True, True)
    assert (root.key_manager, data.key_manager) == (KeyManager.AWS, None)
    assert (data.volume_id, data.is_root, data.encrypted, data.size_gib) == (
        DATA,
        False,
        False,
        100,
    )
    assert (root.delete_on_termination, data.delete_on_termination) == (True, False)


def test_the_rest_is_what_aws_says() -> None:
    """Metadata, image, end, user-data, key pair and tags are taken over as they are."""
    posture = look(Account(ANSWERS))
    assert posture.source is Source.LIVE
    assert getattr(posture.metadata, "http_put_response_hop_limit", None) == 2
    assert isinstance(posture.image, Image)
    assert (posture.image.is_known_owner, posture.image.is_deprecated) == (False, True)
    assert posture.ending.expires_at == NOW + timedelta(hours=8)
    assert posture.ending.backstop_at == NOW + timedelta(hours=8, minutes=5)
    assert posture.ending.shutdown_behavior == "terminate"
    assert isinstance(posture.user_data, UserData)
    assert [secret.line for secret in posture.user_data.secrets] == [2]
    assert posture.key_pair == "alice"
    assert posture.tags["owner"] == "alice"


def test_a_role_of_spawns_takes_one_round() -> None:
    """A role that bears its profile's name is asked for at once, and nothing is asked twice."""
    account = Account(ANSWERS)
    role = look(account).identity
    assert isinstance(role, Role)
    assert (role.name, role.is_spawn_role, role.boundary, role.managed) == (ROLE, True, None, ())
    about_role = [name for name in account.asked if name.startswith("iam:")]
    assert sorted(about_role) == sorted(role_answers(ROLE))


def test_a_role_of_another_name_is_found() -> None:
    """A profile may hold a role of any name: that one is looked at, and no other."""
    others = {key: answer for key, answer in ANSWERS.items() if not key.endswith(ROLE)}
    role = look(Account(others | role_answers("batch"))).identity
    assert isinstance(role, Role)
    assert (role.name, role.is_spawn_role) == ("batch", False)
    assert judged(replace(look(Account(ANSWERS)), identity=role), "IAM-WILDCARD") is Outcome.FAIL


def test_a_name_alone_makes_no_role_of_spawns() -> None:
    """A role that is called like spawn's, and stands elsewhere, is somebody else's."""
    role = look(Account(ANSWERS | role_answers(ROLE, path="/"))).identity
    assert isinstance(role, Role)
    assert not role.is_spawn_role


def test_a_profile_that_is_gone_gives_nothing() -> None:
    """Without its profile, or a role in it, an instance has no credentials."""
    gone = {key: answer for key, answer in ANSWERS.items() if not key.startswith("iam:")}
    assert look(Account(gone)).identity is None
    assert look(Account(ANSWERS), IamInstanceProfile=None).identity is None


@pytest.mark.parametrize(("operation", "control"), DENIED.items(), ids=DENIED)
def test_what_is_denied_is_unknown(operation: str, control: str) -> None:
    """A denied call leaves a gap that its control names, and all else is seen."""
    answers = without_faults(ANSWERS)
    members = {"BlockDeviceMappings": INSTANCE["BlockDeviceMappings"][:1]}
    lookable = look(Account(answers), **members)
    assert judged(lookable, control) is not Outcome.UNKNOWN
    posture = look(Account(answers, refusals={operation: denial(operation)}), **members)
    judgement = find_control(control, flag="--allow").judge(posture)
    assert judgement.outcome is Outcome.UNKNOWN
    assert operation in judgement.evidence


def test_interfaces_that_may_not_be_looked_at_are_not_called_private() -> None:
    """Without DescribeNetworkInterfaces nobody knows of IPv6 addresses, and nothing is assumed."""
    hidden = denial("ec2:DescribeNetworkInterfaces")
    account = Account(ANSWERS, refusals={"ec2:DescribeNetworkInterfaces": hidden})
    [face] = look(account).network.interfaces
    assert isinstance(face.public_address, Unseen)


def test_a_key_that_may_not_be_looked_at_is_nobodys() -> None:
    """Without DescribeKey it is not known whose key it is; that the disk is encrypted, is."""
    refusals = {"kms:DescribeKey": denial("kms:DescribeKey")}
    root = look(Account(ANSWERS, refusals=refusals)).disks[0]
    assert root.encrypted is True
    assert isinstance(root.key_manager, Unseen)


def test_other_refusals_are_raised() -> None:
    """Only a denial is a gap in the picture: a throttled look is no look at all."""
    refusals = {"ec2:DescribeVolumes": Throttled("slow down", code="Throttling")}
    with pytest.raises(Throttled):
        look(Account(ANSWERS, refusals=refusals))


@pytest.mark.parametrize(
    "change",
    [
        {"State": "DISABLED"},
        {"ScheduleExpression": "rate(1 day)"},
        {"ScheduleExpression": "at(tomorrow)"},
        {"ScheduleExpressionTimezone": "Europe/Berlin"},
        {"Target": SCHEDULE["Target"] | {"Input": '{"InstanceIds": ["i-0fedcba9876543210"]}'}},
        {"Target": SCHEDULE["Target"] | {"Input": "not JSON"}},
        {
            "Target": SCHEDULE["Target"]
            | {"Input": f'{{"InstanceIds": ["{INSTANCE_ID}"], "DryRun": true}}'}
        },
        {"Target": SCHEDULE["Target"] | {"Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"}},
        {"Target": SCHEDULE["Target"] | {"RoleArn": "arn:aws:iam::123456789012:role/admin"}},
    ],
    ids=str,
)
def test_a_schedule_that_does_not_end_it_is_no_backstop(change: dict[str, Any]) -> None:
    """Only an armed schedule that terminates this very instance counts."""
    posture = look(Account(ANSWERS | {"scheduler:GetSchedule": SCHEDULE | change}))
    assert posture.ending.backstop_at is None


def test_what_stops_it_is_looked_at_as_well() -> None:
    """Where the disks are kept, both schedules are seen, and both must be right."""
    stop = SCHEDULE | {
        "Target": SCHEDULE["Target"] | {"Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"}
    }
    tags = [
        {"Key": "spawn:on-expiry", "Value": "stop"},
        {"Key": "spawn:expires-at", "Value": "2026-01-27T20:00:00Z"},
    ]
    found = look(Account(ANSWERS | {f"scheduler:GetSchedule {STOPPING}": stop}), Tags=tags)
    assert found.ending.stopped_at == NOW + timedelta(hours=8, minutes=5)
    assert judged(found, "END-BACKSTOP") is Outcome.FAIL  # the end does not leave the week
    assert judged(found, "END-BY-SHUTDOWN") is Outcome.FAIL  # and powering off ends it


@pytest.mark.parametrize("text", ["tomorrow", "", "2026-13-01T00:00:00Z", "2026-01-27T20:00Z"])
def test_a_garbled_end_date_is_none(text: str) -> None:
    """An end date that can't be read is no end date."""
    posture = look(Account(ANSWERS), Tags=[{"Key": "spawn:expires-at", "Value": text}])
    assert posture.ending.expires_at is None
    assert judged(posture, "END-DATE") is Outcome.FAIL


def test_any_hold_is_a_hold() -> None:
    """Whatever the value of the tag: in doubt, evidence is kept."""
    assert look(Account(ANSWERS), Tags=[{"Key": "spawn:hold", "Value": ""}]).ending.is_held
    assert not look(Account(ANSWERS)).ending.is_held


def test_plan_and_live_are_judged_alike() -> None:
    """What a plan says of a machine, made of the same rules and texts, is judged as it is found."""
    live = look(Account(ANSWERS))
    planned = replace(
        as_plan(live),
        network=replace(
            as_plan(live).network,
            ingress=(
                *group_rules("mine", {tcp(22, LIST)}),
                *group_rules("other", {tcp(5432, "::/0")}),
            ),
            egress=group_rules("mine", {everything("0.0.0.0/0")}),
        ),
        user_data=user_data_posture(SCRIPT.encode()),
    )
    outcomes = {control.id: control.judge(planned).outcome for control in CONTROLS}
    assert outcomes == {control.id: control.judge(live).outcome for control in CONTROLS}
    assert Outcome.UNKNOWN not in outcomes.values()
