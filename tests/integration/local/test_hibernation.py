"""Hibernation is asked for at launch, under conditions, and then is a stop that says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.local.conftest import Account, refusal

CONFIGURED = {"HibernationOptions": {"Configured": True}}


def _root(**disk: Any) -> dict[str, Any]:
    return {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": disk}]}


def _running(account: Account, **parameters: Any) -> str:
    instance = str(account.launch(**parameters)["InstanceId"])
    account.wait_for_state(instance, "running")
    return instance


def test_a_hibernated_instance_is_stopped_and_says_why(account: Account) -> None:
    """It was configured at launch, stops by the order, and starts again."""
    ec2 = account.client("ec2")
    instance = _running(account, **CONFIGURED, **_root(Encrypted=True))
    assert account.describe(instance)["HibernationOptions"] == {"Configured": True}
    ec2.stop_instances(InstanceIds=[instance], Hibernate=True)
    account.wait_for_state(instance, "stopped")
    shown = account.describe(instance)
    assert shown["StateReason"] == {
        "Code": "Client.UserInitiatedHibernate",
        "Message": "Client.UserInitiatedHibernate: User initiated hibernate",
    }
    assert shown["StateTransitionReason"].startswith("User initiated (")
    ec2.start_instances(InstanceIds=[instance])
    account.wait_for_state(instance, "running")


def test_what_was_not_configured_is_not_hibernated(account: Account) -> None:
    """One such instance refuses the call, and none is stopped; a plain stop is still possible."""
    ec2 = account.client("ec2")
    able = _running(account, **CONFIGURED, **_root(Encrypted=True))
    unable = _running(account)
    assert account.describe(unable)["HibernationOptions"] == {"Configured": False}
    code, message = refusal(lambda: ec2.stop_instances(InstanceIds=[able, unable], Hibernate=True))
    assert code == "UnsupportedHibernationConfiguration"
    assert message == (
        "The instance can't be hibernated because it was not configured at launch for "
        f"hibernation: {unable}"
    )
    assert account.describe(able)["State"]["Name"] == "running"
    ec2.stop_instances(InstanceIds=[able, unable])
    account.wait_for_state(unable, "stopped")
    assert account.describe(able)["StateReason"]["Code"] == "Client.UserInitiatedShutdown"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "the root device volume must be encrypted"),
        (_root(Encrypted=False), "the root device volume must be encrypted"),
        (_root(Encrypted=True, VolumeType="st1", VolumeSize=500), "must be one of"),
        ({"InstanceType": "g5.xlarge", **_root(Encrypted=True)}, "g5.xlarge"),
        ({"InstanceType": "m5.large", **_root(Encrypted=True, VolumeSize=8)}, None),
        ({"InstanceType": "m5.xlarge", **_root(Encrypted=True, VolumeSize=15)}, "16384 MiB"),
    ],
)
def test_a_launch_that_cannot_hibernate_is_refused(
    account: Account, parameters: dict[str, Any], words: str | None
) -> None:
    """The type must support it, and the root volume be encrypted, quick and large enough."""
    if words is None:
        account.launch(**CONFIGURED, **parameters)
        return
    code, message = refusal(account.launch, **CONFIGURED, **parameters)
    assert code == "UnsupportedHibernationConfiguration"
    assert words in message
    assert account.client("ec2").describe_instances()["Reservations"] == []


def test_encryption_by_default_is_enough(account: Account) -> None:
    """Where the account encrypts every volume, the request need not say it."""
    account.client("ec2").enable_ebs_encryption_by_default()
    account.launch(**CONFIGURED)


def test_a_spot_instance_is_not_hibernated(account: Account) -> None:
    """Neither at launch, since its one-time request can't, nor by a stop."""
    spot = {"InstanceMarketOptions": {"MarketType": "spot"}}
    code, _ = refusal(account.launch, **spot, **CONFIGURED, **_root(Encrypted=True))
    assert code == "InvalidParameterCombination"
    instance = _running(account, **spot)
    for hibernate in (False, True):
        code, message = refusal(
            account.client("ec2").stop_instances, InstanceIds=[instance], Hibernate=hibernate
        )
        assert code == "UnsupportedOperation"
        assert "persistent Spot Instance requests" in message


def test_an_image_without_the_agent_is_never_ready(account: Account) -> None:
    """Debian's image has no agent for it: the launch is accepted, the order never."""
    ec2 = account.client("ec2")
    [image] = ec2.describe_images(
        Owners=["136693071363"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}]
    )["Images"]
    instance = _running(account, ImageId=image["ImageId"], **CONFIGURED, **_root(Encrypted=True))
    code, message = refusal(ec2.stop_instances, InstanceIds=[instance], Hibernate=True)
    assert (code, "not ready to hibernate yet" in message) == ("UnsupportedOperation", True)


def test_types_say_whether_they_can(account: Account) -> None:
    """DescribeInstanceTypes tells hibernation, memory and network, as a launch needs to know."""
    types = account.client("ec2").describe_instance_types(
        InstanceTypes=["t3.micro", "m7g.medium", "g5.xlarge"]
    )["InstanceTypes"]
    shown = {
        t["InstanceType"]: (t["HibernationSupported"], t["MemoryInfo"]["SizeInMiB"]) for t in types
    }
    assert shown == {
        "t3.micro": (True, 1024),
        "m7g.medium": (True, 4096),
        "g5.xlarge": (False, 16384),
    }
    assert all(t["NetworkInfo"]["MaximumNetworkInterfaces"] >= 2 for t in types)
