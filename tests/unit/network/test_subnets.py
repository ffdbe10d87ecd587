from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.ec2 import RouteTable, Subnet, Vpc
from spawn.core.errors import AccountError, InputError, NamedThingNotFound, SpawnError
from spawn.core.levels import Level
from spawn.network.reach import Reach
from spawn.network.subnets import (
    NetworkFacts,
    SubnetChoice,
    SubnetRequest,
    choose_subnets,
    offerings_question,
)
from tests.unit.network.builders import (
    OTHER_VPC,
    REGION,
    TO_INTERNET,
    TO_NAT,
    VPC,
    main_table,
    offered,
    subnet,
    subnet_id,
    table_of,
    vpc,
)

PUBLIC = main_table(TO_INTERNET)


def facts(
    *subnets: Subnet,
    vpcs: tuple[Vpc, ...] = (vpc(),),
    tables: tuple[RouteTable, ...] = (PUBLIC,),
    zones: str = "abc",
) -> NetworkFacts:
    """Return a region with one default VPC whose subnets are public."""
    return NetworkFacts(vpcs=vpcs, subnets=subnets, route_tables=tables, offerings=offered(*zones))


def choose(found: NetworkFacts, **asked: Any) -> SubnetChoice:
    """Choose for a launch of t3.micro at the standard level, unless asked otherwise."""
    members: dict[str, Any] = {
        "region": REGION,
        "instance_type": "t3.micro",
        "level": Level.STANDARD,
    }
    return choose_subnets(SubnetRequest(**(members | asked)), found)


def chosen(found: NetworkFacts, **asked: Any) -> list[str]:
    """Return the chosen subnets, in their order."""
    return [option.subnet_id for option in choose(found, **asked).options]


def refusal(found: NetworkFacts, **asked: Any) -> SpawnError:
    """Return the error that the choice ends in."""
    with pytest.raises(SpawnError) as caught:
        choose(found, **asked)
    return caught.value


def test_the_zone_with_most_room_comes_first_and_the_others_follow() -> None:
    """One subnet a zone, by free addresses, then by zone: what capacity falls back to."""
    found = facts(
        subnet(1, "b", free=100),
        subnet(2, "c", free=200),
        subnet(3, "a", free=100),
        subnet(4, "c", free=50),
    )
    assert chosen(found) == [subnet_id(2), subnet_id(3), subnet_id(1)]
    assert [option.zone for option in choose(found).options] == [
        f"{REGION}c",
        f"{REGION}a",
        f"{REGION}b",
    ]


@given(st.permutations(list(range(6))))
def test_the_choice_does_not_depend_on_the_answers_order(order: list[int]) -> None:
    """AWS lists subnets in any order; the plan is the same."""
    subnets = [subnet(n, "abc"[n % 3], free=100 + n % 2) for n in range(6)]
    assert choose(facts(*(subnets[n] for n in order))) == choose(facts(*subnets))


def test_the_default_vpc_is_meant_where_none_is_named() -> None:
    """Subnets of other VPCs don't count, and what the VPC is like is passed on."""
    found = facts(
        subnet(1, vpc_id=OTHER_VPC, free=999),
        subnet(2),
        vpcs=(vpc(OTHER_VPC, default=False), vpc(ipv6=True)),
        tables=(PUBLIC, main_table(TO_INTERNET, vpc_id=OTHER_VPC)),
    )
    choice = choose(found)
    assert choice.vpc_id == VPC
    assert choice.vpc_has_ipv6
    assert choice.public_address
    assert choice.warning == ""
    other = choose(found, vpc_id=OTHER_VPC)
    assert [option.subnet_id for option in other.options] == [subnet_id(1)]
    assert not other.vpc_has_ipv6


def test_a_named_subnet_brings_its_vpc() -> None:
    """With --subnet no default VPC is needed, and no other zone is tried."""
    found = facts(
        subnet(1, vpc_id=OTHER_VPC),
        subnet(2, "b", vpc_id=OTHER_VPC),
        vpcs=(vpc(OTHER_VPC, default=False),),
        tables=(main_table(TO_INTERNET, vpc_id=OTHER_VPC),),
    )
    choice = choose(found, subnet_id=subnet_id(1))
    assert choice.vpc_id == OTHER_VPC
    assert [option.subnet_id for option in choice.options] == [subnet_id(1)]


def test_only_zones_that_offer_the_type_are_chosen() -> None:
    """A type missing in the best zone sends the launch to the next one."""
    found = facts(subnet(1, "a", free=250), subnet(2, "b", free=10), zones="b")
    assert chosen(found) == [subnet_id(2)]


def test_full_subnets_are_passed_over() -> None:
    """A subnet without a free address is no choice while another has one."""
    assert chosen(facts(subnet(1, free=0), subnet(2, "b", free=1))) == [subnet_id(2)]


def test_a_worse_place_with_room_beats_a_better_one_without() -> None:
    """A full subnet with a way out gives way to one without, rather than to an error."""
    found = facts(
        subnet(1, free=0), subnet(2, "b", free=5), tables=(table_of(1, TO_NAT), table_of(2))
    )
    assert chosen(found, no_public_ip=True) == [subnet_id(2)]


def test_special_subnets_are_taken_only_by_name() -> None:
    """Subnets for IPv6 only and on an Outpost are never chosen by themselves."""
    outpost = Subnet(
        subnet_id=subnet_id(3),
        vpc_id=VPC,
        availability_zone=f"{REGION}a",
        cidr_block="10.0.3.0/24",
        outpost_arn="arn:aws:outposts:eu-west-1:123456789012:outpost/op-1",
        available_ip_address_count=250,
    )
    found = facts(subnet(1, free=5), subnet(2, block="", free=0), outpost)
    assert chosen(found) == [subnet_id(1)]
    assert chosen(found, subnet_id=subnet_id(3)) == [subnet_id(3)]
    assert "IPv6 only" in refusal(found, subnet_id=subnet_id(2)).what


MIXED = facts(
    subnet(1, "a", free=250),
    subnet(2, "b", free=100),
    subnet(3, "c", free=50),
    tables=(PUBLIC, table_of(2, TO_NAT), table_of(3)),
)


@pytest.mark.parametrize(
    ("asked", "expected", "reach", "public"),
    [
        ({}, 1, Reach.PUBLIC, True),
        ({"level": Level.OPEN}, 1, Reach.PUBLIC, True),
        ({"no_public_ip": True}, 2, Reach.OUTBOUND, False),
        ({"level": Level.STRICT}, 2, Reach.OUTBOUND, False),
        ({"level": Level.STRICT, "zones": (f"{REGION}c",)}, 3, Reach.ISOLATED, False),
        ({"no_public_ip": True, "zones": (f"{REGION}a",)}, 1, Reach.PUBLIC, False),
    ],
)
def test_the_level_decides_between_public_and_private(
    asked: dict[str, Any], expected: int, reach: Reach, public: bool
) -> None:
    """Public addresses go to public subnets; without one, a way out is preferred to none."""
    choice = choose(MIXED, **asked)
    assert [(option.subnet_id, option.reach) for option in choice.options] == [
        (subnet_id(expected), reach)
    ]
    assert choice.public_address is public


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"subnet_id": subnet_id(2)}, "add --no-public-ip"),
        ({"subnet_id": subnet_id(3), "no_public_ip": True}, "no route out"),
        ({"subnet_id": subnet_id(1), "no_public_ip": True}, "nothing outside the VPC"),
    ],
)
def test_a_place_that_serves_badly_is_named(asked: dict[str, Any], words: str) -> None:
    """A named subnet that can't do what is expected is taken, and that is said."""
    choice = choose(MIXED, **asked)
    assert choice.options[0].subnet_id == asked["subnet_id"]
    assert words in choice.warning
    assert asked["subnet_id"] in choice.warning


def test_an_unseen_route_table_is_neither_public_nor_private() -> None:
    """Strict refuses what it can't prove, standard does not choose it, by name it is warned of."""
    unseen = facts(subnet(1), tables=())
    assert "private" in refusal(unseen, level=Level.STRICT).what
    assert "internet gateway" in refusal(unseen).what
    assert "can't be seen" in choose(unseen, subnet_id=subnet_id(1)).warning


@pytest.mark.parametrize(
    ("found", "asked", "kind", "words"),
    [
        (facts(vpcs=()), {}, AccountError, ["no default VPC", "--vpc", "create-default-vpc"]),
        (
            facts(subnet(1)),
            {"vpc_id": OTHER_VPC},
            NamedThingNotFound,
            [f"--vpc {OTHER_VPC}", VPC],
        ),
        (
            facts(subnet(1)),
            {"subnet_id": subnet_id(7)},
            NamedThingNotFound,
            [f"--subnet {subnet_id(7)}", REGION],
        ),
        (
            facts(subnet(1, vpc_id=OTHER_VPC), vpcs=(vpc(), vpc(OTHER_VPC, default=False))),
            {"subnet_id": subnet_id(1), "vpc_id": VPC},
            InputError,
            [f"--subnet {subnet_id(1)}", f"--vpc {VPC}", OTHER_VPC],
        ),
        (facts(), {}, AccountError, [VPC, "no subnet", "--subnet"]),
        (
            facts(subnet(1, "a")),
            {"zones": (f"{REGION}b",)},
            InputError,
            [f"--az {REGION}b", f"{REGION}a"],
        ),
        (
            facts(subnet(1, "a"), subnet(2, "b")),
            {"zones": (f"{REGION}b",), "subnet_id": subnet_id(1)},
            InputError,
            [f"--az {REGION}b", f"--subnet {subnet_id(1)}", f"{REGION}a"],
        ),
        (
            facts(subnet(1, "a"), zones="bc"),
            {},
            InputError,
            ["--instance-type t3.micro", f"{REGION}b, {REGION}c", "--az"],
        ),
        (
            facts(subnet(1)),
            {"instance_type": "p9.huge"},
            InputError,
            ["--instance-type p9.huge", REGION, "--region"],
        ),
        (
            facts(subnet(1), tables=(main_table(),)),
            {},
            AccountError,
            ["internet gateway", "--no-public-ip", VPC],
        ),
        (facts(subnet(1, free=0)), {}, AccountError, ["no address is free", subnet_id(1)]),
        (
            facts(subnet(1)),
            {"private_ip": "10.0.9.9"},
            InputError,
            ["--private-ip 10.0.9.9", "10.0.1.0/24"],
        ),
        (facts(subnet(1)), {"private_ip": "ten"}, InputError, ["--private-ip 'ten'", "IPv4"]),
        (
            facts(subnet(1)),
            {"level": Level.STRICT, "subnet_id": subnet_id(1)},
            AccountError,
            [f"--subnet {subnet_id(1)} is not private", "strict"],
        ),
    ],
)
def test_what_cannot_be_is_said_with_the_way_out(
    found: NetworkFacts, asked: dict[str, Any], kind: type[SpawnError], words: list[str]
) -> None:
    """Each impossible place is its own error, naming the flag, the thing and what to write."""
    error = refusal(found, **asked)
    assert type(error) is kind
    said = f"{error.what} {error.why} {error.next_command}"
    assert [word for word in words if word not in said] == []


def test_a_private_address_finds_its_subnet() -> None:
    """The subnet around --private-ip is the only choice, whatever else has more room."""
    found = facts(subnet(1, free=250), subnet(2, free=3))
    assert chosen(found, private_ip="10.0.2.10") == [subnet_id(2)]


@pytest.mark.parametrize("last", [0, 1, 2, 3, 255])
def test_reserved_addresses_are_refused(last: int) -> None:
    """AWS keeps the first four addresses and the last of a subnet; the first free one is named."""
    error = refusal(facts(subnet(1)), private_ip=f"10.0.1.{last}")
    assert isinstance(error, InputError)
    assert f"--private-ip 10.0.1.{last} is reserved" in error.what
    assert "10.0.1.4 to 10.0.1.254" in error.why


@pytest.mark.parametrize("last", [4, 254])
def test_addresses_next_to_the_reserved_ones_are_free(last: int) -> None:
    """The fifth and the last but one are a person's to take."""
    assert chosen(facts(subnet(1)), private_ip=f"10.0.1.{last}") == [subnet_id(1)]


def test_strict_without_a_private_subnet_prints_how_to_make_one() -> None:
    """The next command makes a subnet in a free block of the right zone and VPC."""
    error = refusal(facts(subnet(0), subnet(1)), level=Level.STRICT, zones=(f"{REGION}a",))
    assert isinstance(error, AccountError)
    assert f"--vpc-id {VPC}" in error.next_command
    assert f"--availability-zone {REGION}a" in error.next_command
    assert "--cidr-block 10.0.2.0/24" in error.next_command


def test_offerings_are_asked_by_zone() -> None:
    """The question is for these types, zone by zone."""
    assert offerings_question(("m7g.large",), region=REGION).parameters == {
        "LocationType": "availability-zone",
        "Filters": [{"Name": "instance-type", "Values": ["m7g.large"]}],
    }
