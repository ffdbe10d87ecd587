import ipaddress
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.ec2 import Vpc
from spawn.network.advice import free_block, private_subnet_command
from tests.unit.network.builders import OTHER_VPC, REGION, VPC, subnet, vpc


@given(st.frozensets(st.integers(0, 255), max_size=40))
def test_a_free_block_overlaps_no_subnet(taken: frozenset[int]) -> None:
    """What is proposed lies in the VPC and on nobody's toes."""
    subnets = [subnet(number) for number in taken]
    block = free_block(vpc(), subnets)
    assert block is not None
    assert block.subnet_of(ipaddress.IPv4Network("10.0.0.0/16"))
    assert not any(block.overlaps(ipaddress.IPv4Network(each.cidr_block)) for each in subnets)


@pytest.mark.parametrize(
    ("vpc_block", "taken", "expected"),
    [
        ("10.0.0.0/16", ["10.0.0.0/17"], "10.0.128.0/24"),
        ("10.0.0.0/24", ["10.0.0.0/25"], "10.0.0.128/26"),
        ("10.0.0.0/27", ["10.0.0.0/28"], "10.0.0.16/28"),
        ("10.0.0.0/28", ["10.0.0.0/28"], None),
        ("10.0.0.0/16", ["10.0.0.0/16"], None),
    ],
)
def test_the_largest_block_that_fits_is_proposed(
    vpc_block: str, taken: list[str], expected: str | None
) -> None:
    """Small VPCs get small subnets, and a full one gets none."""
    subnets = [subnet(number, block=block) for number, block in enumerate(taken)]
    found = free_block(Vpc(vpc_id=VPC, cidr_block=vpc_block), subnets)
    assert found == (expected and ipaddress.IPv4Network(expected))


def test_subnets_of_other_vpcs_take_no_room() -> None:
    """VPCs may overlap each other."""
    elsewhere = [subnet(0, vpc_id=OTHER_VPC)]
    assert str(free_block(vpc(), elsewhere)) == "10.0.0.0/24"


def test_the_command_is_one_that_a_shell_reads() -> None:
    """What is printed is whole, quoted shell, and empty where there is no room."""
    command = private_subnet_command(vpc(), [], zone=f"{REGION}a", region=REGION)
    checked = subprocess.run(
        ["sh", "-n"], input=command, text=True, capture_output=True, timeout=10, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    full = [subnet(0, block="10.0.0.0/16")]
    assert private_subnet_command(vpc(), full, zone=f"{REGION}a", region=REGION) == ""
