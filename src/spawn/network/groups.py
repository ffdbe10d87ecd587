"""Security groups: one per owner, VPC and rule set, made once and read back before each reuse.

The name is made of the owner and the rules, so that the same launch meets the same group, and
another address of the caller makes another group instead of opening the old one wider.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from spawn.aws.ec2 import (
    AUTHORIZE_EGRESS,
    AUTHORIZE_INGRESS,
    CREATE_SECURITY_GROUP,
    DESCRIBE_SECURITY_GROUPS,
    REVOKE_EGRESS,
    SecurityGroup,
    security_groups,
)
from spawn.aws.operation import Operation
from spawn.aws.questions import Question
from spawn.core.errors import RefusedByControl
from spawn.core.ids import digest
from spawn.core.steps import Output, OutputReference, Retry, Stage, Step, Yield
from spawn.core.tags import Tag, tag_list
from spawn.network.rules import (
    EGRESS_ALL,
    WORLD_IPV6,
    Rule,
    RuleSet,
    describe,
    flatten,
    ip_permissions,
)

TAMPERED = "NET-GROUP-TAMPERED"
# A group just made may not be found for a moment (EC2 API Reference, "Eventual consistency").
_NOT_YET_THERE = Retry(code="InvalidGroup.NotFound", limit_seconds=20)
_NAME = re.compile(r"spawn-[0-9a-f]{8}-[0-9a-f]{16}", re.ASCII)
_DESCRIPTION = "Made by spawn and shared by the launches of one owner"


class GroupPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A group to launch into, and what is left to do for it.

    `group_id` refers to the create step's output where the group is yet to be made. `fill` needs
    `create` to be done; no instance may start before both are.
    """

    name: str
    group_id: str | OutputReference
    rules: RuleSet
    create: Stage = ()
    fill: Stage = ()
    sentence: str

    @property
    def is_reused(self) -> bool:
        """Whether the group was there, complete."""
        return not self.create and not self.fill


def group_name(owner: str, wanted: RuleSet) -> str:
    """Return the one name for the owner's group of these rules."""
    return f"{_name_prefix(owner)}{wanted.digest[:16]}"


def is_group_name(name: str) -> bool:
    """Say whether a group bears a name as spawn gives it; AWS lets nobody change a group's name."""
    return _NAME.fullmatch(name) is not None


def _name_prefix(owner: str) -> str:
    return f"spawn-{digest(owner, length=8)}-"


def own_groups_question(owner: str, *, region: str) -> Question[tuple[SecurityGroup, ...]]:
    """Ask for all groups that bear a name of the owner's, in every VPC.

    By name and not by tag: a group that has lost its tags must be seen to be refused.
    """
    filters = [{"Name": "group-name", "Values": [f"{_name_prefix(owner)}*"]}]
    return Question(
        operation=DESCRIBE_SECURITY_GROUPS,
        parameters={"Filters": filters},
        region=region,
        understand=security_groups,
    )


def plan_group(
    wanted: RuleSet,
    found: Iterable[SecurityGroup],
    *,
    vpc_id: str,
    region: str,
    tags: Mapping[str, str],
) -> GroupPlan:
    """Return the group for the rules: reused, completed, or to be made.

    `found` is the answer to `own_groups_question`, `tags` are those of the launch, with `owner`
    among them. Raises RefusedByControl where the group that bears the name is not as spawn would
    have left it.
    """
    name = group_name(tags[Tag.OWNER], wanted)
    existing = next(
        (group for group in found if group.group_name == name and group.vpc_id == vpc_id), None
    )
    if existing is None:
        return _new_group(name, wanted, vpc_id=vpc_id, region=region, tags=tags)
    _refuse_tampered(existing, wanted, owner=tags[Tag.OWNER], region=region)
    fill = _fill(
        wanted,
        ingress=flatten(existing.ip_permissions),
        egress=flatten(existing.ip_permissions_egress),
        group_id=existing.group_id,
        region=region,
    )
    verb = "complete" if fill else "use"
    return GroupPlan(
        name=name,
        group_id=existing.group_id,
        rules=wanted,
        fill=fill,
        sentence=f"{verb} the security group {name} ({existing.group_id}): {_in_words(wanted)}",
    )


def _new_group(
    name: str, wanted: RuleSet, *, vpc_id: str, region: str, tags: Mapping[str, str]
) -> GroupPlan:
    sentence = f"make the security group {name} in {vpc_id}: {_in_words(wanted)}"
    specification = {"ResourceType": "security-group", "Tags": tag_list(tags)}
    create = Step(
        operation=CREATE_SECURITY_GROUP.key,
        region=region,
        parameters={
            "GroupName": name,
            "Description": _DESCRIPTION,
            "VpcId": vpc_id,
            "TagSpecifications": [specification],
        },
        sentence=sentence,
        yields=(Yield(Output.SECURITY_GROUP_ID, ("GroupId",)),),
        collides=("InvalidGroup.Duplicate",),
    )
    reference = OutputReference(Output.SECURITY_GROUP_ID)
    fill = _fill(
        wanted,
        ingress=frozenset(),
        egress=_egress_at_birth(wanted),
        group_id=reference,
        region=region,
    )
    return GroupPlan(
        name=name, group_id=reference, rules=wanted, create=(create,), fill=fill, sentence=sentence
    )


def _egress_at_birth(wanted: RuleSet) -> frozenset[Rule]:
    """Return what a new group is taken to let out.

    Always everything over IPv4, and over IPv6 where the VPC has it (VPC user guide, "Default
    security group rules"). So the latter is taken to be there when it is to go, and not when it
    is to stay: the step that adds or revokes it accepts that it was done.
    """
    over_ipv6 = {rule for rule in EGRESS_ALL if rule.peer == WORLD_IPV6}
    return (EGRESS_ALL - over_ipv6) | (over_ipv6 - wanted.egress)


def _in_words(rules: RuleSet) -> str:
    return f"in {describe(rules.ingress)}; out {describe(rules.egress)}"


def _refuse_tampered(group: SecurityGroup, wanted: RuleSet, *, owner: str, region: str) -> None:
    """Raise RefusedByControl unless only pieces are missing, as an interrupted launch leaves it."""
    tags = group.tag_mapping
    extra_in = flatten(group.ip_permissions) - wanted.ingress
    # What a new group starts with is revoked instead: it goes, whoever put it there.
    extra_out = flatten(group.ip_permissions_egress) - wanted.egress - EGRESS_ALL
    differences = [
        *([] if tags.get(Tag.SPAWN) == "true" else ["it does not carry the tag spawn=true"]),
        *([] if tags.get(Tag.OWNER) == owner else [f"it does not carry the tag owner={owner}"]),
        *([f"it also lets in: {describe(extra_in)}"] if extra_in else []),
        *([f"it also lets out: {describe(extra_out)}"] if extra_out else []),
    ]
    if differences:
        raise RefusedByControl(
            f"the security group {group.group_name} ({group.group_id}) is not as spawn made it",
            why=f"{'; '.join(differences)}. Put it right, or name a group with --security-groups",
            next_command=(
                f"aws ec2 describe-security-groups --region {region} --group-ids {group.group_id}"
            ),
            controls=(TAMPERED,),
        )


def _fill(
    wanted: RuleSet,
    *,
    ingress: frozenset[Rule],
    egress: frozenset[Rule],
    group_id: str | OutputReference,
    region: str,
) -> Stage:
    """Return the steps from the rules that are there to the wanted ones, none where equal."""
    changes = (
        (AUTHORIZE_INGRESS, wanted.ingress - ingress, "let in", "InvalidPermission.Duplicate"),
        (AUTHORIZE_EGRESS, wanted.egress - egress, "let out", "InvalidPermission.Duplicate"),
    )
    authorize = tuple(
        _rule_step(
            operation, rules, sentence=verb, accepts=accepts, group_id=group_id, region=region
        )
        for operation, rules, verb, accepts in changes
        if rules
    )
    # One call a rule: a call that names one rule which is not there revokes none of the others.
    revoke = tuple(
        _rule_step(
            REVOKE_EGRESS,
            frozenset({rule}),
            sentence="no longer let out",
            accepts="InvalidPermission.NotFound",
            group_id=group_id,
            region=region,
        )
        for rule in sorted(egress - wanted.egress, key=lambda rule: rule.sort_key)
    )
    return authorize + revoke


def _rule_step(
    operation: Operation,
    rules: frozenset[Rule],
    *,
    sentence: str,
    accepts: str,
    group_id: str | OutputReference,
    region: str,
) -> Step:
    return Step(
        operation=operation.key,
        region=region,
        parameters={"GroupId": group_id, "IpPermissions": ip_permissions(rules)},
        sentence=f"{sentence}: {describe(rules)}",
        retries=(_NOT_YET_THERE,),
        accepts=(accepts,),
    )
