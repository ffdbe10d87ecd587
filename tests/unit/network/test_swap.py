import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.ec2 import GroupIdentifier
from spawn.aws.instance_details import InterfaceAttachment, NetworkInterface
from spawn.core.errors import AccountError
from spawn.core.steps import Output, OutputReference
from spawn.network.groups import GroupPlan
from spawn.network.rules import RuleSet
from spawn.network.swap import Swap, interfaces_to_change, plan_swap, swap_step
from tests.unit.network.builders import OTHER_VPC, REGION, VPC

NEW = "sg-00000000000000new"
OWN_NAME = "spawn-0123abcd-0123456789abcdef"
NO_RULES = RuleSet(ingress=frozenset(), egress=frozenset())


def named(number: int, name: str) -> GroupIdentifier:
    return GroupIdentifier(group_id=f"sg-{number:017x}", group_name=name)


def interface(number: int, *groups: GroupIdentifier, vpc_id: str = VPC) -> NetworkInterface:
    return NetworkInterface(
        network_interface_id=f"eni-{number:017x}",
        vpc_id=vpc_id,
        groups=groups,
        attachment=InterfaceAttachment(device_index=number),
    )


def group(group_id: str | OutputReference = NEW) -> GroupPlan:
    return GroupPlan(name=OWN_NAME, group_id=group_id, rules=NO_RULES, sentence="a group")


def own(number: int) -> GroupIdentifier:
    return named(number, f"spawn-{number:08x}-0123456789abcdef")


foreign_names = st.text(max_size=20).filter(lambda name: not name.startswith("spawn-"))


@st.composite
def some_groups(draw: st.DrawFn) -> tuple[GroupIdentifier, ...]:
    """Up to 15 groups of spawn's and of others, none twice."""
    numbers = draw(st.lists(st.integers(1, 99), unique=True, min_size=1, max_size=15))
    return tuple(
        own(one) if draw(st.booleans()) else named(one, draw(foreign_names)) for one in numbers
    )


@given(some_groups())
def test_groups_of_others_are_kept(groups: tuple[GroupIdentifier, ...]) -> None:
    """After a swap an interface is in all groups that are not spawn's, and in the new one."""
    swap = plan_swap(interface(0, *groups), group())
    foreign = {one.group_id for one in groups if not one.group_name.startswith("spawn-")}
    assert set(swap.after) == foreign | {NEW}
    assert set(swap.replaced) == set(swap.before) - foreign


@given(some_groups())
def test_a_swap_is_needed_once(groups: tuple[GroupIdentifier, ...]) -> None:
    """An interface that a swap has changed needs it no more."""
    swap = plan_swap(interface(0, *groups), group())
    names = {one.group_id: one.group_name for one in groups} | {NEW: OWN_NAME}
    changed = interface(
        0, *(GroupIdentifier(group_id=str(one), group_name=names[str(one)]) for one in swap.after)
    )
    assert not plan_swap(changed, group()).is_needed


def test_a_group_that_is_yet_to_be_made_changes_every_interface() -> None:
    """What is not there can't be what an interface is in."""
    reference = OutputReference(Output.SECURITY_GROUP_ID)
    swap = plan_swap(interface(0, own(1)), group(reference))
    assert swap.is_needed
    assert swap.after == (reference,)


def test_all_interfaces_in_groups_of_spawns_change() -> None:
    """Where several interfaces are in groups of spawn's, one that is not stays as it is."""
    faces = (interface(0, named(1, "web")), interface(1, own(2)), interface(2, own(2)))
    assert interfaces_to_change(faces, vpc_id=VPC) == faces[1:]


def test_the_primary_interface_changes_where_none_is_spawns() -> None:
    """An instance with groups of the person's own alone gets the group on its first interface."""
    faces = (interface(1, named(1, "web")), interface(0, named(1, "web")))
    assert interfaces_to_change(faces, vpc_id=VPC) == faces[1:]


def test_an_interface_of_another_vpc_is_left_alone() -> None:
    """The group of one VPC can't serve an interface in another."""
    elsewhere = interface(1, own(1), vpc_id=OTHER_VPC)
    here = interface(0, own(1))
    assert interfaces_to_change((elsewhere, here), vpc_id=VPC) == (here,)


@pytest.mark.parametrize("name", ["spawn", "spawn-web", "spawn-0123abcd-0123456789abcdef-2", ""])
def test_a_name_like_spawns_is_not_spawns(name: str) -> None:
    """Only names that spawn itself would give are taken for its own."""
    assert plan_swap(interface(0, named(1, name)), group()).replaced == ()


def test_more_groups_than_aws_admits_are_refused() -> None:
    """An interface that is full is left as it is, with the reason."""
    full = interface(0, *(named(number, "web") for number in range(16)))
    with pytest.raises(AccountError, match="16 security groups already"):
        plan_swap(full, group())


def test_a_step_is_taken_back_by_its_undo() -> None:
    """The step sets the groups of after, its undo exactly those of before."""
    swap = Swap(interface_id="eni-1", before=("sg-1", "sg-2"), after=("sg-2", NEW))
    step = swap_step(swap, group_name=OWN_NAME, region=REGION)
    assert step.undo is not None
    assert step.parameters == {"NetworkInterfaceId": "eni-1", "Groups": ["sg-2", NEW]}
    assert step.undo.operation == step.operation
    assert step.undo.parameters == {"NetworkInterfaceId": "eni-1", "Groups": ["sg-1", "sg-2"]}
    assert step.sentence == f"put eni-1 into {OWN_NAME} in place of sg-1"
