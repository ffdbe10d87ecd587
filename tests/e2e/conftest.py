"""Instances for the tests of this directory, ended when the tests are done with them."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.e2e.boxes import REGION, Box, client, launched
from tests.tools.clouds import Cloud
from tests.tools.loaded import loaded_spawn
from tests.tools.programs import Program

Launch = Callable[..., Box]


@pytest.fixture
def launch(cloud: Cloud, spawn: Program) -> Iterator[Launch]:
    """`spawn launch` with the given words; whatever it launches ends with the test."""
    with ExitStack() as running:
        yield lambda *words: running.enter_context(launched(spawn, cloud, *words))


@pytest.fixture(scope="module")
def box(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """One instance for those tests of a module that leave it as it is."""
    home = tmp_path_factory.mktemp("box") / "home"
    environment = cloud.environment(home)
    spawn = loaded_spawn(environment, home)
    with launched(spawn, cloud, "--ttl", "30m") as running:
        yield running


@pytest.fixture
def ec2(cloud: Cloud) -> Any:
    """A client of EC2."""
    return client(cloud, "ec2")


@pytest.fixture
def private_subnet(ec2: Any) -> Iterator[str]:
    """A subnet of the default VPC whose route table leads nowhere."""
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]
    block = f"172.31.{200 + uuid.uuid4().int % 56}.0/24"
    made = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock=block, AvailabilityZone=f"{REGION}a")[
        "Subnet"
    ]
    table = ec2.create_route_table(VpcId=vpc["VpcId"])["RouteTable"]["RouteTableId"]
    link = ec2.associate_route_table(SubnetId=made["SubnetId"], RouteTableId=table)
    yield made["SubnetId"]
    ec2.disassociate_route_table(AssociationId=link["AssociationId"])
    ec2.delete_route_table(RouteTableId=table)


@pytest.fixture
def inner(launch: Launch, private_subnet: str) -> Box:
    """An instance without a public address, which its VPC may log in to."""
    words = ("--subnet", private_subnet, "--no-public-ip", "--ssh-from", "172.31.0.0/16")
    return launch("--ttl", "30m", *words)
