"""A cloud of the control plane alone, emptied before each test."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from spawn.local import cloud as embedded
from spawn.local.client import ControlClient
from spawn.local.files import read_cloud_file
from tests.tools.clouds import Cloud, running_cloud

DEADLINE_SECONDS = 20.0
_SESSION = botocore.session.Session()  # it keeps the service models that it has read


@dataclasses.dataclass(frozen=True, kw_only=True)
class Keys:
    """Credentials of a caller."""

    access_key_id: str
    secret: str
    token: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Account:
    """The account of a test: clients for anybody, and what every test needs of it."""

    cloud: Cloud
    admin: Keys

    def client(self, service: str, keys: Keys | None = None, region: str = "us-east-1") -> Any:
        """A client of the administrator, or of somebody else; it never retries."""
        keys = keys or self.admin
        return _SESSION.create_client(
            service,
            region_name=region,
            endpoint_url=self.cloud.endpoint_url,
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret,
            aws_session_token=keys.token,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def image_id(self, architecture: str = "x86_64") -> str:
        """The newest Amazon Linux 2023."""
        name = f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
        return str(self.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])

    def launch(self, **parameters: Any) -> dict[str, Any]:
        """One instance, of t3.micro unless told otherwise."""
        asked = {"ImageId": self.image_id(), "InstanceType": "t3.micro", **parameters}
        answer = self.client("ec2").run_instances(MinCount=1, MaxCount=1, **asked)
        return dict(answer["Instances"][0])

    def describe(self, instance_id: str) -> dict[str, Any]:
        """The instance as DescribeInstances shows it now."""
        answer = self.client("ec2").describe_instances(InstanceIds=[instance_id])
        return dict(answer["Reservations"][0]["Instances"][0])

    def wait_for_state(self, instance_id: str, state: str) -> None:
        """Wait until an instance is in a state."""
        wait_until(lambda: self.describe(instance_id)["State"]["Name"] == state)

    def role(self, name: str, *, trusts: dict[str, Any], allows: list[dict[str, Any]]) -> str:
        """A role with one inline policy; its ARN."""
        iam = self.client("iam")
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", **trusts}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))
        if allows:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(*allows))
        return str(role["Role"]["Arn"])

    def assume(self, role_arn: str) -> Keys:
        """A session of a role, taken by the administrator."""
        answer = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="session")
        credentials = answer["Credentials"]
        return Keys(
            access_key_id=credentials["AccessKeyId"],
            secret=credentials["SecretAccessKey"],
            token=credentials["SessionToken"],
        )

    def set_switches(self, **settings: Any) -> None:
        """Set the cloud's test switches."""
        described = read_cloud_file(self.cloud.directory)
        assert described is not None
        ControlClient(described).set_switches(settings)


def document(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def refusal(order: Callable[..., Any], *arguments: Any, **parameters: Any) -> tuple[str, str]:
    """The code and the message with which a call is refused; fails where it is not."""
    with pytest.raises(ClientError) as refused:
        order(*arguments, **parameters)
    error = refused.value.response["Error"]
    return str(error["Code"]), str(error["Message"])


def wait_until(condition: Callable[[], bool]) -> None:
    """Poll a condition; fail when it has not come true in time."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


ADMIN_TRUST = {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}


@pytest.fixture(scope="session")
def control_plane() -> Iterator[Cloud]:
    """One control plane a worker; `account` empties it."""
    with running_cloud(control_plane_only=True) as cloud:
        yield cloud


@pytest.fixture
def account(control_plane: Cloud) -> Account:
    """An empty account."""
    embedded.reset(control_plane.directory)
    variables = control_plane.access.variables
    return Account(
        cloud=control_plane,
        admin=Keys(
            access_key_id=variables["AWS_ACCESS_KEY_ID"],
            secret=variables["AWS_SECRET_ACCESS_KEY"],
        ),
    )
