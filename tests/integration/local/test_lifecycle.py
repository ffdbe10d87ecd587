"""Starting, stopping, ending; switches."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from spawn.local import cloud as embedded
from tests.integration.local.conftest import ADMIN_TRUST, Account, document

ACCOUNT_ID = "123456789012"


def _code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def _running(account: Account, **parameters: Any) -> str:
    instance = str(account.launch(**parameters)["InstanceId"])
    account.wait_for_state(instance, "running")
    return instance


def test_an_instance_goes_through_its_states(account: Account) -> None:
    """Each order answers the state before and the state now, and takes effect."""
    ec2 = account.client("ec2")
    instance = _running(account)
    [stopping] = ec2.stop_instances(InstanceIds=[instance])["StoppingInstances"]
    assert (stopping["PreviousState"]["Name"], stopping["CurrentState"]["Name"]) == (
        "running",
        "stopping",
    )
    account.wait_for_state(instance, "stopped")
    [starting] = ec2.start_instances(InstanceIds=[instance])["StartingInstances"]
    assert starting["CurrentState"]["Name"] == "pending"
    account.wait_for_state(instance, "running")
    ec2.reboot_instances(InstanceIds=[instance])
    assert account.describe(instance)["State"]["Name"] == "running"
    ec2.terminate_instances(InstanceIds=[instance])
    account.wait_for_state(instance, "terminated")
    shown = account.describe(instance)
    assert shown["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert ec2.describe_volumes()["Volumes"] == []
    with pytest.raises(ClientError) as refused:
        ec2.start_instances(InstanceIds=[instance])
    assert _code(refused) == "IncorrectInstanceState"
    ec2.terminate_instances(InstanceIds=[instance])


def test_one_bad_id_ends_none(account: Account) -> None:
    """TerminateInstances is all or nothing."""
    instance = _running(account)
    with pytest.raises(ClientError) as refused:
        account.client("ec2").terminate_instances(InstanceIds=[instance, "i-0123456789abcdef0"])
    assert _code(refused) == "InvalidInstanceID.NotFound"
    assert account.describe(instance)["State"]["Name"] == "running"


def test_the_shutdown_behaviour_can_be_changed(account: Account) -> None:
    """ModifyInstanceAttribute sets it, and DescribeInstanceAttribute shows it."""
    ec2 = account.client("ec2")
    instance = _running(account)
    ec2.modify_instance_attribute(
        InstanceId=instance, InstanceInitiatedShutdownBehavior={"Value": "terminate"}
    )
    shown = ec2.describe_instance_attribute(
        InstanceId=instance, Attribute="instanceInitiatedShutdownBehavior"
    )
    assert shown["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"


def test_injected_errors_happen_as_often_as_told(account: Account) -> None:
    """A switch makes an operation fail so many times, and no other operation."""
    error = {
        "operation": "ec2:DescribeVpcs",
        "code": "RequestLimitExceeded",
        "message": "slow down",
        "status": 503,
        "times": 2,
    }
    account.set_switches(errors=[error])
    ec2 = account.client("ec2")
    ec2.describe_subnets()
    for _ in range(2):
        with pytest.raises(ClientError) as refused:
            ec2.describe_vpcs()
        assert _code(refused) == "RequestLimitExceeded"
    ec2.describe_vpcs()


def test_capacity_can_be_short(account: Account) -> None:
    """A type is short in one zone, and there in another."""
    subnets = {
        s["AvailabilityZone"]: s["SubnetId"]
        for s in account.client("ec2").describe_subnets()["Subnets"]
    }
    account.set_switches(no_capacity=[{"instance_type": "t3.micro", "zone": "us-east-1a"}])
    with pytest.raises(ClientError) as refused:
        account.launch(SubnetId=subnets["us-east-1a"])
    assert _code(refused) == "InsufficientInstanceCapacity"
    account.launch(SubnetId=subnets["us-east-1b"])
    account.launch(SubnetId=subnets["us-east-1a"], InstanceType="t3.small")


def test_a_new_profile_can_take_its_time(account: Account) -> None:
    """With the delay on, a profile is refused while it is young."""
    iam = account.client("iam")
    iam.create_instance_profile(InstanceProfileName="p")
    account.set_switches(profile_delay_seconds=3600)
    with pytest.raises(ClientError, match="Invalid IAM Instance Profile name") as refused:
        account.launch(IamInstanceProfile={"Name": "p"})
    assert _code(refused) == "InvalidParameterValue"
    account.set_switches(profile_delay_seconds=0)
    account.launch(IamInstanceProfile={"Name": "p"})


def test_a_replaced_profile_shows(account: Account) -> None:
    """The instance shows the profile that it has now."""
    iam, ec2 = account.client("iam"), account.client("ec2")
    arns = {
        name: iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
        for name in ("one", "two")
    }
    instance = _running(account, IamInstanceProfile={"Arn": arns["one"]})
    [association] = ec2.describe_iam_instance_profile_associations()[
        "IamInstanceProfileAssociations"
    ]
    ec2.replace_iam_instance_profile_association(
        AssociationId=association["AssociationId"], IamInstanceProfile={"Name": "two"}
    )
    assert account.describe(instance)["IamInstanceProfile"]["Arn"] == arns["two"]


def test_an_empty_account_stays_reachable(account: Account) -> None:
    """After a reset, everything is gone but the address and the keys."""
    _running(account)
    role = account.role("r", trusts=ADMIN_TRUST, allows=[])
    session = account.assume(role)
    account.client("iam").put_role_policy(
        RoleName="r",
        PolicyName="p",
        PolicyDocument=document({"Effect": "Allow", "Action": "*", "Resource": "*"}),
    )
    embedded.reset(account.cloud.directory)
    assert account.client("ec2").describe_instances()["Reservations"] == []
    assert account.client("iam").list_roles()["Roles"] == []
    with pytest.raises(ClientError) as refused:
        account.client("iam", session).list_roles()
    assert _code(refused) == "InvalidClientTokenId"


def test_an_interface_brought_along_stays(account: Account) -> None:
    """An existing interface is used as it is, and is free again after the instance."""
    ec2 = account.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    brought = {"DeviceIndex": 0, "NetworkInterfaceId": interface["NetworkInterfaceId"]}
    instance = _running(account, NetworkInterfaces=[brought])
    assert account.describe(instance)["PrivateIpAddress"] == interface["PrivateIpAddress"]
    ec2.terminate_instances(InstanceIds=[instance])
    account.wait_for_state(instance, "terminated")
    [left] = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert left["Status"] == "available"
