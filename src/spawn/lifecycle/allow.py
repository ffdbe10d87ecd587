"""`spawn network allow`: who may reach an instance over SSH, changed by swapping its group.

1. The rules: SSH from the named sources or the caller's own address; what may leave gets no wider
   than it is.
2. Their group is reused, completed or made. Groups are shared and named after their rules: the
   old one is never edited.
3. Each interface in a group of spawn's gets the new one in its place; other groups are kept.
4. The posture that follows is judged by the controls of the instance's level. What would newly be
   refused refuses; what failed before does not stand in the way. Where the organisation limits
   whom launches let in, it limits this too.
"""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Iterable
from datetime import datetime

import msgspec

from spawn.aws.door import Reader
from spawn.aws.instance_details import NetworkInterface
from spawn.aws.questions import Absent, Known, Unseen
from spawn.core.errors import AccountError, InputError, NamedThingNotFound, RefusedByControl
from spawn.core.ids import is_launch_id
from spawn.core.instants import format_instant
from spawn.core.levels import Level
from spawn.core.steps import Stage
from spawn.core.tags import Tag
from spawn.lifecycle.allow_facts import AllowFacts, AllowRequest, FindCaller, gather
from spawn.lifecycle.listed import ListedInstance
from spawn.network.groups import GroupPlan, plan_group
from spawn.network.rules import (
    EGRESS_ALL,
    EGRESS_HTTPS,
    Rule,
    RuleSet,
    canonical,
    wanted_rules,
)
from spawn.network.swap import (
    Swap,
    interfaces_to_change,
    own_group_ids,
    plan_swap,
    swap_step,
)
from spawn.posture.controls.control import Outcome
from spawn.posture.levels import Finding, judge, refusals
from spawn.posture.model import GroupRule, Interface, Network, Posture
from spawn.posture.network import group_rules
from spawn.settings.organisation import check_floor, organisation_of, stated

SSH_FROM = "ssh-from"


class AllowPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Who may reach an instance from now on, and the steps that lead there.

    lets_in    what is let in from now on, by spawn's group
    no_longer  what was let in by the groups that go, and is not any more
    kept       the groups that stay on the interfaces, and let in what they did
    prepare    makes or completes the group, which is shared and never undone
    attach     one step an interface, carried out one after the other, each with its undo
    findings   what the controls say of the instance as it is going to be
    """

    account: str
    instance: ListedInstance
    level: Level
    sources: tuple[str, ...]
    lets_in: tuple[Rule, ...]
    no_longer: tuple[Rule, ...]
    kept: tuple[str, ...]
    group: str
    group_sentence: str
    prepare: tuple[Stage, ...]
    attach: Stage
    findings: tuple[Finding, ...]

    @property
    def is_done(self) -> bool:
        """Whether all is as wanted already."""
        return not self.attach and not any(self.prepare)


def propose(
    request: AllowRequest, reader: Reader, *, find_caller: FindCaller, now: datetime
) -> AllowPlan:
    """Look at the instance and return the plan. Raises what `gather` and `plan_allow` raise."""
    require_changeable(request.row)
    facts = gather(request, reader, find_caller=find_caller, now=now)
    return plan_allow(request, facts, now=now)


def require_changeable(row: ListedInstance) -> None:
    """Raise InputError for an instance that has ended, RefusedByControl for one that is held."""
    if row.has_ended:
        raise InputError(f"{row.id} is {row.state}", next_command="spawn list")
    if row.hold is not None:
        raise RefusedByControl(
            f"{row.id} is held as evidence, so nobody is let in",
            why=row.hold and f"the case is {row.hold}; release the hold first",
            next_command=f"spawn status {row.id}",
        )


def plan_allow(request: AllowRequest, facts: AllowFacts, *, now: datetime) -> AllowPlan:
    """Return the plan, by the steps above.

    Raises AccountError where the caller's address or the instance's rules are not known,
    NamedThingNotFound for a prefix list that does not exist, RefusedByControl for what the level
    or the organisation does not admit and for a group that someone has changed.
    """
    row, level, region = request.row, facts.posture.level, request.row.region
    ingress = _ingress(request, facts)
    _hold_to_floor(request, facts, ingress)
    seen = _seen_rules(facts.posture, row)
    targets = _targets(facts, row)
    replaced = {one for face in targets for one in own_group_ids(face)}
    leaving = frozenset(one.rule for one in seen.egress if one.group in replaced)
    wanted = RuleSet(ingress=ingress, egress=_egress(level, leaving))
    group = plan_group(
        wanted, facts.own_groups, vpc_id=facts.vpc_id, region=region, tags=_tags(request, now)
    )
    swaps = tuple(plan_swap(face, group) for face in targets)
    after = _posture_after(facts, seen, group=group, swaps=swaps)
    findings = judge(after, level, (), now)
    _refuse_newly(judge(facts.posture, level, (), now), findings, row=row, level=level)
    let_in = _rules_in(after)
    closed = {one.rule for one in seen.ingress if not _is_covered(one.rule, let_in)}
    return AllowPlan(
        account=request.caller.account,
        instance=row,
        level=level,
        sources=tuple(rule.peer for rule in canonical(ingress)),
        lets_in=canonical(ingress),
        no_longer=canonical(closed),
        kept=tuple(sorted({one for swap in swaps for one in swap.before} - replaced)),
        group=group.name,
        group_sentence=group.sentence,
        prepare=(group.create, group.fill),
        attach=tuple(
            swap_step(swap, group_name=group.name, region=region)
            for swap in swaps
            if swap.is_needed
        ),
        findings=findings,
    )


def _ingress(request: AllowRequest, facts: AllowFacts) -> frozenset[Rule]:
    missing = [name for name, fact in facts.prefix_lists.items() if isinstance(fact, Absent)]
    if missing:
        raise NamedThingNotFound(
            f"--from {', '.join(missing)}: there is no such prefix list in {request.row.region}",
            next_command=f"aws ec2 describe-managed-prefix-lists --region {request.row.region}",
        )
    callers = facts.callers.value if isinstance(facts.callers, Known) else ()
    rules = wanted_rules(
        Level.STANDARD, callers=callers, ssh_from=request.sources, ipv6=facts.vpc_has_ipv6
    )
    if not rules.ingress:
        raise _nobody_to_let_in(request.row, facts)
    return rules.ingress


def _hold_to_floor(request: AllowRequest, facts: AllowFacts, ingress: frozenset[Rule]) -> None:
    """Raise RefusedByControl for whom the organisation's `ssh-from` does not admit.

    Raises AccountError for an organisation's parameter that can't be understood.
    """
    organisation = organisation_of(facts.organisation, name=request.parameter)
    peers = tuple(rule.peer for rule in canonical(ingress))
    place = "--from" if request.sources else "your address"
    check_floor(stated({SSH_FROM: peers}, place=place), organisation, only={SSH_FROM})


def _nobody_to_let_in(row: ListedInstance, facts: AllowFacts) -> AccountError:
    if isinstance(facts.callers, Unseen):
        why = facts.callers.why
    else:
        known = ", ".join(facts.callers.value) if facts.callers else ""
        why = f"only {known} is known, and {facts.vpc_id} has no IPv6"
    return AccountError(
        "your public address is not known, so nothing was changed",
        why=f"{why}; name the address that you come from with --from",
        next_command=shlex.join(("spawn", "network", "allow", row.id, "--from", "CIDR")),
    )


class _SeenRules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of all groups of the instance, every one of them seen."""

    ingress: tuple[GroupRule, ...]
    egress: tuple[GroupRule, ...]


def _seen_rules(posture: Posture, row: ListedInstance) -> _SeenRules:
    """Return the rules. Raises AccountError for what can't be judged for want of seeing it."""
    network = posture.network
    if isinstance(network.ingress, Unseen) or isinstance(network.egress, Unseen):
        unseen = next(one for one in (network.ingress, network.egress) if isinstance(one, Unseen))
        raise AccountError(
            f"the rules of {row.id}'s security groups can't be seen, so nothing was changed",
            why=f"{unseen.operation}: {unseen.why}",
            next_command=f"spawn status {row.id}",
        )
    return _SeenRules(ingress=network.ingress, egress=network.egress)


def _targets(facts: AllowFacts, row: ListedInstance) -> tuple[NetworkInterface, ...]:
    targets = interfaces_to_change(facts.interfaces, vpc_id=facts.vpc_id)
    if not targets:
        raise AccountError(
            f"AWS shows no network interface of {row.id} in {facts.vpc_id}",
            next_command=f"spawn status {row.id}",
        )
    return targets


def _egress(level: Level, leaving: frozenset[Rule]) -> frozenset[Rule]:
    """Return what the new group lets out: no more than those that go did, or the level does.

    An interface that was in none of spawn's groups may be confined by the others: beside them the
    new one lets nothing out.
    """
    if not leaving:
        return frozenset()
    return EGRESS_HTTPS if level is Level.STRICT or leaving <= EGRESS_HTTPS else EGRESS_ALL


def _tags(request: AllowRequest, now: datetime) -> dict[str, str]:
    launch = request.row.tags.get(Tag.LAUNCH_ID, "")
    tags = {
        Tag.SPAWN.value: "true",
        Tag.OWNER.value: request.caller.owner,
        Tag.CREATED_AT.value: format_instant(now),
    }
    # Anybody may have put the tag: what is no launch id is not carried on.
    return tags | ({Tag.LAUNCH_ID.value: launch} if is_launch_id(launch) else {})


def _posture_after(
    facts: AllowFacts, seen: _SeenRules, *, group: GroupPlan, swaps: Iterable[Swap]
) -> Posture:
    """Return the posture with the groups of the interfaces exchanged; nothing else changes."""
    name = group.group_id if isinstance(group.group_id, str) else group.name
    after = {
        swap.interface_id: tuple(one if isinstance(one, str) else name for one in swap.after)
        for swap in swaps
    }
    faces = tuple(_face_after(face, after) for face in facts.posture.network.interfaces)
    stay = {one for face in faces for one in face.groups} - {name}
    entries = {
        one: fact.value if isinstance(fact, Known) else fact
        for one, fact in facts.prefix_lists.items()
        if not isinstance(fact, Absent)
    }
    network = Network(
        interfaces=faces,
        ingress=(
            *(one for one in seen.ingress if one.group in stay),
            *group_rules(name, group.rules.ingress),
        ),
        egress=(
            *(one for one in seen.egress if one.group in stay),
            *group_rules(name, group.rules.egress),
        ),
        prefix_lists=facts.posture.network.prefix_lists | entries,
    )
    return msgspec.structs.replace(facts.posture, network=network)


def _face_after(face: Interface, after: dict[str, tuple[str, ...]]) -> Interface:
    groups = after.get(face.interface_id, face.groups)
    return msgspec.structs.replace(face, groups=tuple(sorted(groups)))


def _rules_in(posture: Posture) -> set[Rule]:
    ingress = posture.network.ingress
    return set() if isinstance(ingress, Unseen) else {one.rule for one in ingress}


def _is_covered(rule: Rule, by: Iterable[Rule]) -> bool:
    """Say whether other rules let in all that this one did, as far as single rules tell."""
    return any(
        (one.protocol, one.from_port, one.to_port) == (rule.protocol, rule.from_port, rule.to_port)
        and _is_within(rule.peer, one.peer)
        for one in by
    )


def _is_within(peer: str, other: str) -> bool:
    if peer == other or "/" not in peer or "/" not in other:
        return peer == other
    inner, outer = ipaddress.ip_network(peer), ipaddress.ip_network(other)
    # mypy can't see that networks of one version are of one type.
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def _refuse_newly(
    before: Iterable[Finding], after: Iterable[Finding], *, row: ListedInstance, level: Level
) -> None:
    """Raise RefusedByControl for what is refused of the instance to be, and is not of it now."""
    already = {one.control: one.outcome for one in refusals(before)}
    refused = [
        one
        for one in refusals(after)
        if already.get(one.control) not in {one.outcome, Outcome.FAIL}
    ]
    if not refused:
        return
    strict = level is Level.STRICT
    command = ("spawn", "connect", row.id, "--ssm") if strict else ("spawn", "network", "allow")
    raise RefusedByControl(
        f"{', '.join(one.control for one in refused)} refuses it at --security {level}",
        why="; ".join(f"{one.control}: {one.evidence}" for one in refused)
        + ("" if strict else "; name who may reach it, not the world"),
        next_command=shlex.join(command if strict else (*command, row.id)),
        controls=tuple(one.control for one in refused),
    )
