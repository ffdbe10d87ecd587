"""A request is read as the one operation that moto will perform."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from spawn.local.control.messages import AwsError, Request
from spawn.local.control.operations import Call, operation_of
from tests.unit.local.control.signing import signed

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("ec2", "RunInstances", {"MinCount": 1, "MaxCount": 2, "SecurityGroupIds": ["sg-1", "sg-2"]}),
    ("iam", "PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": "{}"}),
    (
        "sts",
        "AssumeRole",
        {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "session"},
    ),
    ("s3", "GetObject", {"Bucket": "b", "Key": "a/b c"}),
    ("s3", "CreateMultipartUpload", {"Bucket": "b", "Key": "k"}),
    ("s3", "CopyObject", {"Bucket": "b", "Key": "k", "CopySource": "b/x"}),
    ("s3", "ListBuckets", {}),
    ("s3", "GetBucketPolicy", {"Bucket": "b"}),
    ("s3", "ListObjects", {"Bucket": "b"}),
    ("s3", "ListObjectsV2", {"Bucket": "b"}),
    (
        "dynamodb",
        "Query",
        {"TableName": "table", "IndexName": "index", "KeyConditionExpression": "a=b"},
    ),
    ("secretsmanager", "GetSecretValue", {"SecretId": "s"}),
    ("ssm", "GetParameters", {"Names": ["/a", "/b"]}),
    ("kms", "Decrypt", {"KeyId": "alias/a", "CiphertextBlob": b"x"}),
    ("logs", "CreateLogStream", {"logGroupName": "g", "logStreamName": "s"}),
    ("scheduler", "DeleteSchedule", {"Name": "n", "GroupName": "g"}),
    ("sqs", "SendMessage", {"QueueUrl": "http://127.0.0.1:4566/1/q", "MessageBody": "m"}),
]


def _read(request: Request, service: str) -> Call:
    return operation_of(request, signing_name=service, region="us-east-1")


@pytest.mark.parametrize(("service", "operation", "parameters"), CALLS)
def test_every_protocol_is_read(service: str, operation: str, parameters: dict[str, Any]) -> None:
    """Service, operation and parameters come back as they were given to botocore."""
    call = _read(signed(service, operation, **parameters), service)
    assert (call.service, call.operation) == (service, operation)
    assert parameters.items() <= call.parameters.items()


def _with(request: Request, **changes: Any) -> Request:
    return dataclasses.replace(request, **changes)


def test_a_request_with_two_operations_is_refused() -> None:
    """What moto could take for another operation than the one authorised is not let in."""
    query = signed("ec2", "DescribeInstances")
    json_call = signed("dynamodb", "ListTables")
    rest = signed("scheduler", "ListSchedules")
    twice = [
        ("ec2", _with(query, query="Action=TerminateInstances")),
        ("ec2", _with(query, body=query.body + b"&Action=TerminateInstances")),
        ("ec2", _with(query, headers=(*query.headers, ("X-Amz-Target", "EC2.TerminateInstances")))),
        ("dynamodb", _with(json_call, query="Action=DeleteTable")),
        ("scheduler", _with(rest, query="Action=DeleteSchedule")),
        ("scheduler", _with(rest, headers=(*rest.headers, ("X-Amz-Target", "S.DeleteSchedule")))),
    ]
    for service, request in twice:
        with pytest.raises(AwsError) as refused:
            _read(request, service)
        assert refused.value.code == "MalformedQueryString"


def test_unknown_services_and_operations_are_named() -> None:
    """A service or an operation that AWS has not is refused with a reason."""
    request = signed("ec2", "DescribeInstances")
    with pytest.raises(AwsError) as unknown:
        _read(request, "nonesuch")
    assert unknown.value.code == "UnknownService"
    with pytest.raises(AwsError) as invalid:
        _read(_with(request, body=b"Action=LaunchMissiles&Version=2016-11-15"), "ec2")
    assert invalid.value.code == "InvalidAction"
