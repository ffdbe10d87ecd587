"""What a first launch writes, and with which actions: pure.

EC2 is asked about its own by a dry run, where all that such a call needs is known before; of the
rest IAM's simulator tells. Reads are no part of this: whether they are allowed shows when they
are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from spawn.aws import dynamodb, ec2, iam, scheduler
from spawn.aws.operation import Operation, Permission
from spawn.aws.questions import Known
from spawn.aws.sts import Identity
from spawn.core.levels import Level
from spawn.core.tags import Tag
from spawn.launch.doctor.facts import AccountFacts

_OPEN_TO_SSH = (ec2.AUTHORIZE_INGRESS, ec2.IMPORT_KEY_PAIR)
_CLOSED = (ec2.AUTHORIZE_EGRESS, ec2.REVOKE_EGRESS)
_OWN_ROLE = (
    iam.CREATE_ROLE,
    iam.PUT_ROLE_POLICY,
    iam.CREATE_INSTANCE_PROFILE,
    iam.ADD_ROLE_TO_INSTANCE_PROFILE,
)
# Their dry runs decide: on "*" the simulator denies what is allowed on the resources of a call.
REHEARSED = (ec2.RUN_INSTANCES, ec2.CREATE_SECURITY_GROUP)

Context = Mapping[str, str]


def launch_operations(level: Level) -> tuple[Operation, ...]:
    """Return what makes the instance, and takes it back where a launch fails half-way."""
    by_level = (*_CLOSED, *_OWN_ROLE) if level is Level.STRICT else _OPEN_TO_SSH
    return (*REHEARSED, *by_level, ec2.TERMINATE_INSTANCES)


def backstop_operations(facts: AccountFacts) -> tuple[Operation, ...]:
    """Return what makes the schedule that ends the instance, without what is there already."""
    has_role = any(isinstance(role, Known) for role in facts.backstop_roles)
    has_group = isinstance(facts.region.schedule_group, Known)
    return (
        *(() if has_role else (iam.CREATE_ROLE, iam.PUT_ROLE_POLICY)),
        *(() if has_group else (scheduler.CREATE_SCHEDULE_GROUP,)),
        scheduler.CREATE_SCHEDULE,
    )


def record_operations(facts: AccountFacts) -> tuple[Operation, ...]:
    """Return what remembers the launch, without the table where it is there already."""
    has_table = isinstance(facts.region.table, Known)
    making = (
        dynamodb.CREATE_TABLE,
        dynamodb.UPDATE_TIME_TO_LIVE,
        dynamodb.UPDATE_CONTINUOUS_BACKUPS,
    )
    return (*(() if has_table else making), dynamodb.TRANSACT_WRITE_ITEMS)


def simulated_operations(level: Level) -> tuple[Operation, ...]:
    """Return all that the simulator is asked about, whatever turns out to be there already."""
    asked = (
        *launch_operations(level),
        iam.CREATE_ROLE,
        iam.PUT_ROLE_POLICY,
        scheduler.CREATE_SCHEDULE_GROUP,
        scheduler.CREATE_SCHEDULE,
        dynamodb.CREATE_TABLE,
        dynamodb.UPDATE_TIME_TO_LIVE,
        dynamodb.UPDATE_CONTINUOUS_BACKUPS,
        dynamodb.TRANSACT_WRITE_ITEMS,
    )
    return tuple(each for each in dict.fromkeys(asked) if each not in REHEARSED)


def questions_of(
    operation: Operation, caller: Identity, *, region: str, backstop_role: str
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each resource of an operation with the actions that are needed on it.

    What has a `*` in its name gets one as spawn would give it: policies name patterns, and a
    pattern that is asked about matches none but itself.
    """
    by_resource: dict[str, list[str]] = {}
    for permission in _plain(operation):
        named = _named(_filled(permission.resource, caller, region), backstop_role)
        by_resource.setdefault(named, []).append(permission.action)
    for resource, actions in by_resource.items():
        yield resource, tuple(actions)


def _plain(operation: Operation) -> Iterator[Permission]:
    """Yield what an operation needs in a launch without further flags."""
    return (each for each in operation.permissions if not each.flag)


def _filled(text: str, caller: Identity, region: str) -> str:
    return text.format(
        partition=caller.partition,
        account=caller.account,
        region=region,
        domain="amazonaws.com.cn" if caller.partition == "aws-cn" else "amazonaws.com",
    )


def _named(resource: str, backstop_role: str) -> str:
    kind, slash, name = resource.partition("/")
    if not slash:
        return resource
    if ":role" in kind:
        return f"{kind}/spawn/{backstop_role}"
    if kind.endswith(":*"):
        return f"{kind[:-1]}instance/i-0123456789abcdef0"
    examples = {"instance": "i-0123456789abcdef0", "security-group": "sg-0123456789abcdef0"}
    return f"{kind}/{name.replace('*', examples.get(kind.rpartition(':')[2], 'doctor'))}"


def context_of(operation: Operation, caller: Identity, *, region: str, boundary: str) -> Context:
    """Return the condition keys that such a call carries; `boundary` "" for none.

    They are those of the table's conditions, which each call of spawn's meets.
    """
    keys = {"aws:RequestedRegion": region}
    for permission in _plain(operation):
        for condition in permission.conditions:
            if condition.operator != "Null":  # a key that is absent is not given
                keys[condition.key] = _filled(condition.value, caller, region)
    for kind in ("aws:RequestTag", "aws:ResourceTag"):
        if f"{kind}/{Tag.SPAWN}" in keys:
            keys[f"{kind}/{Tag.OWNER}"] = caller.owner
    return {**keys, "iam:PermissionsBoundary": boundary} if boundary else keys


def action_list(actions: Iterable[str]) -> str:
    """Return actions in one line, each once, in alphabetical order."""
    return ", ".join(sorted(set(actions)))
