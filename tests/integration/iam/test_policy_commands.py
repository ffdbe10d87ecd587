"""`spawn policy` on an account: policies shown, compared, and made as small as what was used."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spawn.iam.templates import parse_templates, statements
from tests.integration.local.conftest import (
    ADMIN_TRUST,
    Account,
    Keys,
    account,
    control_plane,
    document,
    refusal,
    wait_until,
)
from tests.tools.programs import PROGRAMS, Program, clean_environment

__all__ = ["account", "control_plane"]

ACCOUNT_ID, REGION = "123456789012", "us-east-1"
LOGS = "logs-of-mine"


@pytest.fixture
def spawn(account: Account, home: Path) -> Program:
    """The program of a person whose AWS is the account."""
    environment = account.cloud.environment(home)
    return Program(path=PROGRAMS / "spawn", environment=environment, directory=home)


def _of_templates(*words: str) -> list[dict[str, Any]]:
    """Return the statements of templates, as IAM has them."""
    return [
        {
            "Effect": "Allow",
            "Action": list(each.actions),
            "Resource": list(each.resources),
        }
        for template in parse_templates(words)
        for each in statements(template, partition="aws", region=REGION, account=ACCOUNT_ID)
    ]


def test_templates_are_shown_without_an_account(home: Path) -> None:
    """Who has no credentials sees what a template says, with words in place of what they lack."""
    spawn = Program(path=PROGRAMS / "spawn", environment=clean_environment(home), directory=home)
    shown = spawn("policy", "show", "sqs:WriteOnly@jobs", "-o", "json", "--region", "eu-west-1")
    (statement,) = shown.document()["Statement"]
    assert statement["Resource"] == ["arn:aws:sqs:eu-west-1:ACCOUNT:jobs"]
    assert shown.stderr == "ACCOUNT stands for yours (--account)\n"


def test_a_role_is_shown_and_compared(account: Account, spawn: Program) -> None:
    """A role's policies are told in words, and what they allow beyond a template ends with 3."""
    account.role(
        "worker",
        trusts=ADMIN_TRUST,
        allows=[*_of_templates("s3:ReadOnly@a"), *_of_templates("sqs:WriteOnly@jobs")],
    )
    shown = spawn("policy", "show", "worker", "s3:WriteOnly@a")
    assert "       read in s3 a/*: GetObject\n" in shown.stdout
    assert "       write in s3 a/*: PutObject\n" in shown.stdout
    compared = spawn("policy", "diff", "s3:ReadOnly@a", "worker", "--exit-code", "-o", "json")
    assert compared.code == 3
    found = compared.document()
    assert (found["same"], found["only_first"]) == (False, [])
    assert [each["words"] for each in found["only_second"]] == [
        "write in sqs jobs: SendMessage",
        "read in sqs jobs: GetQueueAttributes and GetQueueUrl",
    ]
    same = spawn("policy", "diff", "worker", "role/worker", "--exit-code")
    assert (same.code, same.stdout) == (0, "no difference in what is allowed\n")


def test_a_boundary_bounds_nobody_else(account: Account, spawn: Program) -> None:
    """A role is shown within its boundary; beside others it is refused: they are not bounded."""
    iam = account.client("iam")
    bounds = document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
    boundary = iam.create_policy(PolicyName="bounds", PolicyDocument=bounds)["Policy"]["Arn"]
    account.role("bounded", trusts=ADMIN_TRUST, allows=_of_templates("s3:ReadOnly@a"))
    iam.put_role_permissions_boundary(RoleName="bounded", PermissionsBoundary=boundary)
    alone = spawn("policy", "show", "bounded")
    assert "within the permissions boundary" in alone.stdout + alone.stderr
    together = spawn("policy", "show", "bounded", "sqs:WriteOnly@jobs")
    assert together.code == 2
    assert "bounded has a permissions boundary" in together.stderr


def _trail(account: Account) -> None:
    """Have data events of all objects delivered, as CloudTrail's user guide shows it."""
    s3, trail = account.client("s3"), account.client("cloudtrail")
    s3.create_bucket(Bucket=LOGS)
    service = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    bucket = f"arn:aws:s3:::{LOGS}"
    policy = document(
        {**service, "Action": "s3:GetBucketAcl", "Resource": bucket},
        {**service, "Action": "s3:PutObject", "Resource": f"{bucket}/AWSLogs/{ACCOUNT_ID}/*"},
    )
    s3.put_bucket_policy(Bucket=LOGS, Policy=policy)
    trail.create_trail(Name="mine", S3BucketName=LOGS, IsMultiRegionTrail=True)
    data = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": data}
    trail.put_event_selectors(TrailName="mine", EventSelectors=[selector])
    trail.start_logging(Name="mine")


def _work(client: Callable[[str], Any]) -> None:
    """Use three actions of the templates, on two buckets."""
    s3 = client("s3")
    s3.list_objects_v2(Bucket="ins")
    assert s3.get_object(Bucket="ins", Key="data/x")["Body"].read() == b"x"
    s3.put_object(Bucket="outs", Key="out", Body=b"y")


def _client_of(account: Account, keys: Keys) -> Callable[[str], Any]:
    return lambda service: account.client(service, keys)


def _is_delivered(account: Account) -> bool:
    """Whether the log files tell of the last thing that was done."""
    s3 = account.client("s3")
    return any(
        b'"errorCode":"AccessDenied"' in gzip.decompress(body)
        for listed in s3.list_objects_v2(Bucket=LOGS).get("Contents", [])
        for body in [s3.get_object(Bucket=LOGS, Key=listed["Key"])["Body"].read()]
    )


def test_a_role_is_made_as_small_as_what_it_used(account: Account, spawn: Program) -> None:
    """Three actions on two buckets remain, to the name: with them the work goes on, and no more."""
    iam, s3 = account.client("iam"), account.client("s3")
    for bucket in ("ins", "outs"):
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket="ins", Key="data/x", Body=b"x")
    _trail(account)
    wide = [
        *_of_templates("s3:FullAccess@ins", "s3:FullAccess@outs"),
        *_of_templates("sqs:WriteOnly@q"),
    ]
    arn = account.role("worker", trusts=ADMIN_TRUST, allows=wide)
    work = _client_of(account, account.assume(arn))
    _work(work)
    refusal(work("s3").put_object, Bucket=LOGS, Key="k", Body=b"")
    wait_until(lambda: _is_delivered(account))

    told = spawn("policy", "rightsize", "worker")
    assert "write in s3 outs/out: PutObject" in told.stdout
    assert f"not granted: s3:PutObject on arn:aws:s3:::{LOGS}/k" in told.stdout
    assert "unjudged: write in sqs q: SendMessage" in told.stdout

    small = spawn("policy", "rightsize", "worker", "-o", "json")
    policy = small.document()
    of_s3 = [each for each in policy["Statement"] if each["Action"][0].startswith("s3:")]
    assert of_s3 == [
        {"Effect": "Allow", "Action": [action], "Resource": [f"arn:aws:s3:::{name}"]}
        for action, name in (
            ("s3:GetObject", "ins/data/x"),
            ("s3:ListBucket", "ins"),
            ("s3:PutObject", "outs/out"),
        )
    ]
    iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=json.dumps(policy))
    _work(work)
    assert refusal(work("s3").delete_object, Bucket="outs", Key="out")[0] == "AccessDenied"


def test_what_was_never_looked_at_is_kept(account: Account, spawn: Program) -> None:
    """Without a trail of data events nothing of theirs is taken away, and that is said."""
    account.role("worker", trusts=ADMIN_TRUST, allows=_of_templates("s3:ReadOnly@ins"))
    small = spawn("policy", "rightsize", "worker", "-o", "json")
    assert {action for each in small.document()["Statement"] for action in each["Action"]} == {
        "s3:GetObject",
        "s3:ListBucket",
    }
    assert "kept unjudged" in small.stderr
