"""EC2 Instance Connect takes keys for instances that run, and makes endpoints to private ones."""

from __future__ import annotations

import base64
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import ADMIN_TRUST, Account


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Public keys that OpenSSH made, by a name of their kind."""
    place = tmp_path_factory.mktemp("keys")
    kinds = {
        "ed25519": ["-t", "ed25519"],
        "ecdsa": ["-t", "ecdsa"],
        "rsa": ["-t", "rsa", "-b", "3072"],
        "rsa-1024": ["-t", "rsa", "-b", "1024"],
    }
    return {name: _key(place / name, words) for name, words in kinds.items()}


def _key(path: Path, words: list[str]) -> str:
    command = ["ssh-keygen", "-q", "-N", "", "-f", str(path), *words]
    subprocess.run(command, check=True, timeout=30)
    return path.with_suffix(".pub").read_text()


def _send(account: Account, instance: str, key: str, **parameters: str) -> Any:
    asked = {"InstanceId": instance, "InstanceOSUser": "ec2-user", "SSHPublicKey": key}
    return account.client("ec2-instance-connect").send_ssh_public_key(**{**asked, **parameters})


def _running(account: Account, **parameters: Any) -> str:
    instance = str(account.launch(**parameters)["InstanceId"])
    account.wait_for_state(instance, "running")
    return instance


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_a_key_is_taken(account: Account, keys: dict[str, str], kind: str) -> None:
    """Keys of the two supported kinds, with and without the zone."""
    instance = _running(account)
    zone = account.describe(instance)["Placement"]["AvailabilityZone"]
    assert _send(account, instance, keys[kind])["Success"] is True
    assert _send(account, instance, keys[kind], AvailabilityZone=zone)["Success"] is True


def _cut_short(keys: dict[str, str]) -> str:
    """A long key whose last byte is missing, though its length is still told."""
    blob = base64.b64decode(keys["rsa"].split()[1])
    return f"ssh-rsa {base64.b64encode(blob[:-1]).decode()}"


def _mislabelled(keys: dict[str, str]) -> str:
    return keys["rsa"].replace("ssh-rsa", "ssh-ed25519", 1)


def _with_trailing_field(keys: dict[str, str]) -> str:
    blob = base64.b64decode(keys["ed25519"].split()[1]) + struct.pack(">I", 1) + b"x"
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


@pytest.mark.parametrize(
    "bad",
    [
        lambda keys: keys["ecdsa"],
        lambda keys: keys["rsa-1024"],
        lambda keys: keys["ed25519"] + keys["ed25519"],
        lambda keys: "ssh-ed25519 " + "?" * 90,
        _cut_short,
        _mislabelled,
        _with_trailing_field,
    ],
)
def test_what_is_no_such_key_is_refused(account: Account, keys: dict[str, str], bad: Any) -> None:
    """Other kinds, short moduli, two keys at once, and text that only looks like a key."""
    instance = _running(account)
    with pytest.raises(account.client("ec2-instance-connect").exceptions.InvalidArgsException):
        _send(account, instance, bad(keys))


@pytest.mark.parametrize("user", ["root; reboot", "-x", "ü", "a" * 33])
def test_a_user_that_can_t_be_is_refused(account: Account, keys: dict[str, str], user: str) -> None:
    """The user's name is checked as the API says."""
    instance = _running(account)
    with pytest.raises(ClientError, match="InvalidArgsException"):
        _send(account, instance, keys["ed25519"], InstanceOSUser=user)


def test_only_running_instances_take_keys(account: Account, keys: dict[str, str]) -> None:
    """Unknown ones, ones of another zone and stopped ones each have their own code."""
    instance = _running(account)
    for name, parameters, code in (
        ("i-0123456789abcdef0", {}, "EC2InstanceNotFoundException"),
        (instance, {"AvailabilityZone": "us-east-1z"}, "EC2InstanceNotFoundException"),
    ):
        with pytest.raises(ClientError, match=code):
            _send(account, name, keys["ed25519"], **parameters)
    account.client("ec2").stop_instances(InstanceIds=[instance])
    account.wait_for_state(instance, "stopped")
    with pytest.raises(ClientError, match="EC2InstanceStateInvalidException"):
        _send(account, instance, keys["ed25519"])


def test_the_user_is_what_a_policy_can_name(account: Account, keys: dict[str, str]) -> None:
    """A role that may send keys for ubuntu may not send them for root."""
    instance = _running(account)
    allow = {
        "Effect": "Allow",
        "Action": "ec2-instance-connect:SendSSHPublicKey",
        "Resource": f"arn:aws:ec2:us-east-1:123456789012:instance/{instance}",
        "Condition": {"StringEquals": {"ec2:osuser": "ubuntu"}},
    }
    role = account.role("person", trusts=ADMIN_TRUST, allows=[allow])
    theirs = account.client("ec2-instance-connect", account.assume(role))
    asked = {"InstanceId": instance, "SSHPublicKey": keys["ed25519"]}
    assert theirs.send_ssh_public_key(InstanceOSUser="ubuntu", **asked)["Success"] is True
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.send_ssh_public_key(InstanceOSUser="root", **asked)


def test_an_endpoint_is_made_shown_and_deleted(account: Account) -> None:
    """It is complete at once, one a VPC, found by its subnet and tags, and gone when deleted."""
    ec2 = account.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    tags = [
        {
            "ResourceType": "instance-connect-endpoint",
            "Tags": [{"Key": "spawn", "Value": "true"}],
        }
    ]
    made = ec2.create_instance_connect_endpoint(
        SubnetId=subnet["SubnetId"], TagSpecifications=tags, ClientToken="t"
    )["InstanceConnectEndpoint"]
    again = ec2.create_instance_connect_endpoint(
        SubnetId=subnet["SubnetId"], TagSpecifications=tags, ClientToken="t"
    )["InstanceConnectEndpoint"]
    name = made["InstanceConnectEndpointId"]
    assert again["InstanceConnectEndpointId"] == name
    with pytest.raises(ClientError, match="LimitExceeded"):
        ec2.create_instance_connect_endpoint(SubnetId=subnet["SubnetId"])
    for condition, found in (
        ({"Name": "vpc-id", "Values": [subnet["VpcId"]]}, [name]),
        ({"Name": "tag:spawn", "Values": ["true"]}, [name]),
        ({"Name": "tag:spawn", "Values": ["false"]}, []),
        ({"Name": "state", "Values": ["create-failed"]}, []),
    ):
        answer = ec2.describe_instance_connect_endpoints(Filters=[condition])
        ids = [e["InstanceConnectEndpointId"] for e in answer["InstanceConnectEndpoints"]]
        assert ids == found
    assert made["State"] == "create-complete"
    assert made["SubnetId"] == subnet["SubnetId"]
    [interface] = made["NetworkInterfaceIds"]
    ec2.delete_instance_connect_endpoint(InstanceConnectEndpointId=name)
    assert ec2.describe_instance_connect_endpoints()["InstanceConnectEndpoints"] == []
    with pytest.raises(ClientError, match="NotFound"):
        ec2.describe_instance_connect_endpoints(InstanceConnectEndpointIds=[name])
    interfaces = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert interface not in [i["NetworkInterfaceId"] for i in interfaces]


def test_an_endpoint_needs_a_subnet_and_its_groups(account: Account) -> None:
    """A subnet that is not there, or a group of another network, makes nothing."""
    ec2 = account.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    with pytest.raises(ClientError, match=r"InvalidSubnetID\.NotFound"):
        ec2.create_instance_connect_endpoint(SubnetId="subnet-00000000")
    with pytest.raises(ClientError, match=r"InvalidGroup\.NotFound"):
        ec2.create_instance_connect_endpoint(SubnetId=subnet, SecurityGroupIds=[group])
    assert ec2.describe_instance_connect_endpoints()["InstanceConnectEndpoints"] == []
