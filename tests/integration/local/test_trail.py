"""CloudTrail: calls become events, the history finds them, trails write them into buckets."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.local.conftest import (
    ADMIN_TRUST,
    Account,
    document,
    refusal,
    wait_until,
)

ACCOUNT_ID = "123456789012"
CANARY = "canary-5f1d0c"


def _events(account: Account, region: str = "us-east-1", **attribute: str) -> list[dict[str, Any]]:
    """The events of one attribute, or all, oldest first."""
    client = account.client("cloudtrail", region=region)
    asked = [{"AttributeKey": k, "AttributeValue": v} for k, v in attribute.items()]
    pages = client.get_paginator("lookup_events").paginate(LookupAttributes=asked)
    found = [event for page in pages for event in page["Events"]]
    return [json.loads(event["CloudTrailEvent"]) for event in reversed(found)]


def test_an_instance_s_calls_tell_its_role_and_itself(account: Account) -> None:
    """What a launch does is an event with the request, the answer, the caller and their address."""
    box = account.launch(UserData=f"#!/bin/sh\necho {CANARY}\n")["InstanceId"]
    (event,) = _events(account, EventName="RunInstances")
    assert event["userIdentity"]["type"] == "IAMUser"
    assert event["userIdentity"]["userName"] == "admin"
    assert event["sourceIPAddress"] == "203.0.113.10"
    assert (event["readOnly"], event["managementEvent"]) == (False, True)
    assert event["eventSource"] == "ec2.amazonaws.com"
    assert event["requestParameters"]["instanceType"] == "t3.micro"
    assert event["requestParameters"]["userData"] == "<sensitiveDataRemoved>"
    (item,) = event["responseElements"]["instancesSet"]["items"]
    assert item["instanceId"] == box
    assert _events(account, ResourceName=box)


def test_a_denied_call_is_recorded_with_its_role(account: Account) -> None:
    """What a session was refused tells the role behind it, in each service's words."""
    keys = account.assume(account.role("worker", trusts=ADMIN_TRUST, allows=[]))
    refusal(account.client("ec2", keys).create_vpc, CidrBlock="10.0.0.0/16")
    refusal(account.client("iam", keys).list_users)
    denied_ec2, denied_iam = _events(account, Username="session")
    assert denied_ec2["errorCode"] == "Client.UnauthorizedOperation"
    assert "ec2:CreateVpc" in denied_ec2["errorMessage"]
    assert denied_ec2["responseElements"] is None
    assert (denied_iam["errorCode"], denied_iam["awsRegion"]) == ("AccessDenied", "us-east-1")
    identity = denied_iam["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["arn"] == f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/worker/session"
    issuer = identity["sessionContext"]["sessionIssuer"]
    assert issuer["arn"] == f"arn:aws:iam::{ACCOUNT_ID}:role/worker"
    (taken,) = _events(account, EventName="AssumeRole")
    assert taken["responseElements"]["credentials"]["accessKeyId"] == keys.access_key_id
    assert taken["resources"][0]["ARN"] == f"arn:aws:iam::{ACCOUNT_ID}:role/worker"


def test_services_take_roles_by_themselves(account: Account) -> None:
    """EC2 takes an instance's role in a session of the instance's name, and says so."""
    iam = account.client("iam")
    account.role("box", trusts={"Principal": {"Service": "ec2.amazonaws.com"}}, allows=[])
    iam.create_instance_profile(InstanceProfileName="box")
    iam.add_role_to_instance_profile(InstanceProfileName="box", RoleName="box")
    box = account.launch(IamInstanceProfile={"Name": "box"})["InstanceId"]
    (taken,) = _events(account, EventName="AssumeRole")
    assert taken["userIdentity"] == {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}
    assert taken["requestParameters"]["roleSessionName"] == box


def test_nothing_secret_is_recorded(account: Account) -> None:
    """Neither what is kept secret in the account, nor credentials that it hands out."""
    secrets, ssm = account.client("secretsmanager"), account.client("ssm")
    secrets.create_secret(Name="app", SecretString=CANARY)
    secrets.put_secret_value(SecretId="app", SecretBinary=CANARY.encode())
    secrets.get_secret_value(SecretId="app")
    ssm.put_parameter(Name="/app", Value=CANARY, Type="SecureString")
    account.launch(UserData=CANARY)
    key = account.client("kms").create_key()["KeyMetadata"]["KeyId"]
    account.client("kms").encrypt(KeyId=key, Plaintext=CANARY.encode())
    iam = account.client("iam")
    iam.create_user(UserName="u")
    iam.create_login_profile(UserName="u", Password=CANARY)
    made = iam.create_access_key(UserName="u")["AccessKey"]
    keys = account.assume(account.role("r", trusts=ADMIN_TRUST, allows=[]))
    material = account.client("ec2").create_key_pair(KeyName="k")["KeyMaterial"]
    told = json.dumps(_events(account))
    assert made["AccessKeyId"] in told
    for secret in (CANARY, made["SecretAccessKey"], keys.secret, keys.token or "", material[40:80]):
        assert secret not in told


def test_the_history_is_read_in_pages_by_one_attribute(account: Account) -> None:
    """Newest first, fifty at the most, each event once, of the region and the times asked for."""
    iam, ec2 = account.client("iam"), account.client("ec2", region="eu-west-1")
    before = datetime.now(UTC) - timedelta(seconds=1)
    for number in range(60):
        iam.create_user(UserName=f"u{number}")
    ec2.create_vpc(CidrBlock="10.0.0.0/16")
    client = account.client("cloudtrail")
    by_name = [{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}]
    first = client.lookup_events(LookupAttributes=by_name, StartTime=before)
    last = client.lookup_events(
        LookupAttributes=by_name, StartTime=before, NextToken=first["NextToken"]
    )
    events = first["Events"] + last["Events"]
    assert [len(first["Events"]), len(last["Events"]), "NextToken" in last] == [50, 10, False]
    names = [json.loads(e["CloudTrailEvent"])["requestParameters"]["userName"] for e in events]
    assert names == [f"u{number}" for number in reversed(range(60))]
    resource = {"ResourceType": "AWS::IAM::User", "ResourceName": "u59"}
    assert resource in events[0]["Resources"]
    assert _events(account, ResourceName="u7", region="us-east-1")
    assert not client.lookup_events(EndTime=before - timedelta(hours=1))["Events"]
    assert [e["eventName"] for e in _events(account, "eu-west-1", ReadOnly="false")] == [
        "CreateVpc"
    ]


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        (
            "InvalidLookupAttributesException",
            {
                "LookupAttributes": [
                    {"AttributeKey": "EventName", "AttributeValue": "CreateUser"},
                    {"AttributeKey": "Username", "AttributeValue": "admin"},
                ]
            },
        ),
        (
            "InvalidLookupAttributesException",
            {"LookupAttributes": [{"AttributeKey": "Colour", "AttributeValue": "red"}]},
        ),
        ("InvalidTimeRangeException", {"StartTime": datetime(2030, 1, 2), "EndTime": 0}),  # noqa: DTZ001
        ("InvalidMaxResultsException", {"MaxResults": 51}),
        ("InvalidNextTokenException", {"NextToken": "made-up"}),
    ],
)
def test_a_lookup_that_makes_no_sense_is_refused(
    account: Account, code: str, asked: dict[str, Any]
) -> None:
    """Each wrong parameter has AWS's own code."""
    assert refusal(account.client("cloudtrail").lookup_events, **asked)[0] == code


def test_lookups_can_be_throttled(account: Account) -> None:
    """With the switch at AWS's limit, a third lookup within a second is refused."""
    account.set_switches(lookups_per_second=2)
    client = account.client("cloudtrail")
    client.lookup_events()
    client.lookup_events()
    assert refusal(client.lookup_events)[0] == "ThrottlingException"


def _bucket_for_trail(account: Account, name: str) -> None:
    bucket = f"arn:aws:s3:::{name}"
    service = {"Service": "cloudtrail.amazonaws.com"}
    mine = {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}}
    policy = document(
        {
            "Effect": "Allow",
            "Principal": service,
            "Action": "s3:GetBucketAcl",
            "Resource": bucket,
            "Condition": mine,
        },
        {
            "Effect": "Allow",
            "Principal": service,
            "Action": "s3:PutObject",
            "Resource": f"{bucket}/AWSLogs/{ACCOUNT_ID}/*",
            "Condition": {
                "StringEquals": {
                    "aws:SourceAccount": ACCOUNT_ID,
                    "s3:x-amz-acl": "bucket-owner-full-control",
                }
            },
        },
    )
    account.client("s3").put_bucket_policy(Bucket=name, Policy=policy)


def _delivered(account: Account, bucket: str) -> list[dict[str, Any]]:
    """The records of all log files of a trail."""
    s3 = account.client("s3")
    records = []
    for listed in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        body = s3.get_object(Bucket=bucket, Key=listed["Key"])["Body"].read()
        records += json.loads(gzip.decompress(body))["Records"]
    return records


def test_a_trail_delivers_the_data_events_that_it_selects(account: Account) -> None:
    """Objects of the chosen bucket are told in log files, nowhere else, and no others."""
    s3, trail = account.client("s3"), account.client("cloudtrail")
    for bucket in ("logs-of-mine", "chosen", "other"):
        s3.create_bucket(Bucket=bucket)
    made = {"Name": "mine", "S3BucketName": "logs-of-mine", "IsMultiRegionTrail": True}
    assert refusal(trail.create_trail, **made)[0] == "InsufficientS3BucketPolicyException"
    _bucket_for_trail(account, "logs-of-mine")
    trail.create_trail(**made)
    data = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::chosen/"]}]
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": False, "DataResources": data}
    trail.put_event_selectors(TrailName="mine", EventSelectors=[selector])
    trail.start_logging(Name="mine")
    for bucket in ("chosen", "other"):
        s3.put_object(Bucket=bucket, Key="a/b", Body=CANARY.encode())
        s3.get_object(Bucket=bucket, Key="a/b")
    wait_until(lambda: len(_delivered(account, "logs-of-mine")) == 2)
    put, got = _delivered(account, "logs-of-mine")
    assert (put["eventName"], put["readOnly"]) == ("PutObject", False)
    assert (got["eventName"], got["readOnly"]) == ("GetObject", True)
    asked = got["requestParameters"]
    assert (asked["bucketName"], asked["key"]) == ("chosen", "a/b")
    assert got["resources"][0] == {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::chosen/a/b"}
    assert got["eventCategory"] == "Data"
    assert CANARY not in json.dumps(put)
    assert not _events(account, EventName="PutObject")
    assert trail.get_trail_status(Name="mine")["IsLogging"]


def test_an_advanced_selector_chooses_by_field(account: Account) -> None:
    """Writes to one table are told, with the names of an item's attributes and no values."""
    trail, dynamodb = account.client("cloudtrail"), account.client("dynamodb")
    account.client("s3").create_bucket(Bucket="logs-of-mine")
    _bucket_for_trail(account, "logs-of-mine")
    dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    trail.create_trail(Name="mine", S3BucketName="logs-of-mine")
    fields = {
        "eventCategory": "Data",
        "resources.type": "AWS::DynamoDB::Table",
        "readOnly": "false",
    }
    chosen = {"FieldSelectors": [{"Field": f, "Equals": [v]} for f, v in fields.items()]}
    trail.put_event_selectors(TrailName="mine", AdvancedEventSelectors=[chosen])
    trail.start_logging(Name="mine")
    dynamodb.get_item(TableName="t", Key={"id": {"S": "1"}})
    dynamodb.put_item(TableName="t", Item={"id": {"S": "1"}, "secret": {"S": CANARY}})
    wait_until(lambda: bool(_delivered(account, "logs-of-mine")))
    (event,) = _delivered(account, "logs-of-mine")
    assert event["requestParameters"] == {"tableName": "t", "items": ["id", "secret"]}
    assert event["resources"][0]["ARN"] == f"arn:aws:dynamodb:us-east-1:{ACCOUNT_ID}:table/t"
