"""What `spawn cleanup` has to know: everything that spawn made, and everything that may use it.

1. Every region at once: all instances (not only spawn's: anybody's may use a role of spawn's),
   groups, interfaces, key pairs, schedules; and the names of the roles.
2. Of each role its age, owner, last use and content.

What can't be read is a gap, and whatever might be used behind the gap is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from spawn.aws import ec2, iam, removal, scheduler
from spawn.aws.questions import Absent, Asker, Fact, Question, as_far_as_seen, value_of
from spawn.core.errors import AwsRefusal
from spawn.lifecycle.listed import STATES, Schedules
from spawn.lifecycle.regions import FailedRegion, gather

_USING_STATES = [state for state in STATES if state != "terminated"]


@dataclass(frozen=True, kw_only=True)
class RegionFacts:
    """One region: what spawn made there, and what may use it."""

    region: str
    instances: tuple[ec2.Instance, ...]
    groups: tuple[ec2.SecurityGroup, ...]
    groups_in_use: frozenset[str]
    key_pairs: tuple[removal.MadeKeyPair, ...]
    schedules: Fact[Schedules]


@dataclass(frozen=True, kw_only=True)
class RoleContent:
    """One role under spawn's path, and what has to go before it can go."""

    role: removal.MadeRole
    inline_names: tuple[str, ...]
    attached_arns: tuple[str, ...]
    profiles: tuple[iam.InstanceProfile, ...]


@dataclass(frozen=True, kw_only=True)
class AccountFacts:
    """The whole account. `roles_unseen` says why roles could not be read, "" where they could."""

    regions: tuple[RegionFacts, ...]
    failed_regions: tuple[FailedRegion, ...]
    roles: tuple[RoleContent, ...]
    roles_unseen: str = ""


def read_account(asker: Asker, regions: Iterable[str], *, home_region: str) -> AccountFacts:
    """Read all regions side by side, then the roles. A region that fails is named.

    Raises AwsRefusal where none can be read.
    """
    names = asker.ask(removal.role_names_question(home_region))
    read, failed = gather({region: _ask_region(asker, region) for region in regions})
    roles, unseen = _read_roles(asker, names, home_region)
    return AccountFacts(regions=read, failed_regions=failed, roles=roles, roles_unseen=unseen)


def _ask_region(asker: Asker, region: str) -> Callable[[], RegionFacts]:
    instances = asker.ask(
        Question(
            operation=ec2.DESCRIBE_INSTANCES,
            parameters={"Filters": [{"Name": "instance-state-name", "Values": _USING_STATES}]},
            region=region,
            understand=ec2.instances,
        )
    )
    groups = asker.ask(
        Question(
            operation=ec2.DESCRIBE_SECURITY_GROUPS,
            parameters={},
            region=region,
            understand=ec2.security_groups,
        )
    )
    in_use = asker.ask(removal.groups_in_use_question(region))
    key_pairs = asker.ask(removal.made_key_pairs_question(region))
    schedules = asker.ask(scheduler.schedules_question(region))
    return lambda: RegionFacts(
        region=region,
        instances=value_of(instances()),
        groups=value_of(groups()),
        groups_in_use=value_of(in_use()),
        key_pairs=value_of(key_pairs()),
        schedules=as_far_as_seen(schedules),
    )


def _read_roles(
    asker: Asker, names: Callable[[], Fact[tuple[str, ...]]], region: str
) -> tuple[tuple[RoleContent, ...], str]:
    try:
        asked = [_ask_role(asker, name, region) for name in value_of(names())]
        found = [wait() for wait in asked]
    except AwsRefusal as refusal:
        return (), refusal.why or refusal.what
    return tuple(role for role in found if role is not None), ""


def _ask_role(asker: Asker, name: str, region: str) -> Callable[[], RoleContent | None]:
    role = asker.ask(removal.made_role_question(name, region))
    inline = asker.ask(iam.inline_names_question(name, region))
    attached = asker.ask(iam.attached_policies_question(name, region))
    profiles = asker.ask(iam.profiles_of_role_question(name, region))

    def wait() -> RoleContent | None:
        facts = (role(), inline(), attached(), profiles())
        # Someone else removed it since it was listed.
        if any(isinstance(fact, Absent) for fact in facts):
            return None
        return RoleContent(
            role=value_of(facts[0]),
            inline_names=value_of(facts[1]),
            attached_arns=value_of(facts[2]),
            profiles=value_of(facts[3]),
        )

    return wait
