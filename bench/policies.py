"""How fast policies are judged, on one core, and that no wildcard is slow."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import Any

from bench.timing import Ratio
from spawn.iam.evaluation import CompiledPolicy, PolicySet, Request, decide, readable_policy

DECISIONS_PER_SECOND = 50_000
_ACCOUNT = "111122223333"
_TIMES = 5
_DECISIONS = 20_000
_OBJECTS = 200

_IDENTITY: Sequence[Sequence[dict[str, Any]]] = (
    (
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject*", "s3:PutObject", "s3:ListBucket"],
            "Resource": ["arn:aws:s3:::results", "arn:aws:s3:::results/${aws:username}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "true"}},
        },
        {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"},
    ),
    (
        {
            "Effect": "Allow",
            "Action": ["ec2:TerminateInstances", "ec2:StopInstances", "ec2:CreateTags"],
            "Resource": f"arn:aws:ec2:*:{_ACCOUNT}:instance/*",
            "Condition": {
                "StringEquals": {"aws:ResourceTag/owner": "${aws:username}"},
                "Null": {"aws:ResourceTag/spawn:hold": "true"},
                "ForAllValues:StringNotLike": {"aws:TagKeys": ["spawn*", "owner"]},
            },
        },
        {"Effect": "Allow", "Action": ["ec2:Describe*", "sqs:*"], "Resource": "*"},
    ),
    (
        {
            "Effect": "Deny",
            "NotAction": ["iam:*", "sts:*", "route53:*"],
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}},
        },
        {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {
                "NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]},
                "BoolIfExists": {"aws:ViaAWSService": "false"},
                "DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"},
            },
        },
    ),
)
_BOUNDARY = (
    {"Effect": "Allow", "Action": ["s3:*", "ec2:*", "sqs:*"], "Resource": "*"},
    {"Effect": "Deny", "Action": "ec2:*PublicAccess*", "Resource": "*"},
)
_SCP = (
    {"Effect": "Allow", "Action": "*", "Resource": "*"},
    {
        "Effect": "Deny",
        "Action": "ec2:RunInstances",
        "Resource": "arn:aws:ec2:*:*:instance/*",
        "Condition": {"NumericLessThan": {"ec2:MetadataHttpPutResponseHopLimit": "1"}},
    },
)


def judgements() -> Iterator[Ratio]:
    """Yield how the rate of decisions compares with what is claimed, in seconds of processor."""
    rates = [_rate() for _ in range(_TIMES)]
    yield Ratio(
        claim=f"{DECISIONS_PER_SECOND} policy decisions a second / those judged on one core",
        measured=DECISIONS_PER_SECOND / statistics.median(rates),
        target=1.0,
    )


def _rate() -> float:
    """Judge a mix of requests, most of them new to the policies, and return decisions a second."""
    policies = _policies()
    requests = list(islice(cycle(_requests()), _DECISIONS))
    began = time.process_time()
    for request in requests:
        decide(request, policies)
    return _DECISIONS / (time.process_time() - began)


def _policies() -> PolicySet:
    def compiled(statements: Sequence[dict[str, Any]], name: str) -> CompiledPolicy:
        return readable_policy({"Version": "2012-10-17", "Statement": list(statements)}, name=name)

    return PolicySet(
        identity=tuple(compiled(each, f"policy {n}") for n, each in enumerate(_IDENTITY)),
        boundary=compiled(_BOUNDARY, "boundary"),
        scps=((compiled(_SCP[:1], "root"),), (compiled(_SCP, "unit"),)),
    )


def _requests() -> Iterator[Request]:
    """Yield requests of several users on many things: some allowed, some not."""
    asked = (
        ("s3:GetObject", "arn:aws:s3:::results/{user}/{n}"),
        ("s3:PutObject", "arn:aws:s3:::results/other/{n}"),
        ("ec2:TerminateInstances", f"arn:aws:ec2:eu-west-1:{_ACCOUNT}:instance/i-{{n}}"),
        ("ec2:DescribeInstances", "*"),
        ("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{_ACCOUNT}:jobs-{{n}}"),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:eu-west-1:{_ACCOUNT}:table/{{n}}"),
    )
    for n in range(_OBJECTS):
        for action, resource in asked:
            user = f"user-{n % 20}"
            context = {
                "aws:username": (user,),
                "aws:SourceIp": (f"203.0.113.{n % 250}",),
                "aws:RequestedRegion": ("eu-west-1" if n % 7 else "ap-south-1",),
                "aws:SecureTransport": ("true",),
                "aws:CurrentTime": ("2026-01-27T18:00:00Z",),
                "aws:ResourceTag/owner": (f"user-{n % 10}",),
            }
            yield Request(
                principal=f"arn:aws:iam::{_ACCOUNT}:user/{user}",
                action=action,
                resource=resource.format(user=user, n=n),
                context=context,
            )
