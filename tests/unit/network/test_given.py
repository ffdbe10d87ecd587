import pytest

from spawn.aws.ec2 import ManagedPrefixList
from spawn.core.errors import InputError, NamedThingNotFound
from spawn.network.given import (
    check_given_groups,
    check_prefix_lists,
    given_groups_question,
    parse_group_ids,
    prefix_lists_question,
)
from tests.unit.network.builders import OTHER_VPC, REGION, VPC, group

MINE = group("mine")
ELSEWHERE = group("elsewhere", vpc_id=OTHER_VPC)
LIST = "pl-0123456789abcdef0"


def test_group_ids_are_read_in_their_order() -> None:
    """Several flags and commas give one list, each group once."""
    texts = ["sg-0123456789abcdef0,sg-01234567", "sg-0123456789abcdef0"]
    assert parse_group_ids(texts) == ("sg-0123456789abcdef0", "sg-01234567")


@pytest.mark.parametrize("text", ["web", "", "sg-", "sg-0123456789abcdef0,", "SG-01234567"])
def test_what_is_no_group_id_is_refused(text: str) -> None:
    """A name, or half an id, is refused with the flag and what to write."""
    with pytest.raises(InputError, match="--groups") as refusal:
        parse_group_ids([text], flag="--groups")
    assert "sg-" in refusal.value.why


def test_more_groups_than_an_interface_takes_are_refused() -> None:
    """Seventeen groups can't be attached, and nothing is tried."""
    sixteen = [f"sg-{number:08x}" for number in range(16)]
    assert len(parse_group_ids(sixteen)) == 16
    with pytest.raises(InputError, match="17 groups"):
        parse_group_ids([*sixteen, "sg-ffffffff"])


def test_given_groups_of_the_vpc_are_taken() -> None:
    """Groups that exist and are in the subnet's VPC come back with their rules."""
    found = check_given_groups((MINE.group_id,), [MINE], vpc_id=VPC, region=REGION)
    assert found == (MINE,)


def test_a_group_that_does_not_exist_is_named() -> None:
    """The error names exactly the missing one and says where to look."""
    ids = (MINE.group_id, "sg-0000000000000dead")
    with pytest.raises(NamedThingNotFound, match="sg-0000000000000dead") as refusal:
        check_given_groups(ids, [MINE], vpc_id=VPC, region=REGION)
    assert MINE.group_id not in refusal.value.what
    assert VPC in refusal.value.next_command


def test_a_group_of_another_vpc_is_refused() -> None:
    """The error says which VPC the group is in and which one it had to be in."""
    with pytest.raises(InputError, match=VPC) as refusal:
        check_given_groups((ELSEWHERE.group_id,), [ELSEWHERE], vpc_id=VPC, region=REGION)
    assert not isinstance(refusal.value, NamedThingNotFound)
    assert OTHER_VPC in refusal.value.why


def test_prefix_lists_must_exist() -> None:
    """A prefix list that is not there is named; blocks and existing lists pass."""
    existing = [ManagedPrefixList(prefix_list_id=LIST)]
    check_prefix_lists(("203.0.113.0/24", LIST), existing)
    with pytest.raises(NamedThingNotFound, match="pl-01234567"):
        check_prefix_lists((LIST, "pl-01234567"), existing)


def test_questions_leave_out_what_does_not_exist() -> None:
    """Both ask by filter, so that one missing id does not refuse the whole answer."""
    groups = given_groups_question(("sg-01234567",), region=REGION)
    lists = prefix_lists_question((LIST,), region=REGION)
    assert groups.parameters == {"Filters": [{"Name": "group-id", "Values": ["sg-01234567"]}]}
    assert lists.parameters == {"Filters": [{"Name": "prefix-list-id", "Values": [LIST]}]}
