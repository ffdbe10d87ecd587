"""RunInstances as EC2 does it, where moto alone would not."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import Account


def _code(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return str(refused.value.response["Error"]["Code"])


def _instances(account: Account) -> list[str]:
    pages = account.client("ec2").describe_instances()["Reservations"]
    return [i["InstanceId"] for r in pages for i in r["Instances"]]


def test_a_client_token_launches_once(account: Account) -> None:
    """The same token gives the same instance; with other parameters it is a mismatch."""
    first = account.launch(ClientToken="t", UserData="one")
    again = account.launch(ClientToken="t", UserData="one")
    assert again["InstanceId"] == first["InstanceId"]
    mismatch = _code(lambda: account.launch(ClientToken="t", UserData="two"))
    assert mismatch == "IdempotentParameterMismatch"
    assert _instances(account) == [first["InstanceId"]]


def test_groups_of_an_interface_are_the_instance_s(account: Account) -> None:
    """Groups given in NetworkInterfaces show in the instance's own list, and can be changed."""
    ec2 = account.client("ec2")
    one, two = (
        ec2.create_security_group(GroupName=name, Description="d")["GroupId"]
        for name in ("one", "two")
    )
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    interface = {
        "DeviceIndex": 0,
        "SubnetId": subnet,
        "Groups": [one],
        "AssociatePublicIpAddress": False,
    }
    instance = account.launch(NetworkInterfaces=[interface])
    assert [g["GroupId"] for g in instance["SecurityGroups"]] == [one]
    assert "PublicIpAddress" not in instance
    ec2.modify_instance_attribute(InstanceId=instance["InstanceId"], Groups=[two])
    shown = account.describe(instance["InstanceId"])
    assert [g["GroupId"] for g in shown["SecurityGroups"]] == [two]
    assert [g["GroupId"] for g in shown["NetworkInterfaces"][0]["Groups"]] == [two]


def test_each_interface_has_its_own_groups(account: Account) -> None:
    """With two interfaces, groups are switched an interface at a time."""
    ec2 = account.client("ec2")
    group = ec2.create_security_group(GroupName="g", Description="d")["GroupId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    interfaces = [{"DeviceIndex": index, "SubnetId": subnet} for index in (0, 1)]
    instance = account.launch(NetworkInterfaces=interfaces)["InstanceId"]
    with pytest.raises(ClientError, match="multiple interfaces"):
        ec2.modify_instance_attribute(InstanceId=instance, Groups=[group])
    second = account.describe(instance)["NetworkInterfaces"][1]["NetworkInterfaceId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=second, Groups=[group])
    groups = {
        n["NetworkInterfaceId"]: [g["GroupId"] for g in n["Groups"]]
        for n in account.describe(instance)["NetworkInterfaces"]
    }
    assert groups.pop(second) == [group]
    [others] = groups.values()
    assert group not in others


def test_disks_are_as_asked(account: Account) -> None:
    """Size, type, key and fate of the image's root disk follow the request."""
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    disk = {
        "VolumeSize": 20,
        "VolumeType": "gp2",
        "Encrypted": True,
        "KmsKeyId": key,
        "DeleteOnTermination": False,
    }
    instance = account.launch(BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": disk}])
    [mapping] = instance["BlockDeviceMappings"]
    assert mapping["DeviceName"] == "/dev/xvda"
    assert mapping["Ebs"]["DeleteOnTermination"] is False
    [volume] = account.client("ec2").describe_volumes()["Volumes"]
    asked = (20, "gp2", True, key)
    assert (volume["Size"], volume["VolumeType"], volume["Encrypted"], volume["KmsKeyId"]) == asked


def test_the_account_s_default_encrypts(account: Account) -> None:
    """With encryption by default, a plain launch has the AWS-managed key on its disk."""
    ec2 = account.client("ec2")
    ec2.enable_ebs_encryption_by_default()
    account.launch()
    [volume] = ec2.describe_volumes()["Volumes"]
    managed = account.client("kms").describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["Arn"]
    assert (volume["Encrypted"], volume["KmsKeyId"], volume["Size"]) == (True, managed, 8)


@pytest.mark.parametrize("kind", ["absent", "disabled"])
def test_an_unusable_key_ends_the_launch(account: Account, kind: str) -> None:
    """EC2 accepts it, and the instance goes from pending to terminated with the reason."""
    kms = account.client("kms")
    key = "11111111-2222-3333-4444-555555555555"
    if kind == "disabled":
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.disable_key(KeyId=key)
    disk = {"Encrypted": True, "KmsKeyId": key}
    instance = account.launch(BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": disk}])
    assert instance["State"]["Name"] == "pending"
    shown = account.describe(instance["InstanceId"])
    assert shown["State"]["Name"] == "terminated"
    assert shown["StateReason"]["Code"].startswith("Client.InvalidKMSKey")


def test_metadata_options_are_kept_and_changed_one_by_one(account: Account) -> None:
    """What is not named keeps its value; an image for IMDSv2 requires tokens by default."""
    plain = account.launch()
    assert plain["MetadataOptions"]["HttpTokens"] == "required"
    asked = {"HttpPutResponseHopLimit": 3, "InstanceMetadataTags": "enabled"}
    instance = account.launch(MetadataOptions=asked)
    account.client("ec2").modify_instance_metadata_options(
        InstanceId=instance["InstanceId"], HttpTokens="optional"
    )
    options = account.describe(instance["InstanceId"])["MetadataOptions"]
    assert asked.items() <= options.items()
    assert options["HttpTokens"] == "optional"


def test_public_addresses_are_of_the_documentation_s(account: Account) -> None:
    """They are in reserved ranges, apart from the callers', and change with a stop and start."""
    ec2 = account.client("ec2")
    instance = account.launch()["InstanceId"]
    account.wait_for_state(instance, "running")
    first = ipaddress.ip_address(account.describe(instance)["PublicIpAddress"])
    ranges = [ipaddress.ip_network(n) for n in ("198.51.100.0/24", "192.0.2.0/24")]
    assert any(first in network for network in ranges)
    ec2.stop_instances(InstanceIds=[instance])
    account.wait_for_state(instance, "stopped")
    assert "PublicIpAddress" not in account.describe(instance)
    ec2.start_instances(InstanceIds=[instance])
    account.wait_for_state(instance, "running")
    assert account.describe(instance)["PublicIpAddress"] != str(first)


def test_private_addresses_never_meet(account: Account) -> None:
    """Instances of all regions' default networks can be told apart by address."""
    here = account.launch()["PrivateIpAddress"]
    elsewhere = account.client("ec2", region="eu-west-1")
    image = elsewhere.describe_images(Owners=["amazon"])["Images"][0]
    kind = "t4g.micro" if image["Architecture"] == "arm64" else "t3.micro"
    there = elsewhere.run_instances(
        ImageId=image["ImageId"], InstanceType=kind, MinCount=1, MaxCount=1
    )
    assert there["Instances"][0]["PrivateIpAddress"] != here


BAD: list[tuple[dict[str, Any], str]] = [
    ({"KeyName": "nobody"}, "InvalidKeyPair.NotFound"),
    ({"SecurityGroupIds": ["sg-00000000"]}, "InvalidGroup.NotFound"),
    ({"SubnetId": "subnet-00000000"}, "InvalidSubnetID.NotFound"),
    ({"ImageId": "ami-00000000"}, "InvalidAMIID.NotFound"),
    ({"InstanceType": "t9.huge"}, "InvalidParameterValue"),
    ({"InstanceType": "t4g.micro"}, "InvalidParameterValue"),
    ({"Placement": {"AvailabilityZone": "us-east-1z"}}, "InvalidParameterValue"),
    ({"InstanceType": "t3.micro", "Placement": {"AvailabilityZone": "us-east-1e"}}, "Unsupported"),
    ({"IamInstanceProfile": {"Name": "nobody"}}, "InvalidParameterValue"),
    ({"UserData": "x" * 16385}, "InvalidParameterValue"),
    ({"PrivateIpAddress": "10.99.0.9"}, "InvalidParameterValue"),
    ({"MetadataOptions": {"HttpTokens": "perhaps"}}, "InvalidParameterValue"),
    (
        {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 1}}]},
        "InvalidBlockDeviceMapping",
    ),
    (
        {
            "MetadataOptions": {"InstanceMetadataTags": "enabled"},
            "TagSpecifications": [
                {"ResourceType": "instance", "Tags": [{"Key": "cost centre", "Value": "1"}]}
            ],
        },
        "InvalidParameterValue",
    ),
]


@pytest.mark.parametrize(("parameters", "code"), BAD)
def test_a_bad_launch_makes_nothing(
    account: Account, parameters: dict[str, Any], code: str
) -> None:
    """Each mistake has EC2's own code, and leaves neither instance, interface nor disk."""
    ec2 = account.client("ec2")
    assert _code(lambda: account.launch(**parameters)) == code
    assert _instances(account) == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert ec2.describe_volumes()["Volumes"] == []


def test_a_tag_that_metadata_carries_is_welcome(account: Account) -> None:
    """The legal characters are accepted; without metadata tags, any are."""
    legal = [{"ResourceType": "instance", "Tags": [{"Key": "a+-=.,_:@1", "Value": "x"}]}]
    account.launch(MetadataOptions={"InstanceMetadataTags": "enabled"}, TagSpecifications=legal)
    spaced = [{"ResourceType": "instance", "Tags": [{"Key": "cost centre", "Value": "x"}]}]
    account.launch(TagSpecifications=spaced)


def test_a_group_of_another_network_is_refused(account: Account) -> None:
    """Group and subnet have to be of one VPC."""
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    with pytest.raises(ClientError, match="belong to different networks"):
        account.launch(SecurityGroupIds=[group])


def test_a_dry_run_makes_nothing(account: Account) -> None:
    """DryRun answers that it would have worked, after all checks, for other calls too."""
    assert _code(lambda: account.launch(DryRun=True)) == "DryRunOperation"
    assert _code(lambda: account.launch(DryRun=True, KeyName="no")) == "InvalidKeyPair.NotFound"
    ec2 = account.client("ec2")
    group = {"GroupName": "g", "Description": "d"}
    assert _code(lambda: ec2.create_security_group(DryRun=True, **group)) == "DryRunOperation"
    assert _instances(account) == []


def test_user_data_comes_back(account: Account) -> None:
    """DescribeInstanceAttribute answers the bytes that were sent."""
    instance = account.launch(UserData=b"\x1f\x8b binary \xff")["InstanceId"]
    answer = account.client("ec2").describe_instance_attribute(
        InstanceId=instance, Attribute="userData"
    )
    assert base64.b64decode(answer["UserData"]["Value"]) == b"\x1f\x8b binary \xff"


def test_images_are_found_by_owner_and_name(account: Account) -> None:
    """Current ones by their publishers; deprecated ones only when asked for."""
    ec2 = account.client("ec2")
    pattern = [{"Name": "name", "Values": ["al2023-ami-2023.*-kernel-6.1-x86_64"]}]
    current = ec2.describe_images(Owners=["amazon"], Filters=pattern)["Images"]
    everything = ec2.describe_images(Owners=["amazon"], Filters=pattern, IncludeDeprecated=True)
    newest = max(current, key=lambda image: image["CreationDate"])
    assert newest["ImageId"] == account.image_id()
    assert newest["RootDeviceName"] == "/dev/xvda"
    assert newest["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 8
    assert len(everything["Images"]) == len(current) + 1
    strangers = ec2.describe_images(Filters=pattern)["Images"]
    assert {image["OwnerId"] for image in strangers} > {"137112412989"}
    for owner, names in (("099720109477", "ubuntu"), ("136693071363", "debian-12")):
        found = ec2.describe_images(Owners=[owner])["Images"]
        assert found
        assert all(image["Name"].startswith(names) for image in found)


def test_the_default_network_is_public(account: Account) -> None:
    """Subnets in three zones and more, with a main route to an internet gateway."""
    ec2 = account.client("ec2")
    subnets = ec2.describe_subnets()["Subnets"]
    assert len({s["AvailabilityZone"] for s in subnets if s["MapPublicIpOnLaunch"]}) >= 3
    [table] = ec2.describe_route_tables()["RouteTables"]
    assert any(a["Main"] for a in table["Associations"])
    routes = {r["DestinationCidrBlock"]: r.get("GatewayId", "") for r in table["Routes"]}
    assert routes["0.0.0.0/0"].startswith("igw-")
