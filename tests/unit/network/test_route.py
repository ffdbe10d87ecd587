"""What is in the way is found, named with its ids, and told with what to type."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.ec2 import GroupIdentifier, Instance, InstanceState, Route, RouteTable
from spawn.aws.ec2_endpoints import ConnectEndpoint, VpcEndpoint
from spawn.aws.questions import Fact, Known, Unseen
from spawn.network.admission import Verdict
from spawn.network.diagnosis import Diagnosis, Place, Problem, place_of
from spawn.network.endpoints import Surroundings
from spawn.network.route import diagnose_session_manager, diagnose_tunnel, diagnose_way_in
from spawn.network.rules import EGRESS_ALL, Rule, everything, tcp
from tests.unit.network.builders import (
    LAUNCHED,
    REGION,
    TO_INTERNET,
    TO_NAT,
    VPC,
    group,
    main_table,
    subnet_id,
    table_of,
)

CALLER = "203.0.113.10"
OWN_GROUP = "sg-00000000000000001"
ENDPOINT_GROUP = "sg-00000000000000002"
IGW = TO_INTERNET.gateway_id
NAT = TO_NAT.nat_gateway_id
DENIED = Unseen("ec2:DescribeVpcEndpoints", "not authorized")


def place(*, public: str = "198.51.100.7") -> Place:
    """Return a place in the first subnet."""
    return Place(
        instance_id="i-0123456789abcdef0",
        vpc_id=VPC,
        subnet_id=subnet_id(1),
        private_address="10.0.1.10",
        public_address=public,
        group_ids=(OWN_GROUP,),
    )


def endpoint(service: str, **changed: object) -> VpcEndpoint:
    """Return an interface endpoint that serves, but for what is changed."""
    usual: dict[str, object] = {
        "vpc_endpoint_id": f"vpce-{service}",
        "vpc_id": VPC,
        "service_name": f"com.amazonaws.{REGION}.{service}",
        "vpc_endpoint_type": "Interface",
        "state": "available",
        "groups": (GroupIdentifier(group_id=ENDPOINT_GROUP),),
        "private_dns_enabled": True,
    }
    return VpcEndpoint(**{**usual, **changed})  # type: ignore[arg-type]


def around(
    *tables: RouteTable,
    endpoints: tuple[VpcEndpoint, ...] | Unseen = (),
    admitted: tuple[Rule, ...] = (tcp(443, OWN_GROUP),),
    own_ingress: tuple[Rule, ...] = (),
    own_egress: frozenset[Rule] = EGRESS_ALL,
) -> Surroundings:
    """Return a VPC with these tables, and the groups of the instance and of its endpoints."""
    own = group("own", group_id=OWN_GROUP, ingress=own_ingress, egress=own_egress)
    theirs = group("endpoints", group_id=ENDPOINT_GROUP, ingress=admitted)
    seen: Fact[tuple[VpcEndpoint, ...]] = (
        endpoints if isinstance(endpoints, Unseen) else Known(endpoints)
    )
    return Surroundings(
        route_tables=Known(tables),
        groups=Known((own, theirs)),
        endpoints=seen,
        connect_endpoints=Known(()),
    )


def way_in(*routes: Route, caller: str = CALLER) -> Diagnosis:
    return diagnose_way_in(place(), around(table_of(1, *routes)), caller=caller, region=REGION)


def problems(diagnosis: Diagnosis) -> set[Problem]:
    return {finding.problem for finding in diagnosis.findings}


def test_an_instance_reaches_the_internet_by_a_gateway() -> None:
    """With a public address and a route to a gateway nothing is found, and the gateway named."""
    diagnosis = way_in(TO_INTERNET)
    assert diagnosis.verdict is Verdict.OPEN
    assert diagnosis.summary == f"it reaches the internet by {IGW}"


def test_a_public_address_without_a_gateway_route_is_told() -> None:
    """Subnet and table are named, and the route that lacks is there to be typed."""
    tables = (table_of(1), main_table(TO_INTERNET))
    diagnosis = diagnose_way_in(place(), around(*tables), caller=CALLER, region=REGION)
    (finding,) = diagnosis.findings
    assert finding.problem is Problem.NO_GATEWAY_ROUTE
    assert subnet_id(1) in finding.what
    assert "rtb-1" in finding.what
    assert finding.next_command == (
        "aws ec2 create-route --route-table-id rtb-1 --destination-cidr-block 0.0.0.0/0 "
        f"--gateway-id {IGW} --region {REGION}"
    )


def test_a_subnet_without_a_table_follows_the_main_one() -> None:
    """The main table's gateway counts where the subnet has no table of its own, and only there."""
    main = around(main_table(TO_INTERNET), table_of(2))
    diagnosis = diagnose_way_in(place(), main, caller=CALLER, region=REGION)
    assert diagnosis.verdict is Verdict.OPEN
    own = around(main_table(TO_INTERNET), table_of(1))
    assert problems(diagnose_way_in(place(), own, caller=CALLER, region=REGION)) == {
        Problem.NO_GATEWAY_ROUTE
    }


def test_a_way_that_others_need_is_not_replaced() -> None:
    """Where the subnet leads out by NAT, the line to type shows the table and changes nothing."""
    (finding,) = way_in(TO_NAT).findings
    assert finding.problem is Problem.NO_GATEWAY_ROUTE
    assert finding.next_command.startswith("aws ec2 describe-route-tables")


def test_the_most_specific_route_decides() -> None:
    """A route to the caller's own network beats the one to everywhere, a blackhole too."""
    gone = Route(destination_cidr_block="203.0.113.0/24", nat_gateway_id="nat-1", state="blackhole")
    (finding,) = way_in(TO_INTERNET, gone).findings
    assert finding.problem is Problem.BLACKHOLE
    assert "nat-1" in finding.what
    assert way_in(TO_INTERNET, gone, caller="198.51.100.200").verdict is Verdict.OPEN
    assert way_in(Route(destination_cidr_block="203.0.113.0/24", gateway_id=IGW)).way


@pytest.mark.parametrize(
    "route",
    [
        Route(destination_prefix_list_id="pl-1", gateway_id=IGW),
        Route(destination_cidr_block="0.0.0.0/0", gateway_id="vpce-firewall"),
        Route(destination_cidr_block="0.0.0.0/0", network_interface_id="eni-1"),
    ],
)
def test_what_routes_dont_show_is_not_judged(route: Route) -> None:
    """A prefix list, a firewall or an appliance may lead to the caller: that is not a no."""
    assert way_in(route).verdict is Verdict.UNKNOWN


def test_an_endpoint_for_storage_leads_no_one_in() -> None:
    """A gateway endpoint, to S3 say, is named by a prefix list too, and leads there only."""
    route = Route(destination_prefix_list_id="pl-1", gateway_id="vpce-s3")
    assert way_in(route).verdict is Verdict.CLOSED


@given(st.ip_addresses(v=6))
def test_ipv6_callers_need_an_ipv6_route(caller: ipaddress.IPv6Address) -> None:
    """A route for IPv4 says nothing of IPv6, and the other way round."""
    assert way_in(TO_INTERNET, caller=str(caller)).verdict is Verdict.CLOSED
    over_6 = Route(destination_ipv6_cidr_block="::/0", gateway_id=IGW)
    assert way_in(over_6, caller=str(caller)).verdict is Verdict.OPEN
    assert way_in(over_6).verdict is Verdict.CLOSED


def session(
    *routes: Route, public: str = "", surroundings: Surroundings | None = None
) -> Diagnosis:
    vpc = surroundings or around(table_of(1, *routes))
    return diagnose_session_manager(place(public=public), vpc, region=REGION)


@pytest.mark.parametrize(
    ("route", "public", "way"),
    [
        (TO_NAT, "", NAT),
        (TO_NAT, "198.51.100.7", NAT),
        (TO_INTERNET, "198.51.100.7", IGW),
        (Route(destination_cidr_block="0.0.0.0/0", transit_gateway_id="tgw-1"), "", "tgw-1"),
    ],
)
def test_session_manager_is_reached_out_of_the_vpc(route: Route, public: str, way: str) -> None:
    """NAT serves private addresses, an internet gateway public ones; either is named."""
    diagnosis = session(route, public=public)
    assert diagnosis.verdict is Verdict.OPEN
    assert diagnosis.summary == f"it reaches Session Manager by {way}"


@pytest.mark.parametrize(
    "routes",
    [
        (),
        (TO_INTERNET,),
        (Route(destination_cidr_block="0.0.0.0/0", vpc_peering_connection_id="pcx-1"),),
        (Route(destination_ipv6_cidr_block="::/0", egress_only_internet_gateway_id="eigw-1"),),
    ],
)
def test_a_private_instance_is_told_which_endpoints_lack(routes: tuple[Route, ...]) -> None:
    """Both services are named in full, and the line to type makes both, admitting its group."""
    (finding,) = session(*routes).findings
    assert finding.problem is Problem.NO_WAY_OUT
    for service in ("ssm", "ssmmessages"):
        assert f"com.amazonaws.{REGION}.{service}" in finding.what
    assert "for SERVICE in ssm ssmmessages" in finding.next_command
    assert f"--source-group {OWN_GROUP}" in finding.next_command
    assert f"--subnet-ids {subnet_id(1)}" in finding.next_command


def test_only_what_lacks_is_named() -> None:
    """An endpoint that serves is not made again, and one without private DNS does not serve."""
    half = around(table_of(1), endpoints=(endpoint("ssm"),))
    (finding,) = session(surroundings=half).findings
    assert "for SERVICE in ssmmessages;" in finding.next_command
    for changed in (
        {"private_dns_enabled": False},
        {"state": "pending"},
        {"vpc_endpoint_type": "Gateway"},
    ):
        both = (endpoint("ssm", **changed), endpoint("ssmmessages"))
        (finding,) = session(surroundings=around(table_of(1), endpoints=both)).findings
        assert "for SERVICE in ssm;" in finding.next_command


def test_endpoints_that_admit_the_instance_are_a_way() -> None:
    """By its group or by its private address, as EC2 writes their state or as its manual does."""
    both = (endpoint("ssm", state="Available"), endpoint("ssmmessages"))
    for rule in (tcp(443, OWN_GROUP), tcp(443, "10.0.1.0/24"), everything("10.0.0.0/16")):
        vpc = around(table_of(1), endpoints=both, admitted=(rule,))
        assert session(surroundings=vpc).summary == (
            "it reaches Session Manager by vpce-ssm, vpce-ssmmessages"
        )


@pytest.mark.parametrize(
    "admitted", [(), (tcp(443, "10.9.0.0/16"),), (tcp(22, OWN_GROUP),), (tcp(443, "sg-other"),)]
)
def test_an_endpoint_that_shuts_the_instance_out_is_told(admitted: tuple[Rule, ...]) -> None:
    """Even beside a NAT gateway: private DNS leads everyone in the VPC to the endpoint."""
    vpc = around(table_of(1, TO_NAT), endpoints=(endpoint("ssm"),), admitted=admitted)
    diagnosis = session(surroundings=vpc)
    assert diagnosis.verdict is Verdict.CLOSED
    (finding,) = diagnosis.findings
    assert finding.problem is Problem.ENDPOINT_CLOSED
    assert "vpce-ssm" in finding.what
    assert ENDPOINT_GROUP in finding.what
    assert finding.next_command == (
        f"aws ec2 authorize-security-group-ingress --group-id {ENDPOINT_GROUP} --protocol tcp "
        f"--port 443 --source-group {OWN_GROUP} --region {REGION}"
    )


def test_groups_that_let_nothing_out_are_told() -> None:
    """With no rule for port 443 outwards no way helps."""
    vpc = around(table_of(1, TO_NAT), own_egress=frozenset({tcp(80, "0.0.0.0/0")}))
    assert problems(session(surroundings=vpc)) == {Problem.EGRESS_CLOSED}


def test_what_may_not_be_seen_is_no_judgement() -> None:
    """A denied call is named with its operation, and the verdict is neither yes nor no."""
    diagnosis = session(surroundings=around(table_of(1, TO_NAT), endpoints=DENIED))
    assert diagnosis.verdict is Verdict.UNKNOWN
    assert DENIED.operation in diagnosis.summary
    shared = session(surroundings=around(table_of(2), endpoints=()))
    assert shared.verdict is Verdict.UNKNOWN
    by_list = around(table_of(1), endpoints=(endpoint("ssm"),), admitted=(tcp(443, "pl-1"),))
    assert Problem.NOT_TOLD in problems(session(surroundings=by_list))


@pytest.mark.parametrize(
    ("rule", "preserved", "expected"),
    [
        (tcp(22, ENDPOINT_GROUP), False, Verdict.OPEN),
        (tcp(22, f"{CALLER}/32"), True, Verdict.OPEN),
        (tcp(22, "10.0.0.0/16"), True, Verdict.CLOSED),
        (tcp(22, "10.0.0.0/16"), False, Verdict.UNKNOWN),
        (tcp(443, ENDPOINT_GROUP), False, Verdict.CLOSED),
    ],
)
def test_a_tunnel_comes_from_its_endpoint(rule: Rule, preserved: bool, expected: Verdict) -> None:
    """The instance admits the endpoint's group, or the caller where the address is preserved."""
    tunnel = ConnectEndpoint(
        instance_connect_endpoint_id="eice-1",
        vpc_id=VPC,
        subnet_id=subnet_id(1),
        state="create-complete",
        preserve_client_ip=preserved,
        security_group_ids=(ENDPOINT_GROUP,),
    )
    vpc = around(table_of(1), own_ingress=(rule,))
    diagnosis = diagnose_tunnel(place(), vpc, tunnel, caller=CALLER, region=REGION)
    assert diagnosis.verdict is expected
    if expected is Verdict.CLOSED:
        assert f"--source-group {ENDPOINT_GROUP}" in diagnosis.findings[0].next_command


def test_a_place_has_the_groups_of_all_interfaces() -> None:
    """An instance is in the groups of each of its interfaces, not only of the first."""
    instance = Instance(
        instance_id="i-1",
        launch_time=LAUNCHED,
        state=InstanceState(name="running"),
        security_groups=(GroupIdentifier(group_id="sg-b"), GroupIdentifier(group_id="sg-a")),
    )
    assert place_of(instance).group_ids == ("sg-a", "sg-b")
    assert place_of(instance).public_address == ""
