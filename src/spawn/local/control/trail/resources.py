"""What an event is about: ARNs for data events, names for the history.

CloudTrail finds the names in the request and the answer; so does this, by what they are called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from spawn.local.control import account
from spawn.local.control.needs import Lookup, needs_of
from spawn.local.control.operations import Call
from spawn.local.control.trail.categories import Category, category_of

_TYPES = {
    "allocationId": "AWS::EC2::EIP",
    "assumedRoleId": "AWS::STS::AssumedRole",
    "bucketName": "AWS::S3::Bucket",
    "groupId": "AWS::EC2::SecurityGroup",
    "groupName": "AWS::IAM::Group",
    "hostedZoneId": "AWS::Route53::HostedZone",
    "imageId": "AWS::EC2::Ami",
    "instanceId": "AWS::EC2::Instance",
    "instanceProfileName": "AWS::IAM::InstanceProfile",
    "keyId": "AWS::KMS::Key",
    "keyName": "AWS::EC2::KeyPair",
    "logGroupName": "AWS::Logs::LogGroup",
    "networkInterfaceId": "AWS::EC2::NetworkInterface",
    "policyArn": "AWS::IAM::Policy",
    "repositoryName": "AWS::ECR::Repository",
    "roleArn": "AWS::IAM::Role",
    "roleName": "AWS::IAM::Role",
    "routeTableId": "AWS::EC2::RouteTable",
    "secretId": "AWS::SecretsManager::Secret",
    "snapshotId": "AWS::EC2::Snapshot",
    "subnetId": "AWS::EC2::Subnet",
    "tableName": "AWS::DynamoDB::Table",
    "userName": "AWS::IAM::User",
    "volumeId": "AWS::EC2::Volume",
    "vpcId": "AWS::EC2::VPC",
}
# Of CreateTags' resources only the id says what they are.
_TYPE_OF_PREFIX = {
    "ami": "AWS::EC2::Ami",
    "eipalloc": "AWS::EC2::EIP",
    "eni": "AWS::EC2::NetworkInterface",
    "i": "AWS::EC2::Instance",
    "sg": "AWS::EC2::SecurityGroup",
    "snap": "AWS::EC2::Snapshot",
    "subnet": "AWS::EC2::Subnet",
    "vol": "AWS::EC2::Volume",
    "vpc": "AWS::EC2::VPC",
}
_NAMED_SIMPLY = {
    "cloudtrail": "AWS::CloudTrail::Trail",
    "scheduler": "AWS::Scheduler::Schedule",
    "secretsmanager": "AWS::SecretsManager::Secret",
    "ssm": "AWS::SSM::Parameter",
}
_DATA_TYPES = {
    "dynamodb": "AWS::DynamoDB::Table",
    "lambda": "AWS::Lambda::Function",
    "sns": "AWS::SNS::Topic",
    "sqs": "AWS::SQS::Queue",
}
_WITH_RESOURCES = frozenset({"kms", "s3", "sts"})  # of management events


def arns_of(call: Call, lookup: Lookup) -> list[dict[str, str]]:
    """The event's `resources`; empty for the services that tell none."""
    is_data = category_of(call) is Category.DATA
    if not is_data and call.service not in _WITH_RESOURCES:
        return []
    arns = dict.fromkeys(need.resource for need in needs_of(call, lookup) if need.resource != "*")
    return [resource for arn in arns for resource in _described(call, arn)]


def _described(call: Call, arn: str) -> list[dict[str, str]]:
    if call.service == "s3":
        bucket, slash, _ = arn.partition("/")
        of_bucket = {"accountId": account.ACCOUNT_ID, "type": "AWS::S3::Bucket", "ARN": bucket}
        of_objects = {"type": "AWS::S3::Object", "ARN": arn}
        if slash:
            return [of_objects, of_bucket]
        if category_of(call) is Category.DATA:
            return [{"type": "AWS::S3::Object", "ARNPrefix": f"{bucket}/"}, of_bucket]
        return [of_bucket]
    kind = {"kms": "AWS::KMS::Key", "sts": "AWS::IAM::Role"}.get(call.service)
    table = arn.split("/index/", 1)[0]
    named = kind or _DATA_TYPES.get(call.service, "")
    return [{"accountId": account.ACCOUNT_ID, "type": named, "ARN": table}]


def names_of(call: Call, elements: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(type, name) of what the request and the answer name, each once."""
    named = list(_named(elements))
    simple = _NAMED_SIMPLY.get(call.service)
    request = elements.get("requestParameters") or {}
    if simple and isinstance(request.get("name"), str):
        named.append((simple, request["name"]))
    return list(dict.fromkeys(named))


def _named(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for each in value:
            yield from _named(each)
    if not isinstance(value, Mapping):
        return
    for name, each in value.items():
        if not isinstance(each, str):
            yield from _named(each)
        elif name in _TYPES:
            yield _TYPES[name], each
        elif name == "resourceId" and each.split("-", 1)[0] in _TYPE_OF_PREFIX:
            yield _TYPE_OF_PREFIX[each.split("-", 1)[0]], each
