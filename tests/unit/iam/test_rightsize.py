"""What CloudTrail saw becomes actions and resources, and these the smallest part of a policy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawn.iam import reference
from spawn.iam.compare import difference
from spawn.iam.documents import Effect, PolicyDocument, Statement, allow
from spawn.iam.evaluation import PolicySet, Request, compile_policy, decide
from spawn.iam.event_names import DATA_EVENTS, data_type, is_unrecorded
from spawn.iam.grants import Subject
from spawn.iam.observed import Event, Issuer, Resource, SessionContext, Use, UserIdentity, uses_of
from spawn.iam.rightsize import MOST_NAMES, Rightsized, Sight, rightsize
from spawn.iam.templates import parse_templates, statements

ROLE = "arn:aws:iam::123456789012:role/spawn/worker"
NOW = datetime(2026, 1, 27, tzinfo=UTC)
EVERYTHING = Sight(data={kind: ("",) for kind, _ in DATA_EVENTS.values()})
NOTHING = Sight(data={})


def event(name: str, *resources: str, error: str = "", **parameters: Any) -> Event:
    """Return an event of the role's: "s3:GetObject", its resources' ARNs, its parameters."""
    service, _, call = name.partition(":")
    return Event(
        event_source=f"{service}.amazonaws.com",
        event_name=call,
        event_time=NOW,
        aws_region="us-east-1",
        recipient_account_id="123456789012",
        user_identity=UserIdentity(
            arn="arn:aws:sts::123456789012:assumed-role/worker/i-1",
            session_context=SessionContext(session_issuer=Issuer(arn=ROLE)),
        ),
        error_code=error,
        request_parameters=parameters,
        resources=tuple(Resource(arn=arn) for arn in resources),
    )


def read(key: str, bucket: str = "a") -> Event:
    return event(
        "s3:GetObject",
        f"arn:aws:s3:::{bucket}/{key}",
        f"arn:aws:s3:::{bucket}",
        bucketName=bucket,
        key=key,
    )


def of_templates(*words: str) -> Subject:
    found = tuple(
        statement
        for template in parse_templates(words)
        for statement in statements(
            template, partition="aws", region="us-east-1", account="123456789012"
        )
    )
    return Subject(policies=(PolicyDocument(statements=found),))


def of(*found: Statement) -> Subject:
    return Subject(policies=(PolicyDocument(statements=found),))


HERE = "us-east-1:123456789012"


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (read("x/y"), [("s3:GetObject", "arn:aws:s3:::a/x/y")]),
        (
            event("s3:GetObject", bucketName="a", key="x", versionId="1"),
            [("s3:GetObjectVersion", "arn:aws:s3:::a/x")],
        ),
        (
            event("s3:HeadObject", bucketName="a", key="*"),
            [("s3:GetObject", "arn:aws:s3:::a/${*}")],
        ),
        (event("s3:ListObjects", bucketName="a"), [("s3:ListBucket", "arn:aws:s3:::a")]),
        (event("s3:ListBuckets"), [("s3:ListAllMyBuckets", "*")]),
        (
            event("s3:CopyObject", bucketName="b", key="to", **{"x-amz-copy-source": "/a/from"}),
            [("s3:GetObject", "arn:aws:s3:::a/from"), ("s3:PutObject", "arn:aws:s3:::b/to")],
        ),
        (
            event("lambda:Invoke20150331", functionName="f"),
            [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:f")],
        ),
        (
            event("sqs:SendMessageBatch", queueUrl=f"https://sqs/{HERE}/q"),
            [("sqs:SendMessage", f"arn:aws:sqs:{HERE}:q")],
        ),
        (
            event(
                "dynamodb:Query", f"arn:aws:dynamodb:{HERE}:table/t", tableName="t", indexName="by"
            ),
            [("dynamodb:Query", f"arn:aws:dynamodb:{HERE}:table/t/index/by")],
        ),
        (
            event("secretsmanager:GetSecretValue", secretId="app/key"),
            [
                (
                    "secretsmanager:GetSecretValue",
                    f"arn:aws:secretsmanager:{HERE}:secret:app/key-??????",
                )
            ],
        ),
        (
            event("ssm:GetParameters", names=["/app/a", "/app/b"]),
            [
                ("ssm:GetParameters", f"arn:aws:ssm:{HERE}:parameter/app/a"),
                ("ssm:GetParameters", f"arn:aws:ssm:{HERE}:parameter/app/b"),
            ],
        ),
        (
            event("ec2:StopInstances", instancesSet={"items": [{"instanceId": "i-1"}]}),
            [("ec2:StopInstances", f"arn:aws:ec2:{HERE}:instance/i-1")],
        ),
        (event("ec2:DescribeInstances"), [("ec2:DescribeInstances", "*")]),
        (event("monitoring:PutMetricData"), [("cloudwatch:PutMetricData", None)]),
        (event("dynamodb:GetItem"), [("dynamodb:GetItem", None)]),
        (event("signin:ConsoleLogin"), []),
    ],
    ids=lambda value: value.event_name if isinstance(value, Event) else "",
)
def test_an_event_tells_what_was_used(seen: Event, expected: list[tuple[str, str | None]]) -> None:
    """An event becomes IAM's actions and the resources that they were used on."""
    assert uses_of(seen) == tuple(Use(action=a, resource=r) for a, r in expected)


def test_three_actions_on_two_buckets_give_exactly_these() -> None:
    """What was used stays, to the name; what was not is gone; what was refused is not granted."""
    seen = [
        read("data/x"),
        event("s3:ListObjects", "arn:aws:s3:::a", bucketName="a"),
        event("s3:PutObject", "arn:aws:s3:::b/out", bucketName="b", key="out"),
        event("s3:DeleteObject", "arn:aws:s3:::b/out", error="AccessDenied"),
    ]
    found = rightsize(of_templates("s3:FullAccess@a", "s3:FullAccess@b"), seen, EVERYTHING)
    assert found.document.statements == (
        allow(("s3:GetObject",), ("arn:aws:s3:::a/data/x",)),
        allow(("s3:ListBucket",), ("arn:aws:s3:::a",)),
        allow(("s3:PutObject",), ("arn:aws:s3:::b/out",)),
    )
    assert [(each.action, each.times) for each in found.denied] == [("s3:DeleteObject", 1)]
    assert found.change.only_second == ()
    assert (found.unjudged, found.wide, found.unnamed, found.elsewhere) == ((), (), (), ())


def test_what_is_not_seen_is_kept() -> None:
    """Without a trail of data events what only they would show stays, under its conditions."""
    present = of_templates("s3:ReadOnly@a/data/*", "ecr:ReadOnly@r")
    found = rightsize(present, [event("ecr:GetAuthorizationToken")], NOTHING)
    assert [each.actions for each in found.unjudged] == [("s3:GetObject",), ("s3:ListBucket",)]
    kept = Subject(policies=(found.document,))
    assert [each.actions for each in difference(present, kept).only_first] == [
        ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
    ]
    assert {"StringLike": {"s3:prefix": ("data/*",)}} in [
        each.conditions for each in found.document.statements
    ]


def test_a_trail_of_one_bucket_shows_that_bucket() -> None:
    """Data events are judged where they were looked at, and nowhere else."""
    sight = Sight(data={"AWS::S3::Object": ("arn:aws:s3:::a/",)})
    found = rightsize(of_templates("s3:ReadOnly@a", "s3:ReadOnly@b"), [], sight)
    assert {r for each in found.unjudged for r in each.resources} == {
        "arn:aws:s3:::b",
        "arn:aws:s3:::b/*",
    }


def test_what_no_event_shows_is_kept() -> None:
    """A right that is no call, such as PassRole, is never taken for unused."""
    passing = allow(("iam:PassRole", "iam:GetRole"), (ROLE,))
    found = rightsize(of(passing), [], EVERYTHING)
    assert found.document.statements == (allow(("iam:PassRole",), (ROLE,)),)


def test_keys_are_gathered_and_names_are_not() -> None:
    """Many objects become the path that they share; many names leave what was allowed."""
    many = [read(f"data/2026/{n}.csv") for n in range(6)]
    found = rightsize(of_templates("s3:ReadOnly@a"), many, EVERYTHING)
    assert found.document.statements == (allow(("s3:GetObject",), ("arn:aws:s3:::a/data/2026/*",)),)
    queues = [
        event("sqs:SendMessage", f"arn:aws:sqs:{HERE}:team-{n}") for n in range(MOST_NAMES + 1)
    ]
    found = rightsize(of_templates("sqs:WriteOnly@team-*"), queues, EVERYTHING)
    assert found.document.statements == (
        allow(("sqs:SendMessage",), (f"arn:aws:sqs:{HERE}:team-*",)),
    )
    assert found.wide == ("sqs:SendMessage",)


def test_what_others_allow_is_told() -> None:
    """What these policies did not allow is not granted now; what has no action is named."""
    seen = [read("x", bucket="theirs"), event("signin:ConsoleLogin")]
    found = rightsize(of_templates("s3:ReadOnly@a"), seen, EVERYTHING)
    assert found.document.statements == ()
    assert [each.resource for each in found.elsewhere] == ["arn:aws:s3:::theirs/x"]
    assert found.unknown == ("signin.amazonaws.com:ConsoleLogin",)


def test_denials_stay() -> None:
    """A denial is not taken for something unused."""
    denial = Statement(
        effect=Effect.DENY, actions=("s3:*",), resources=("arn:aws:s3:::a/private/*",)
    )
    present = of(allow(("s3:GetObject",), ("arn:aws:s3:::a/*",)), denial)
    found = rightsize(present, [read("x")], EVERYTHING)
    assert denial in found.document.statements


events = st.lists(
    st.one_of(
        st.builds(
            read,
            st.sampled_from(["x", "data/1", "data/2", "data/3", "data/4", "data/5", "data/6"]),
            st.sampled_from(["a", "b"]),
        ),
        st.builds(
            lambda bucket: event("s3:ListObjects", f"arn:aws:s3:::{bucket}", bucketName=bucket),
            st.sampled_from(["a", "b"]),
        ),
        st.builds(lambda: event("sqs:SendMessage", f"arn:aws:sqs:{HERE}:q")),
        st.builds(lambda: event("dynamodb:GetItem")),
        st.builds(lambda: event("ec2:DescribeInstances")),
    ),
    max_size=8,
)
presents = st.lists(
    st.sampled_from(
        [
            *of_templates("s3:ReadOnly@a/data/*", "s3:FullAccess@b").policies[0].statements,
            *of_templates("sqs:FullAccess", "dynamodb:ReadOnly").policies[0].statements,
            allow(("*",), ("*",)),
            Statement(effect=Effect.ALLOW, not_actions=("s3:*",), not_resources=("arn:aws:x:::y",)),
            Statement(effect=Effect.DENY, actions=("s3:Get*",), resources=("arn:aws:s3:::a/x",)),
        ]
    ),
    min_size=1,
    max_size=3,
).map(lambda found: of(*found))


def is_allowed(document: PolicyDocument, use: Use) -> bool:
    """Ask the evaluator; listing is done below data/, as the templates' condition wants it."""
    request = Request(
        principal="arn:aws:sts::123456789012:assumed-role/worker/i-1",
        action=use.action,
        resource=use.resource or f"arn:aws:dynamodb:{HERE}:table/t",
        context={"s3:prefix": ("data/1",), "aws:ResourceAccount": ("123456789012",)},
        role_arn=ROLE,
        resource_account="123456789012",
    )
    return decide(
        request, PolicySet(identity=(compile_policy(document, name="policy"),))
    ).is_allowed


@given(presents, events, st.sampled_from([EVERYTHING, NOTHING]))
@settings(max_examples=30, deadline=None)
def test_it_lets_through_what_was_seen_and_no_more_than_before(
    present: Subject, seen: list[Event], sight: Sight
) -> None:
    """What was used still works, no more than before does, and a second time changes nothing."""
    found: Rightsized = rightsize(present, seen, sight)
    assert found.change.only_second == ()
    for each in seen:
        for use in uses_of(each):
            if is_allowed(present.policies[0], use):
                assert is_allowed(found.document, use), use
    again = rightsize(Subject(policies=(found.document,)), seen, sight)
    assert again.change.only_first == again.change.only_second == ()


def test_data_events_are_actions_that_exist() -> None:
    """The tables of what CloudTrail shows only if asked name actions of IAM's."""
    for service, (_, patterns) in DATA_EVENTS.items():
        for pattern in patterns:
            assert reference.matching_actions(f"{service}:{pattern}"), pattern
    assert data_type("s3:GetObject") == "AWS::S3::Object"
    assert data_type("s3:GetBucketPolicy") is None
    assert data_type("s3:PutBucketObjectLockConfiguration") is None
    assert is_unrecorded("iam:PassRole")
