"""Session Manager finds the instances that it would find on EC2, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import ADMIN_TRUST, Account

EC2_TRUST = {"Principal": {"Service": "ec2.amazonaws.com"}}
AGENT_ACTIONS = [
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
]


def _with_role(account: Account, actions: list[str], **parameters: Any) -> str:
    """A running instance whose role allows these actions."""
    iam = account.client("iam")
    allow = {"Effect": "Allow", "Action": actions or ["s3:ListAllMyBuckets"], "Resource": "*"}
    account.role("box", trusts=EC2_TRUST, allows=[allow])
    iam.create_instance_profile(InstanceProfileName="box")
    iam.add_role_to_instance_profile(InstanceProfileName="box", RoleName="box")
    asked = {"IamInstanceProfile": {"Name": "box"}, **parameters}
    instance = str(account.launch(**asked)["InstanceId"])
    account.wait_for_state(instance, "running")
    return instance


def _managed(account: Account, **parameters: Any) -> list[str]:
    answer = account.client("ssm").describe_instance_information(**parameters)
    return [i["InstanceId"] for i in answer["InstanceInformationList"]]


def _refusal(account: Account, **parameters: Any) -> dict[str, str]:
    with pytest.raises(ClientError) as refused:
        account.client("ssm").start_session(**parameters)
    return dict(refused.value.response["Error"])


def test_a_session_with_a_managed_instance(account: Account) -> None:
    """It starts with id, token and the stream's address; documents take their parameters."""
    instance = _with_role(account, AGENT_ACTIONS)
    ssm = account.client("ssm")
    assert _managed(account) == [instance]
    started = ssm.start_session(
        Target=instance, DocumentName="AWS-StartSSHSession", Parameters={"portNumber": ["22"]}
    )
    assert started["StreamUrl"].startswith("wss://127.0.0.1")
    assert started["SessionId"] in started["StreamUrl"]
    assert len(started["TokenValue"]) > 100
    again = ssm.start_session(Target=instance)
    assert again["SessionId"] != started["SessionId"]
    assert ssm.terminate_session(SessionId=again["SessionId"])["SessionId"] == again["SessionId"]


@pytest.mark.parametrize("missing", AGENT_ACTIONS)
def test_each_of_the_agent_s_permissions_counts(account: Account, missing: str) -> None:
    """Without one of them the instance is not connected."""
    instance = _with_role(account, [a for a in AGENT_ACTIONS if a != missing])
    assert _managed(account) == []
    refusal = _refusal(account, Target=instance)
    assert refusal["Code"] == "TargetNotConnected"
    assert refusal["Message"] == f"{instance} is not connected."


def test_the_managed_policy_is_enough(account: Account) -> None:
    """AmazonSSMManagedInstanceCore, attached later, makes the instance managed."""
    instance = _with_role(account, [])
    assert _managed(account) == []
    account.client("iam").attach_role_policy(
        RoleName="box", PolicyArn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    )
    assert _managed(account) == [instance]


def test_who_can_t_be_managed(account: Account) -> None:
    """Not without metadata, nor with an image that lacks the agent, nor when stopped."""
    ec2 = account.client("ec2")
    instance = _with_role(account, AGENT_ACTIONS)
    ec2.modify_instance_metadata_options(InstanceId=instance, HttpEndpoint="disabled")
    assert _managed(account) == []
    ec2.modify_instance_metadata_options(InstanceId=instance, HttpEndpoint="enabled")
    assert _managed(account) == [instance]
    ec2.stop_instances(InstanceIds=[instance])
    account.wait_for_state(instance, "stopped")
    assert _managed(account) == []
    debian = ec2.describe_images(Owners=["136693071363"])["Images"]
    image = next(i["ImageId"] for i in debian if i["Architecture"] == "x86_64")
    without = account.launch(ImageId=image, IamInstanceProfile={"Name": "box"})["InstanceId"]
    account.wait_for_state(without, "running")
    assert _refusal(account, Target=without)["Code"] == "TargetNotConnected"


def test_a_private_instance_needs_endpoints(account: Account) -> None:
    """Without a public address, only endpoints of both services lead to Systems Manager."""
    ec2 = account.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    private = {"DeviceIndex": 0, "SubnetId": subnet["SubnetId"], "AssociatePublicIpAddress": False}
    instance = _with_role(account, AGENT_ACTIONS, NetworkInterfaces=[private])
    for service in ("ssm", "ssmmessages"):
        assert _managed(account) == []
        ec2.create_vpc_endpoint(
            VpcId=subnet["VpcId"],
            ServiceName=f"com.amazonaws.us-east-1.{service}",
            VpcEndpointType="Interface",
            SubnetIds=[subnet["SubnetId"]],
        )
    assert _managed(account) == [instance]
    shown = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert {e["ServiceName"].rsplit(".", 1)[-1] for e in shown} == {"ssm", "ssmmessages"}


def test_filters_choose(account: Account) -> None:
    """Both forms of filters work; one that there is not is refused."""
    instance = _with_role(account, AGENT_ACTIONS)
    for values, found in (([instance], [instance]), (["i-0123456789abcdef0"], [])):
        assert _managed(account, Filters=[{"Key": "InstanceIds", "Values": values}]) == found
        old = [{"key": "InstanceIds", "valueSet": values}]
        assert _managed(account, InstanceInformationFilterList=old) == found
    with pytest.raises(ClientError, match="InvalidFilterKey"):
        _managed(account, Filters=[{"Key": "Colour", "Values": ["red"]}])


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"Target": "i-0123456789abcdef0"}, "TargetNotConnected"),
        ({"DocumentName": "AWS-StartNothing"}, "InvalidDocument"),
        (
            {"DocumentName": "AWS-StartSSHSession", "Parameters": {"host": ["h"]}},
            "InvalidParameters",
        ),
        (
            {"DocumentName": "AWS-StartSSHSession", "Parameters": {"portNumber": ["ssh"]}},
            "InvalidParameters",
        ),
    ],
)
def test_a_session_that_can_t_be(account: Account, parameters: dict[str, Any], code: str) -> None:
    """Each mistake has Systems Manager's own code."""
    instance = _with_role(account, AGENT_ACTIONS)
    assert _refusal(account, **{"Target": instance, **parameters})["Code"] == code


def test_a_session_needs_instance_and_document(account: Account) -> None:
    """A role that may use one document on owned instances may use no other."""
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "owner", "Value": "me"}]}]
    instance = _with_role(account, AGENT_ACTIONS, TagSpecifications=tags)
    on_instance = {
        "Effect": "Allow",
        "Action": "ssm:StartSession",
        "Resource": "arn:aws:ec2:*:*:instance/*",
        "Condition": {"StringEquals": {"ssm:resourceTag/owner": "me"}},
    }
    on_document = {
        "Effect": "Allow",
        "Action": "ssm:StartSession",
        "Resource": "arn:aws:ssm:*::document/AWS-StartSSHSession",
    }
    role = account.role("person", trusts=ADMIN_TRUST, allows=[on_instance, on_document])
    theirs = account.client("ssm", account.assume(role))
    theirs.start_session(Target=instance, DocumentName="AWS-StartSSHSession")
    with pytest.raises(ClientError) as refused:
        theirs.start_session(Target=instance, DocumentName="AWS-StartPortForwardingSession")
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "document/AWS-StartPortForwardingSession" in str(refused.value)
    account.client("ec2").create_tags(Resources=[instance], Tags=[{"Key": "owner", "Value": "you"}])
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.start_session(Target=instance, DocumentName="AWS-StartSSHSession")


def test_a_parameter_of_one_s_own(account: Account) -> None:
    """It is read by who may, and its absence has a name of its own."""
    account.client("ssm").put_parameter(Name="/team/spawn", Value="ttl = 1", Type="String")
    allow = {
        "Effect": "Allow",
        "Action": "ssm:GetParameter",
        "Resource": "arn:aws:ssm:us-east-1:123456789012:parameter/team/*",
    }
    role = account.role("person", trusts=ADMIN_TRUST, allows=[allow])
    theirs = account.client("ssm", account.assume(role))
    assert theirs.get_parameter(Name="/team/spawn")["Parameter"]["Value"] == "ttl = 1"
    with pytest.raises(theirs.exceptions.ParameterNotFound):
        theirs.get_parameter(Name="/team/nothing")
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.get_parameter(Name="/other")
