"""A request is named after the operation that it asks for, in every protocol of AWS."""

from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config

from tests.tools.calls import Call, Request, call_of

# One for all, since it keeps the service models that it has read.
SESSION = botocore.session.Session()


class _Seen(Exception):
    """Carries the request out of botocore, which was about to send it."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        super().__init__(request.url)
        self.request = request


def request_of(service: str, method: str, **parameters: Any) -> Request:
    """Return what botocore would send."""

    def stop(request: AWSPreparedRequest, **_: Any) -> None:
        raise _Seen(request)

    client = SESSION.create_client(
        service,
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="example",
        config=Config(retries={"total_max_attempts": 1}),
    )
    client.meta.events.register("before-send", stop)
    with pytest.raises(_Seen) as seen:
        getattr(client, method)(**parameters)
    sent = seen.value.request
    body = sent.body.read() if hasattr(sent.body, "read") else sent.body or b""
    body = body.encode() if isinstance(body, str) else body
    return Request(
        method=sent.method,
        target=sent.url.removeprefix("http://127.0.0.1:9"),
        raw_headers=tuple(
            (k, v if isinstance(v, str) else v.decode()) for k, v in sent.headers.items()
        ),
        body=body,
    )


ROLE = "arn:aws:iam::123456789012:role/r"
FLEXIBLE = {"Mode": "OFF"}
TARGET = {"Arn": "arn:aws:scheduler:::aws-sdk:ec2:terminateInstances", "RoleArn": ROLE}


@pytest.mark.parametrize(
    ("service", "method", "parameters", "operation"),
    [
        ("ec2", "describe_vpcs", {}, "DescribeVpcs"),
        ("iam", "get_role", {"RoleName": "r"}, "GetRole"),
        ("sts", "get_caller_identity", {}, "GetCallerIdentity"),
        ("dynamodb", "describe_table", {"TableName": "t"}, "DescribeTable"),
        ("secretsmanager", "get_secret_value", {"SecretId": "s"}, "GetSecretValue"),
        ("scheduler", "get_schedule", {"Name": "n"}, "GetSchedule"),
        ("scheduler", "list_schedules", {}, "ListSchedules"),
        (
            "scheduler",
            "create_schedule",
            {
                "Name": "n",
                "ScheduleExpression": "at(2026-01-27T18:00:00)",
                "FlexibleTimeWindow": FLEXIBLE,
                "Target": TARGET,
            },
            "CreateSchedule",
        ),
        ("s3", "list_buckets", {}, "ListBuckets"),
        ("s3", "create_bucket", {"Bucket": "b"}, "CreateBucket"),
        ("s3", "list_objects_v2", {"Bucket": "b"}, "ListObjectsV2"),
        ("s3", "get_bucket_policy", {"Bucket": "b"}, "GetBucketPolicy"),
        ("s3", "get_object", {"Bucket": "b", "Key": "a/b c"}, "GetObject"),
        ("s3", "put_object", {"Bucket": "b", "Key": "k", "Body": b"x"}, "PutObject"),
        ("s3", "copy_object", {"Bucket": "b", "Key": "k", "CopySource": "b/j"}, "CopyObject"),
        (
            "s3",
            "upload_part",
            {"Bucket": "b", "Key": "k", "PartNumber": 1, "UploadId": "u", "Body": b"x"},
            "UploadPart",
        ),
    ],
)
def test_calls_are_named(
    service: str, method: str, parameters: dict[str, Any], operation: str
) -> None:
    """What botocore sends for an operation is named as that operation of that service."""
    call = call_of(request_of(service, method, **parameters))
    assert call == Call(service=service, operation=operation)


def test_an_unsigned_request_has_no_name() -> None:
    """A request without a signature is no AWS call, whatever its path looks like."""
    assert call_of(Request(method="GET", target="/b/k")) == Call(service="", operation="")


def test_a_presigned_request_is_named() -> None:
    """A signature in the query names the service as one in the header does."""
    scope = "AKIAEXAMPLE%2F20260127%2Fus-east-1%2Fs3%2Faws4_request"
    request = Request(method="GET", target=f"/b/k?X-Amz-Credential={scope}")
    assert call_of(request) == Call(service="s3", operation="GetObject")
