"""The parts of a launch, each decided from spec and facts by the room that knows it: pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from spawn.aws.questions import Known, Unseen
from spawn.connect.key_pairs import plan_key_pair, require_key_pair
from spawn.connect.keys import pair_name
from spawn.connect.publickey import parse_public_key
from spawn.core.levels import Level
from spawn.core.steps import OutputReference, Stage
from spawn.iam.backstop_role import check_owner
from spawn.iam.documents import Statement
from spawn.iam.existing import choose_profile, parse_identity
from spawn.iam.managed import check_managed_policy, choose_boundary
from spawn.iam.role_plan import RolePlan, plan_role
from spawn.iam.roles import INLINE_NAME, WantedRole
from spawn.launch.facts import AccountFacts, CallerRights
from spawn.launch.rights import (
    asked_boundary,
    attached_arns,
    decisive_boundary,
    owner_of,
    possible_backstop_roles,
    possible_roles,
    rights_words,
)
from spawn.launch.shipping import shipping_templates
from spawn.launch.spec import LaunchSpec
from spawn.network.caller import no_way_in
from spawn.network.given import check_given_groups, check_prefix_lists, parse_group_ids
from spawn.network.groups import plan_group
from spawn.network.reach import Reach
from spawn.network.rules import Rule, RuleSet, canonical, flatten, parse_ssh_from, wanted_rules
from spawn.network.subnets import SubnetChoice
from spawn.posture.model import (
    GroupRule,
    InlinePolicy,
    Interface,
    ManagedPolicy,
    Network,
    PolicyContent,
    Role,
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where it goes and who gets in. `groups` are ids, or the group that a step makes."""

    vpc_id: str
    public_address: bool
    groups: tuple[str | OutputReference, ...]
    network: Network
    create: Stage
    fill: Stage
    sentence: str
    notes: tuple[str, ...]


def choose_place(
    spec: LaunchSpec, facts: AccountFacts, choice: SubnetChoice, *, tags: dict[str, str]
) -> Place:
    """Return network and groups. Raises InputError, AccountError and RefusedByControl.

    `choice` is that of the type that is tried first; all of a launch's types go to one VPC.
    """
    if spec.security_groups:
        return _given_groups(spec, facts, choice)
    return _own_group(spec, facts, choice, tags=tags)


def _given_groups(spec: LaunchSpec, facts: AccountFacts, choice: SubnetChoice) -> Place:
    ids = parse_group_ids(spec.security_groups)
    found = check_given_groups(ids, facts.given_groups, vpc_id=choice.vpc_id, region=spec.region)
    rules = {
        group.group_id: RuleSet(
            ingress=flatten(group.ip_permissions), egress=flatten(group.ip_permissions_egress)
        )
        for group in found
    }
    return Place(
        vpc_id=choice.vpc_id,
        public_address=choice.public_address,
        groups=ids,
        network=_network(choice, rules),
        create=(),
        fill=(),
        sentence=f"use your security groups {', '.join(ids)}",
        notes=tuple(filter(None, (choice.warning,))),
    )


def _own_group(
    spec: LaunchSpec, facts: AccountFacts, choice: SubnetChoice, *, tags: dict[str, str]
) -> Place:
    sources = parse_ssh_from(spec.ssh_from) if spec.ssh_from else ()
    check_prefix_lists(sources, facts.prefix_lists)
    addresses = facts.caller_addresses
    callers = addresses.value if isinstance(addresses, Known) else ()
    rules = wanted_rules(spec.security, callers=callers, ssh_from=sources, ipv6=choice.vpc_has_ipv6)
    group = plan_group(
        rules, facts.caller.own_groups, vpc_id=choice.vpc_id, region=spec.region, tags=tags
    )
    closed = no_way_in(addresses) if isinstance(addresses, Unseen) else ""
    return Place(
        vpc_id=choice.vpc_id,
        public_address=choice.public_address,
        groups=(group.group_id,),
        network=_network(choice, {group.name: rules}),
        create=group.create,
        fill=group.fill,
        sentence=group.sentence,
        notes=tuple(filter(None, (choice.warning, closed))),
    )


def _network(choice: SubnetChoice, groups: dict[str, RuleSet]) -> Network:
    """Return the way in and the way out; groups are by id, or by name where yet to be made."""
    place = choice.options[0]
    unseen = Unseen("ec2:DescribeRouteTables", f"the route table of {place.subnet_id} is not shown")
    return Network(
        interfaces=(
            Interface(
                subnet_id=place.subnet_id,
                private_subnet=unseen if place.reach is Reach.UNKNOWN else place.reach.is_private,
                public_address=choice.public_address,
                groups=tuple(groups),
            ),
        ),
        ingress=_group_rules({name: rules.ingress for name, rules in groups.items()}),
        egress=_group_rules({name: rules.egress for name, rules in groups.items()}),
    )


def _group_rules(groups: dict[str, frozenset[Rule]]) -> tuple[GroupRule, ...]:
    return tuple(
        GroupRule(group=name, rule=rule)
        for name, rules in groups.items()
        for rule in canonical(rules)
    )


@dataclass(frozen=True, kw_only=True)
class Key:
    """The key pair that the instance admits; no name: none."""

    name: str | None
    create: Stage


def choose_key(spec: LaunchSpec, facts: AccountFacts, *, tags: dict[str, str]) -> Key:
    """Return the key pair: the named one, the person's own, or none where no SSH by key is meant.

    Raises NamedThingNotFound, AccessDenied and RefusedByControl.
    """
    has_no_ssh = spec.security is Level.STRICT or spec.metadata.http_endpoint == "disabled"
    needs_none = has_no_ssh or spec.ssh_ca is not None
    if facts.key_pair is None or (spec.key_pair is None and needs_none):
        return Key(name=None, create=())
    if spec.key_pair is not None:
        require_key_pair(spec.key_pair, facts.key_pair, region=spec.region)
        return Key(name=spec.key_pair, create=())
    key = parse_public_key(spec.public_key)
    step = plan_key_pair(key, facts.key_pair, region=spec.region, tags=tags)
    return Key(name=pair_name(key), create=() if step is None else (step,))


@dataclass(frozen=True, kw_only=True)
class Rights:
    """The instance's role, and the one that its backstop acts with.

    profile   as RunInstances takes it, None for no role
    posture   what the instance may do; Unseen for a role of the person's own
    backstop  the execution role of the schedule
    """

    profile: dict[str, str] | None
    role_name: str
    posture: Role | Unseen | None
    backstop: WantedRole
    create: Stage
    fill: Stage
    sentence: str


class RightsFacts(Protocol):
    """What the roles of a launch depend on."""

    @property
    def caller(self) -> CallerRights:
        """Return who asks, and what there is of the roles and policies that may be wanted."""

    def duty_statements(self, spec: LaunchSpec) -> tuple[Statement, ...]:
        """Return what the role needs for the agent's duties."""


def choose_rights(spec: LaunchSpec, facts: RightsFacts, *, tags: dict[str, str]) -> Rights:
    """Return the roles, and the steps that make them where they are missing.

    Raises NamedThingNotFound, AccountError, AccessDenied, InputError for an owner that no role can
    bear, and RefusedByControl for a role that is not what its name says.
    """
    caller = facts.caller.identity
    for arn in attached_arns(spec, caller):
        check_managed_policy(arn, facts.caller.policies[arn])
    decisive = decisive_boundary(spec, caller)
    boundary = choose_boundary(
        asked_boundary(spec, caller), facts.caller.policies[decisive], default=decisive
    )
    check_owner(owner_of(spec, caller), boundary)
    backstop = possible_backstop_roles(spec, caller)[boundary]
    wanted = possible_roles(spec, caller, facts.duty_statements(spec)).get(boundary)
    plans = [
        plan_role(role, facts.caller.roles[role.name], region=spec.region, tags=tags)
        for role in (wanted, backstop)
        if role is not None
    ]
    profile, name, posture, sentence = _instance_role(spec, facts, wanted, plans)
    return Rights(
        profile=profile,
        role_name=name,
        posture=posture,
        backstop=backstop,
        create=tuple(step for plan in plans for step in plan.create),
        fill=tuple(step for plan in plans for step in plan.fill),
        sentence=sentence,
    )


def _instance_role(
    spec: LaunchSpec, facts: RightsFacts, wanted: WantedRole | None, plans: list[RolePlan]
) -> tuple[dict[str, str] | None, str, Role | Unseen | None, str]:
    if wanted is not None:
        asked = (*spec.iam_policies, *shipping_templates(spec))
        templates = tuple(word for text in asked for word in text.split(","))
        kind = "reused" if plans[0].reused else "new"
        may = rights_words(spec, facts.duty_statements(spec))
        return (
            {"Name": wanted.name},
            wanted.name,
            _posture_of(wanted, templates),
            f"{wanted.name} ({kind}): {may}",
        )
    if spec.iam_role is None or facts.caller.named_role is None:
        return None, "", None, "no role: it may do nothing in AWS"
    caller = facts.caller.identity
    named = parse_identity(
        spec.iam_role, partition=caller.partition, account=caller.account, flag="--iam-role"
    )
    chosen = choose_profile(named, facts.caller.named_role, flag="--iam-role")
    unread = Unseen("iam:GetRolePolicy", "your own role is read once the instance has it")
    return {"Arn": chosen.arn}, chosen.role_arn, unread, f"your own role {chosen.role_arn}"


def _posture_of(wanted: WantedRole, templates: tuple[str, ...]) -> Role:
    """Return what a role that spawn makes may do."""
    inline: tuple[InlinePolicy, ...] = ()
    if wanted.inline is not None:
        inline = (InlinePolicy(name=INLINE_NAME, content=PolicyContent(document=wanted.inline)),)
    return Role(
        name=wanted.name,
        is_spawn_role=True,
        templates=templates,
        inline=inline,
        managed=tuple(ManagedPolicy(arn=arn) for arn in wanted.managed),
        boundary=wanted.boundary,
    )
