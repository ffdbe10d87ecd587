"""A live instance looked at closely: questions in two parallel rounds, answers to a posture.

1. Whatever the instance itself leads to, and its role on the guess that it bears the name of its
   profile, as it does where spawn made both.
2. What the first answers lead to: keys, prefix lists, groups and roles of other names. Only what
   a role of a foreign name holds inside takes a third.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from spawn.aws import ec2, iam, instance_details, kms, scheduler
from spawn.aws.operation import Answer, Operation
from spawn.aws.questions import Asker, Fact, Known, Question
from spawn.core.endings import End
from spawn.core.levels import Level
from spawn.core.steps import Parameters
from spawn.iam.roles import INLINE_NAME
from spawn.images.choose import given_image_question
from spawn.posture.answers import Answers, RoleFacts, Viewpoint
from spawn.posture.identity import role_name
from spawn.posture.live import live_posture
from spawn.posture.model import Posture
from spawn.posture.network import group_ids, interfaces_of

T = TypeVar("T")
Pending = Callable[[], T]


def collect(
    asker: Asker,
    instance: ec2.Instance,
    *,
    region: str,
    account: str,
    partition: str,
    level: Level,
    now: datetime,
) -> Posture:
    """Look at an instance and return its posture; what is denied is `Unseen` in it.

    Raises AwsRefusal for what is neither an absence nor a denial: no answer, throttling,
    credentials that have run out.
    """
    viewpoint = Viewpoint(region=region, account=account, partition=partition, level=level, now=now)
    role = _ask_role(asker, instance, region)
    first = _ask_instance(asker, instance, region)()
    second = _ask_what_follows(asker, instance, first, region=region)
    answers = replace(second(), role=None if role is None else role())
    return live_posture(instance, answers, viewpoint)


def _ask_instance(asker: Asker, instance: ec2.Instance, region: str) -> Pending[Answers]:
    """Round 1: send what needs the instance only."""
    attached = {"Name": "attachment.instance-id", "Values": [instance.instance_id]}
    vpc_ids = sorted({instance.vpc_id, *(face.vpc_id for face in instance.network_interfaces)})
    subnet_ids = sorted(
        {instance.subnet_id, *(face.subnet_id for face in instance.network_interfaces)}
    )
    in_vpcs = {"Name": "vpc-id", "Values": vpc_ids}
    in_subnets = {"Name": "subnet-id", "Values": subnet_ids}

    def ask(
        operation: Operation,
        condition: Parameters,
        understand: Callable[[Answer], T],
    ) -> Pending[Fact[T]]:
        parameters = {"Filters": [condition]}
        return asker.ask(
            Question(
                operation=operation, parameters=parameters, region=region, understand=understand
            )
        )

    instance_id = instance.instance_id
    volumes = ask(ec2.DESCRIBE_VOLUMES, attached, ec2.volumes)
    subnets = ask(ec2.DESCRIBE_SUBNETS, in_subnets, ec2.subnets)
    route_tables = ask(ec2.DESCRIBE_ROUTE_TABLES, in_vpcs, ec2.route_tables)
    interfaces = asker.ask(instance_details.network_interfaces_question(instance_id, region))
    groups = asker.ask(_groups_question(group_ids(instance), region))
    image = asker.ask(given_image_question(instance.image_id, region=region))
    shutdown = asker.ask(instance_details.shutdown_behavior_question(instance_id, region))
    user_data = asker.ask(instance_details.user_data_question(instance_id, region))
    backstop, stopping = (
        asker.ask(scheduler.schedule_question(instance_id, end, region))
        for end in (End.TERMINATE, End.STOP)
    )
    return lambda: Answers(
        volumes=volumes(),
        interfaces=interfaces(),
        groups=groups(),
        subnets=subnets(),
        route_tables=route_tables(),
        image=image(),
        shutdown_behavior=shutdown(),
        user_data=user_data(),
        backstop=backstop(),
        stopping=stopping(),
    )


def _ask_what_follows(
    asker: Asker, instance: ec2.Instance, first: Answers, *, region: str
) -> Pending[Answers]:
    """Round 2: send what the answers of the first lead to, nothing where that is nothing."""
    missing = _unasked_groups(instance, first)
    rest = asker.ask(_groups_question(missing, region)) if missing else None
    keys = {key_id: asker.ask(_key_question(key_id, region)) for key_id in _key_ids(first.volumes)}
    lists = {
        name: asker.ask(instance_details.prefix_list_question(name, region))
        for name in _prefix_list_ids(first.groups)
    }
    return lambda: replace(
        first,
        groups=first.groups if rest is None else _together(first.groups, rest()),
        keys=_waited_for(keys),
        prefix_lists=_waited_for(lists),
    )


def _waited_for(pending: Mapping[str, Pending[T]]) -> dict[str, T]:
    return {name: wait() for name, wait in pending.items()}


def _together(
    one: Fact[tuple[ec2.SecurityGroup, ...]], other: Fact[tuple[ec2.SecurityGroup, ...]]
) -> Fact[tuple[ec2.SecurityGroup, ...]]:
    if isinstance(one, Known) and isinstance(other, Known):
        return Known((*one.value, *other.value))
    return other if isinstance(one, Known) else one


def _unasked_groups(instance: ec2.Instance, first: Answers) -> tuple[str, ...]:
    asked = set(group_ids(instance))
    faces = interfaces_of(instance, first.interfaces)
    return tuple(name for name in group_ids(instance, faces) if name not in asked)


def _groups_question(ids: Iterable[str], region: str) -> Question[tuple[ec2.SecurityGroup, ...]]:
    return Question(
        operation=ec2.DESCRIBE_SECURITY_GROUPS,
        parameters={"Filters": [{"Name": "group-id", "Values": list(ids)}]},
        region=region,
        understand=ec2.security_groups,
    )


def _key_ids(volumes: Fact[tuple[ec2.Volume, ...]]) -> tuple[str, ...]:
    if not isinstance(volumes, Known):
        return ()
    return tuple(sorted({one.kms_key_id for one in volumes.value if one.kms_key_id}))


def _key_question(key_id: str, region: str) -> Question[kms.Key]:
    return Question(
        operation=kms.DESCRIBE_KEY,
        parameters={"KeyId": key_id},
        region=region,
        understand=kms.key,
        absent_codes=("NotFoundException",),
    )


def _prefix_list_ids(groups: Fact[tuple[ec2.SecurityGroup, ...]]) -> tuple[str, ...]:
    if not isinstance(groups, Known):
        return ()
    permissions = (
        permission
        for group in groups.value
        for permission in (*group.ip_permissions, *group.ip_permissions_egress)
    )
    named = (one.prefix_list_id for permission in permissions for one in permission.prefix_list_ids)
    return tuple(sorted(set(named)))


@dataclass(frozen=True)
class _RoleGuess:
    """What was asked of a role before it was known whether it bears that name."""

    name: str
    role: Pending[Fact[iam.Role]]
    inline_names: Pending[Fact[tuple[str, ...]]]
    attached: Pending[Fact[tuple[str, ...]]]


def _ask_role(asker: Asker, instance: ec2.Instance, region: str) -> Pending[RoleFacts] | None:
    """Send what there is to know of the role; None where the instance has no profile."""
    if instance.iam_instance_profile is None:
        return None
    profile_name = instance.iam_instance_profile.arn.rpartition("/")[2]
    profile = asker.ask(iam.instance_profile_question(profile_name, region))
    guess = _ask_role_named(asker, profile_name, region)
    inline = asker.ask(iam.inline_policy_question(profile_name, INLINE_NAME, region))

    def wait() -> RoleFacts:
        found = profile()
        name = role_name(found)
        if name is None:
            return RoleFacts(profile=found)
        if name == profile_name:
            return _facts_of(asker, guess, found, region=region, known={INLINE_NAME: inline})
        right = _ask_role_named(asker, name, region)
        return _facts_of(asker, right, found, region=region, known={})

    return wait


def _ask_role_named(asker: Asker, name: str, region: str) -> _RoleGuess:
    return _RoleGuess(
        name,
        asker.ask(iam.role_question(name, region)),
        asker.ask(iam.inline_names_question(name, region)),
        asker.ask(iam.attached_policies_question(name, region)),
    )


def _facts_of(
    asker: Asker,
    guess: _RoleGuess,
    profile: Fact[iam.InstanceProfile],
    *,
    region: str,
    known: Mapping[str, Pending[Fact[iam.InlinePolicy]]],
) -> RoleFacts:
    """Wait for a role's facts, and ask for its inline policies that were not asked for yet."""
    names = guess.inline_names()
    inline = {
        policy: known.get(policy)
        or asker.ask(iam.inline_policy_question(guess.name, policy, region))
        for policy in _listed(names)
    }
    return RoleFacts(
        profile=profile,
        role=guess.role(),
        inline_names=names,
        attached=guess.attached(),
        inline=_waited_for(inline),
    )


def _listed(names: Fact[tuple[str, ...]]) -> tuple[str, ...]:
    return names.value if isinstance(names, Known) else ()
