from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.ec2 import Route, route_tables
from spawn.network.reach import Reach, reach_of
from tests.unit.network.builders import (
    OTHER_VPC,
    TO_INTERNET,
    TO_NAT,
    main_table,
    subnet,
    table_of,
)

SUBNET = subnet(1)


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (TO_INTERNET, Reach.PUBLIC),
        (Route(destination_ipv6_cidr_block="::/0", gateway_id="igw-1"), Reach.PUBLIC),
        (Route(destination_cidr_block="198.51.100.0/24", gateway_id="igw-1"), Reach.PUBLIC),
        (Route(destination_prefix_list_id="pl-1", gateway_id="igw-1"), Reach.PUBLIC),
        (
            Route(destination_cidr_block="0.0.0.0/0", gateway_id="igw-1", state="blackhole"),
            Reach.ISOLATED,
        ),
        (TO_NAT, Reach.OUTBOUND),
        (
            Route(destination_cidr_block="0.0.0.0/0", nat_gateway_id="nat-1", state="blackhole"),
            Reach.ISOLATED,
        ),
        (
            Route(destination_ipv6_cidr_block="::/0", egress_only_internet_gateway_id="eigw-1"),
            Reach.OUTBOUND,
        ),
        (Route(destination_cidr_block="0.0.0.0/0", transit_gateway_id="tgw-1"), Reach.OUTBOUND),
        (Route(destination_cidr_block="0.0.0.0/0", network_interface_id="eni-1"), Reach.OUTBOUND),
        (Route(destination_cidr_block="0.0.0.0/0", gateway_id="vgw-1"), Reach.OUTBOUND),
        (Route(destination_cidr_block="0.0.0.0/0", gateway_id="vpce-1"), Reach.OUTBOUND),
        (Route(destination_prefix_list_id="pl-1", gateway_id="vpce-1"), Reach.ISOLATED),
        (
            Route(destination_cidr_block="10.1.0.0/16", vpc_peering_connection_id="pcx-1"),
            Reach.ISOLATED,
        ),
    ],
)
def test_a_route_leads_where_its_target_is(route: Route, expected: Reach) -> None:
    """Only an active route to an internet gateway makes public; one-way exits make outbound."""
    assert reach_of(SUBNET, [main_table(route)]) is expected
    assert expected.is_private == (expected is not Reach.PUBLIC)


def test_a_subnets_own_table_beats_the_main_one() -> None:
    """The main table counts only for subnets that have none of their own."""
    assert reach_of(SUBNET, [main_table(TO_INTERNET), table_of(1)]) is Reach.ISOLATED
    assert reach_of(SUBNET, [main_table(), table_of(1, TO_INTERNET)]) is Reach.PUBLIC
    assert reach_of(SUBNET, [main_table(TO_INTERNET), table_of(2)]) is Reach.PUBLIC


def test_a_table_that_cannot_be_seen_leaves_it_unknown() -> None:
    """Another VPC's main table says nothing, and unknown is not taken for private."""
    reach = reach_of(SUBNET, [main_table(TO_NAT, vpc_id=OTHER_VPC)])
    assert reach is Reach.UNKNOWN
    assert not reach.is_private


def _is_public(answer: dict[str, Any], subnet_id: str) -> bool:
    """Say it again, straight from AWS's answer in another way: the oracle."""
    chosen = None
    for table in answer["RouteTables"]:
        for association in table["Associations"]:
            if association.get("SubnetId") == subnet_id:
                chosen = table
    if chosen is None:
        mains = [t for t in answer["RouteTables"] if any(a["Main"] for a in t["Associations"])]
        chosen = mains[0] if mains else {"Routes": []}
    targets = [r.get("GatewayId", "") for r in chosen["Routes"] if r["State"] == "active"]
    return any(target[:4] == "igw-" for target in targets)


raw_routes = st.fixed_dictionaries(
    {
        "DestinationCidrBlock": st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "198.51.100.0/24"]),
        "State": st.sampled_from(["active", "blackhole"]),
    },
    optional={
        "GatewayId": st.sampled_from(["igw-1", "vgw-1", "vpce-1", "local"]),
        "NatGatewayId": st.just("nat-1"),
        "TransitGatewayId": st.just("tgw-1"),
    },
)


@given(
    main=st.lists(raw_routes, max_size=4),
    has_main=st.booleans(),
    own=st.lists(raw_routes, max_size=4),
    own_is_for=st.sampled_from([1, 2]),
    own_first=st.booleans(),
)
def test_public_means_the_same_as_to_the_oracle(
    *,
    main: list[dict[str, str]],
    has_main: bool,
    own: list[dict[str, str]],
    own_is_for: int,
    own_first: bool,
) -> None:
    """Over generated route tables, public is exactly what an independent reading finds."""
    tables: list[dict[str, Any]] = [
        {
            "RouteTableId": "rtb-main",
            "VpcId": SUBNET.vpc_id,
            "Routes": main,
            "Associations": [{"Main": has_main}],
        },
        {
            "RouteTableId": "rtb-own",
            "VpcId": SUBNET.vpc_id,
            "Routes": own,
            "Associations": [{"Main": False, "SubnetId": subnet(own_is_for).subnet_id}],
        },
    ]
    answer = {"RouteTables": tables[::-1] if own_first else tables}
    found = reach_of(SUBNET, route_tables(answer))
    assert (found is Reach.PUBLIC) == _is_public(answer, SUBNET.subnet_id)
