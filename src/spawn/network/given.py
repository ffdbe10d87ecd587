"""Security groups and prefix lists that a person names: they must exist, and be in the right VPC.

Filters ask for them instead of ids: what does not exist is then left out of the answer, and can
be named, where an id that does not exist makes AWS refuse the whole call.
"""

from __future__ import annotations

from collections.abc import Iterable

from spawn.aws.ec2 import (
    DESCRIBE_PREFIX_LISTS,
    DESCRIBE_SECURITY_GROUPS,
    ManagedPrefixList,
    SecurityGroup,
    prefix_lists,
    security_groups,
)
from spawn.aws.questions import Question
from spawn.core.errors import InputError, NamedThingNotFound
from spawn.core.ids import is_resource_id

# VPC user guide, "Amazon VPC quotas": 5 by default, at most 16.
MOST_GROUPS_PER_INTERFACE = 16


def given_groups_question(
    ids: tuple[str, ...], *, region: str
) -> Question[tuple[SecurityGroup, ...]]:
    """Ask for the groups that a person names; those that don't exist are not in the answer."""
    return Question(
        operation=DESCRIBE_SECURITY_GROUPS,
        parameters={"Filters": [{"Name": "group-id", "Values": list(ids)}]},
        region=region,
        understand=security_groups,
    )


def prefix_lists_question(
    ids: tuple[str, ...], *, region: str
) -> Question[tuple[ManagedPrefixList, ...]]:
    """Ask for the prefix lists among `--ssh-from`; missing ones are not in the answer."""
    return Question(
        operation=DESCRIBE_PREFIX_LISTS,
        parameters={"Filters": [{"Name": "prefix-list-id", "Values": list(ids)}]},
        region=region,
        understand=prefix_lists,
    )


def parse_group_ids(texts: Iterable[str], *, flag: str = "--security-groups") -> tuple[str, ...]:
    """Read group ids, several with commas between, in the order given, each once.

    Raises InputError, naming `flag`, for anything that is not an id, and for too many.
    """
    ids = tuple(dict.fromkeys(word.strip() for text in texts for word in text.split(",")))
    for word in ids:
        if not is_resource_id(word, "sg"):
            raise InputError(
                f"{flag} {word!r} is not the id of a security group",
                why="write ids such as sg-0123456789abcdef0, several with commas between",
                next_command="aws ec2 describe-security-groups --query "
                "'SecurityGroups[].[GroupId,GroupName,VpcId]' --output table",
            )
    if len(ids) > MOST_GROUPS_PER_INTERFACE:
        raise InputError(
            f"{flag} names {len(ids)} groups",
            why=f"a network interface is in at most {MOST_GROUPS_PER_INTERFACE}",
        )
    return ids


def check_given_groups(
    ids: tuple[str, ...], found: Iterable[SecurityGroup], *, vpc_id: str, region: str
) -> tuple[SecurityGroup, ...]:
    """Return the groups that a person named, in their order.

    Raises NamedThingNotFound for those that don't exist, InputError for those of another VPC.
    """
    by_id = {group.group_id: group for group in found}
    look = (
        f"aws ec2 describe-security-groups --region {region} --filters Name=vpc-id,Values={vpc_id}"
    )
    missing = [group_id for group_id in ids if group_id not in by_id]
    if missing:
        raise NamedThingNotFound(
            f"--security-groups {', '.join(missing)}: no such group in {region}",
            why=f"the instance goes into {vpc_id}: name groups of that VPC",
            next_command=look,
        )
    elsewhere = [by_id[group_id] for group_id in ids if by_id[group_id].vpc_id != vpc_id]
    if elsewhere:
        raise InputError(
            f"--security-groups {', '.join(group.group_id for group in elsewhere)}: "
            f"not of {vpc_id}, where the subnet is",
            why="; ".join(f"{group.group_id} is in {group.vpc_id}" for group in elsewhere),
            next_command=look,
        )
    return tuple(by_id[group_id] for group_id in ids)


def check_prefix_lists(sources: Iterable[str], found: Iterable[ManagedPrefixList]) -> None:
    """Raise NamedThingNotFound where `--ssh-from` names a prefix list that does not exist."""
    existing = {prefix_list.prefix_list_id for prefix_list in found}
    missing = [source for source in sources if source.startswith("pl-") and source not in existing]
    if missing:
        raise NamedThingNotFound(
            f"--ssh-from {', '.join(missing)}: there is no such prefix list in this region",
            next_command="aws ec2 describe-managed-prefix-lists",
        )
