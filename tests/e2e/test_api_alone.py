"""Instances that AWS's own API launched, reached by OpenSSH and a key sent a moment ago."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spawn.local.client import ControlClient
from spawn.local.files import read_cloud_file
from tests.e2e.boxes import BOX_PYTHON, HOME_ADDRESS, PATIENCE_SECONDS, client, wait_for
from tests.tools.clouds import Cloud

pytestmark = pytest.mark.e2e

ELSEWHERE = "198.51.100.44"
AMAZON = "137112412989"
METADATA = """\
import sys, urllib.error, urllib.request
def ask(path, method="GET", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    url = "http://169.254.169.254/latest/" + path
    request = urllib.request.Request(url, method=method, headers=headers)
    try:
        return urllib.request.urlopen(request, timeout=2).read().decode()
    except urllib.error.HTTPError:
        return "none"
token = ask("api/token", "PUT", X_aws_ec2_metadata_token_ttl_seconds="60")
for path in sys.argv[1:]:
    print(ask("meta-data/" + path, X_aws_ec2_metadata_token=token))
"""

Login = Callable[[dict[str, Any], str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def control(cloud: Cloud) -> ControlClient:
    """The cloud's switches."""
    file = read_cloud_file(cloud.directory)
    assert file is not None
    return ControlClient(file)


@pytest.fixture
def group(ec2: Any) -> str:
    """A security group that admits SSH from the caller's address."""
    group = str(
        ec2.create_security_group(GroupName=f"g-{uuid.uuid4()}", Description="-")["GroupId"]
    )
    admit(ec2, group, HOME_ADDRESS)
    return group


def asking_for(*paths: str) -> str:
    """A command that prints what metadata says at some paths, a line each."""
    return shlex.join([*BOX_PYTHON[:-1], "-c", METADATA, *paths])


def admit(ec2: Any, group: str, address: str) -> None:
    """Have a group admit SSH from one address."""
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[permission | {"IpRanges": [{"CidrIp": f"{address}/32"}]}]
    )


@contextlib.contextmanager
def launched(
    ec2: Any, group: str, count: int = 1, **options: Any
) -> Iterator[list[dict[str, Any]]]:
    """So many instances of the newest Amazon Linux, running; ended with the block."""
    images = ec2.describe_images(
        Owners=[AMAZON], Filters=[{"Name": "architecture", "Values": ["x86_64"]}]
    )["Images"]
    image = max(images, key=lambda each: str(each["CreationDate"]))["ImageId"]
    answer = ec2.run_instances(
        ImageId=image,
        MinCount=count,
        MaxCount=count,
        InstanceType="t3.micro",
        SecurityGroupIds=[group],
        **options,
    )
    ids = [each["InstanceId"] for each in answer["Instances"]]

    def look() -> list[dict[str, Any]] | None:
        found = ec2.describe_instances(InstanceIds=ids)["Reservations"]
        instances = [each for reservation in found for each in reservation["Instances"]]
        return instances if {i["State"]["Name"] for i in instances} == {"running"} else None

    try:
        yield wait_for(look, f"{ids} to run")
    finally:
        ec2.terminate_instances(InstanceIds=ids)


@pytest.fixture
def login(cloud: Cloud, tmp_path: Path) -> Login:
    """Send a new key to an instance, and run a command on it by plain `ssh`."""
    key = tmp_path / "key"
    make_key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(make_key, check=True, timeout=PATIENCE_SECONDS)
    proxy = cloud.access.variables["SPAWN_SSH_PROXY_COMMAND"]
    options = {
        "IdentityFile": str(key),
        "IdentitiesOnly": "yes",
        "BatchMode": "yes",
        "StrictHostKeyChecking": "no",  # what is said is no secret, and nobody is in between
        "UserKnownHostsFile": "/dev/null",
        "LogLevel": "ERROR",
        "ConnectTimeout": "2",
        "ProxyCommand": proxy,
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]

    def run(instance: dict[str, Any], command: str) -> subprocess.CompletedProcess[str]:
        client(cloud, "ec2-instance-connect").send_ssh_public_key(
            InstanceId=instance["InstanceId"],
            InstanceOSUser="ec2-user",
            SSHPublicKey=key.with_suffix(".pub").read_text(),
        )
        target = f"ec2-user@{instance['PublicIpAddress']}"
        return subprocess.run(
            ["ssh", "-F", "none", *words, target, command],
            env=cloud.environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    return run


def test_each_of_several_knows_its_place(ec2: Any, group: str, login: Login) -> None:
    """Of one launch each instance reads its own index, and all the same reservation."""
    ask = asking_for("ami-launch-index", "instance-id", "instance-life-cycle", "reservation-id")
    with launched(ec2, group, 3) as instances:
        said = [login(each, ask).stdout.split() for each in instances]
    assert [words[:3] for words in said] == [
        [str(each["AmiLaunchIndex"]), each["InstanceId"], "on-demand"] for each in instances
    ]
    assert sorted(words[0] for words in said) == ["0", "1", "2"]
    assert len({words[3] for words in said}) == 1


def test_a_spot_instance_hears_of_its_end(
    ec2: Any, group: str, login: Login, control: ControlClient
) -> None:
    """It knows that it is spot, and reads of an interruption only once there is one."""
    ask = asking_for("instance-life-cycle", "spot/instance-action", "spot/termination-time")
    notice = {"action": "terminate", "time": "2026-01-27T09:32:00Z"}
    market = {"MarketType": "spot", "SpotOptions": {"SpotInstanceType": "one-time"}}
    with launched(ec2, group, InstanceMarketOptions=market) as (spot,):
        assert login(spot, ask).stdout.split() == ["spot", "none", "none"]
        control.set_switches({"spot_notices": {spot["InstanceId"]: notice}})
        try:
            life, rest = login(spot, ask).stdout.split("\n", 1)
        finally:
            control.set_switches({"spot_notices": {}})
    assert life == "spot"
    assert all(word in rest for word in ('"terminate"', notice["time"]))


def test_a_caller_who_moves_needs_a_new_rule(
    ec2: Any, group: str, login: Login, control: ControlClient
) -> None:
    """From another address packets come from there: no answer until the group names it."""
    with launched(ec2, group) as (instance,):
        assert login(instance, "echo in").stdout == "in\n"
        control.set_switches({"caller_address": ELSEWHERE})
        try:
            assert login(instance, "echo in").returncode == 255
            admit(ec2, group, ELSEWHERE)
            seen = login(instance, "echo ${SSH_CLIENT%% *}")
        finally:
            control.set_switches({"caller_address": HOME_ADDRESS})
        assert seen.stdout == f"{ELSEWHERE}\n", seen.stderr
