"""Where dry runs are asked about, and which way in needs a program."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spawn.aws.ec2_endpoints import ConnectEndpoint
from spawn.aws.questions import Known
from spawn.core.levels import Level
from spawn.launch.doctor.place import has_tunnel, place_to_ask_about
from tests.unit.launch.doctor.builders import region, unseen, wanted
from tests.unit.launch.doctor.examples import ALL_PUBLIC
from tests.unit.network.builders import OTHER_VPC, VPC, subnet_id


def test_the_right_to_launch_does_not_hang_on_routes() -> None:
    """Where no subnet fits, any one serves to ask; where none is seen, there is nothing to ask."""
    strict = wanted(Level.STRICT)
    fitting = place_to_ask_about(strict, region())
    assert fitting is not None
    assert fitting.options[0].subnet_id == subnet_id(2)
    other = place_to_ask_about(strict, region(**ALL_PUBLIC))
    assert other is not None
    assert (other.options[0].subnet_id, other.public_address) == (subnet_id(1), False)
    assert place_to_ask_about(strict, region(subnets=Known(()))) is None
    assert place_to_ask_about(strict, region(subnets=unseen("ec2:DescribeSubnets"))) is None


@pytest.mark.parametrize(
    ("level", "vpc_id", "state", "is_way_in"),
    [
        (Level.STRICT, VPC, "create-complete", True),
        (Level.STANDARD, VPC, "create-complete", False),
        (Level.STRICT, OTHER_VPC, "create-complete", False),
        (Level.STRICT, VPC, "delete-in-progress", False),
    ],
)
def test_a_tunnel_is_a_way_in_where_there_is_no_address(
    level: Level, vpc_id: str, state: str, *, is_way_in: bool
) -> None:
    """An open EC2 Instance Connect Endpoint of the same VPC leads to private addresses."""
    one = ConnectEndpoint(
        instance_connect_endpoint_id="eice-1", vpc_id=vpc_id, subnet_id=subnet_id(2), state=state
    )
    found = region(connect_endpoints=Known((one,)))
    assert has_tunnel(wanted(level), found) is is_way_in
    nothing = replace(found, connect_endpoints=unseen("ec2:DescribeInstanceConnectEndpoints"))
    assert not has_tunnel(wanted(level), nothing)
