"""The roles of a launch, made ahead of it by somebody who may make roles.

A role is named by what is in it. So one that an administrator makes for the same words is the one
that the launch asks for: whoever may only pass roles finds it there, whole, and uses it.

1. What bears on the roles is asked in one round, as a launch asks it (`facts`), and nothing else.
2. The plan is the launch's own (`parts.choose_rights`): what is there is used, the rest is made.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Final

import msgspec

from spawn.aws import iam
from spawn.aws.door import Reader
from spawn.aws.perform import Performance, Performer
from spawn.aws.questions import Asker, value_of
from spawn.aws.sts import caller_question
from spawn.core.errors import AccountError, AwsRefusal, InputError
from spawn.core.instants import format_instant
from spawn.core.levels import Level
from spawn.core.steps import Stage
from spawn.core.tags import Tag
from spawn.iam.documents import Statement
from spawn.launch.agent import read_agent_source
from spawn.launch.aws_duties import duty_statements, script_to_stage
from spawn.launch.dns import ask_zone
from spawn.launch.facts import SIDE_BY_SIDE, CallerRights, ask_rights
from spawn.launch.parts import choose_rights
from spawn.launch.rights import owner_of
from spawn.launch.secret_facts import ask_secrets
from spawn.launch.secrets import check_secrets
from spawn.launch.spec import LaunchSpec

# The steps for which a launcher who may only pass roles needs an administrator.
MAKING_ROLES: Final = frozenset(
    one.key
    for one in (
        iam.ADD_ROLE_TO_INSTANCE_PROFILE,
        iam.ATTACH_ROLE_POLICY,
        iam.CREATE_INSTANCE_PROFILE,
        iam.CREATE_ROLE,
        iam.PUT_ROLE_POLICY,
    )
)


class InstallPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The roles that a launch would use, and what is to be done to have them.

    `role` is the instance's, "" where the words ask for none; `backstop` that of the owner's
    schedules. `boundary` is the ARN of what bounds both, None where the account has none.
    """

    account: str
    caller: str
    region: str
    owner: str
    role: str
    backstop: str
    boundary: str | None
    stages: tuple[Stage, ...]


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What `choose_rights` looks at. `statements` are those of the agent's duties."""

    caller: CallerRights
    statements: tuple[Statement, ...] = field(default=())

    def duty_statements(self, spec: LaunchSpec) -> tuple[Statement, ...]:
        """Return what the role needs for the agent's duties."""
        return self.statements


def propose_install(
    spec: LaunchSpec, reader: Reader, *, partition: str, launch_id: str, now: datetime
) -> InstallPlan:
    """Ask what the account has, and return what is missing of the roles of such a launch.

    Raises InputError for words that no launch takes, and for a role of the person's own;
    RefusedByControl for a role that is not as spawn makes it; AwsRefusal and its branches.
    """
    if spec.iam_role is not None:
        raise InputError(
            "--iam-role names a role that is there already",
            why="spawn makes no part of it: there is nothing to install",
        )
    facts = _gather(spec, reader, partition=partition, now=now)
    caller = facts.caller.identity
    owner = owner_of(spec, caller)
    tags = {
        Tag.SPAWN.value: "true",
        Tag.LAUNCH_ID.value: launch_id,
        Tag.OWNER.value: owner,
        Tag.CREATED_AT.value: format_instant(now),
    }
    rights = choose_rights(spec, facts, tags=tags)
    return InstallPlan(
        account=caller.account,
        caller=caller.arn,
        region=spec.region,
        owner=owner,
        role=rights.role_name,
        backstop=rights.backstop.name,
        boundary=rights.backstop.boundary,
        stages=tuple(stage for stage in (rights.create, rights.fill) if stage),
    )


def _gather(spec: LaunchSpec, reader: Reader, *, partition: str, now: datetime) -> _Facts:
    check_secrets(spec)
    staged = script_to_stage(spec, read_agent_source(), partition=partition, now=now)
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        asker = Asker(reader, pool)
        identity, zone_id = asker.ask(caller_question(spec.region)), ask_zone(spec, asker)
        secrets, caller = ask_secrets(spec, asker), value_of(identity())
        statements = duty_statements(
            spec, caller, zone_id=zone_id(), staged=staged, secrets=secrets()
        )
        answered = ask_rights(spec, caller, asker, extra=statements)
        return _Facts(caller=answered(), statements=statements)


def install(plan: InstallPlan, performer: Performer) -> Performance:
    """Perform the plan. Raises AwsRefusal for what AWS refuses; what was made by then stays.

    Raises AccountError where somebody else makes the same just now.
    """
    performance = performer.perform(plan.stages)
    for one in performance.failures:
        if one.refusal is not None:
            raise one.refusal
    if performance.collided:
        raise AccountError(
            "someone else is making the same roles just now", next_command="spawn policy install"
        )
    return performance


def leads_to_install(refusal: AwsRefusal, spec: LaunchSpec, owner: str) -> AwsRefusal:
    """Let the refusal of a role name what an administrator types to make it."""
    if refusal.operation in MAKING_ROLES and not refusal.next_command:
        words = chain(("spawn", "policy", "install"), _words(spec), ("--owner", owner))
        refusal.next_command = f"(as an administrator) {shlex.join(words)}"
    return refusal


def _words(spec: LaunchSpec) -> Iterator[str]:
    """Yield the flags that decide what the roles are; files are named by what they are."""
    yield from ("--region", spec.region)
    for flag, texts in (
        ("--iam-policy", spec.iam_policies),
        ("--iam-managed-policies", spec.iam_managed_policies),
    ):
        for text in texts:
            yield from (flag, text)
    for flag, value in (
        ("--iam-policy-file", spec.iam_policy_document and "FILE"),
        ("--permissions-boundary", spec.permissions_boundary),
        ("--dns-name", spec.dns_name),
        ("--dns-zone", spec.dns_zone),
        ("--security", "strict" if spec.security is Level.STRICT else None),
        ("--user-data-file", "FILE" if spec.user_data else None),
    ):
        if value:
            yield from (flag, value)
    for one in spec.secrets:
        yield from ("--secret", one.words)
    if spec.ship_logs:
        yield "--ship-logs"
    for flag, end in (("--on-idle", spec.idle), ("--on-complete", spec.completion)):
        if end is not None:
            yield from (flag, end.action.value)
