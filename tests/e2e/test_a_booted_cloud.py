"""The two halves together: what the API says of an instance, and what the instance does."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from spawn.local.files import is_running, read_cloud_file
from tests.tools.clouds import Cloud, running_cloud

pytestmark = pytest.mark.e2e

DEADLINE_SECONDS = 30.0
ALLOW_OWN_BUCKET = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject",'
    ' "Resource": "arn:aws:s3:::own-bucket/*"}]}'
)
TRUST_EC2 = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
    ' "Principal": {"Service": "ec2.amazonaws.com"}}]}'
)


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


class _Box:
    """One instance, with a key and a role, that SSH reaches."""

    def __init__(self, cloud: Cloud, home: Path, **parameters: Any) -> None:
        self.environment = cloud.environment(home)
        self._key = home / "key"
        self.ec2 = self._client("ec2")
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self._key)], check=True
        )
        public = self._key.with_suffix(".pub").read_bytes()
        self.ec2.import_key_pair(KeyName=home.parent.name, PublicKeyMaterial=public)
        images = self.ec2.describe_images(
            Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}]
        )
        answer = self.ec2.run_instances(
            ImageId=images["Images"][0]["ImageId"],
            InstanceType="t3.micro",
            KeyName=home.parent.name,
            MinCount=1,
            MaxCount=1,
            **parameters,
        )
        self.id = str(answer["Instances"][0]["InstanceId"])
        _wait(lambda: self.describe()["State"]["Name"] == "running")

    def _client(self, service: str) -> Any:
        variables = self.environment
        return botocore.session.Session().create_client(
            service,
            region_name="us-east-1",
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        )

    def describe(self) -> dict[str, Any]:
        answer = self.ec2.describe_instances(InstanceIds=[self.id])
        return dict(answer["Reservations"][0]["Instances"][0])

    def ssh(self, command: str) -> subprocess.CompletedProcess[str]:
        options = {
            "ProxyCommand": self.environment["SPAWN_SSH_PROXY_COMMAND"],
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "ConnectTimeout": "3",
            "LogLevel": "ERROR",
        }
        words = [word for pair in options.items() for word in ("-o", "=".join(pair))]
        address = self.describe()["PublicIpAddress"]
        return subprocess.run(
            ["ssh", "-i", str(self._key), *words, f"ec2-user@{address}", command],
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            stdin=subprocess.DEVNULL,
        )


def _open_group(cloud: Cloud, home: Path, name: str) -> str:
    environment = cloud.environment(home)
    ec2 = botocore.session.Session().create_client(
        "ec2",
        region_name="us-east-1",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    return str(ec2.create_security_group(GroupName=name, Description="d")["GroupId"])


def test_an_instance_is_what_the_api_says(cloud: Cloud, home: Path) -> None:
    """Closed until a rule opens it; its role writes to its own bucket only; poweroff ends it."""
    group = _open_group(cloud, home, "what-the-api-says")
    environment = cloud.environment(home)
    session = botocore.session.Session()
    keys = {
        "region_name": "us-east-1",
        "endpoint_url": environment["AWS_ENDPOINT_URL"],
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
    }
    s3, iam = session.create_client("s3", **keys), session.create_client("iam", **keys)
    for bucket in ("own-bucket", "other-bucket"):
        s3.create_bucket(Bucket=bucket)
    iam.create_role(RoleName="box", AssumeRolePolicyDocument=TRUST_EC2)
    iam.put_role_policy(RoleName="box", PolicyName="p", PolicyDocument=ALLOW_OWN_BUCKET)
    iam.create_instance_profile(InstanceProfileName="box")
    iam.add_role_to_instance_profile(InstanceProfileName="box", RoleName="box")
    box = _Box(
        cloud,
        home,
        SecurityGroupIds=[group],
        IamInstanceProfile={"Name": "box"},
        InstanceInitiatedShutdownBehavior="terminate",
        UserData="#!/bin/sh\necho user-data was here\n",
    )
    assert box.ssh("true").returncode == 255
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    ranges = [{"CidrIp": "203.0.113.10/32"}]
    box.ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{**rule, "IpRanges": ranges}]
    )
    hello = box.ssh("uname -n")
    assert hello.returncode == 0, hello.stderr
    assert hello.stdout.startswith("ip-")
    console = box.ec2.get_console_output(InstanceId=box.id)["Output"]
    assert "user-data was here" in console
    own = box.ssh("echo x > f; aws s3 cp f s3://own-bucket/f")
    assert own.returncode == 0, own.stderr
    other = box.ssh("aws s3 cp f s3://other-bucket/f")
    assert other.returncode != 0
    assert f"assumed-role/box/{box.id} is not authorized" in other.stderr
    box.ssh("sudo poweroff")
    _wait(lambda: box.describe()["State"]["Name"] == "terminated")
    assert box.describe()["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"


def _processes_of(cloud_directory: Path) -> list[int]:
    """The processes whose command line names a cloud's directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if os.fsencode(cloud_directory) in words:
            found.append(int(path.parent.name))
    return found


def test_a_killed_control_plane_takes_everything_along(home: Path) -> None:
    """After kill -9 neither data plane nor instance nor mount is left."""
    with running_cloud() as own:
        box = _Box(own, home)
        cloud = read_cloud_file(own.directory)
        assert cloud is not None
        assert is_running(cloud.plane_pid, cloud.plane_start_time)
        assert box.describe()["State"]["Name"] == "running"
        os.kill(cloud.pid, signal.SIGKILL)
        _wait(lambda: not is_running(cloud.plane_pid, cloud.plane_start_time))
        _wait(lambda: _processes_of(own.directory) == [])
        assert str(own.directory) not in Path("/proc/mounts").read_text()
