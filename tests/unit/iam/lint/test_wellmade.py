"""Policies that are right have no findings; and AWS's own are judged without inventing anything."""

from __future__ import annotations

import json

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from spawn.iam.backstop_role import wanted_backstop_role
from spawn.iam.documents import PolicyDocument, canonical_json
from spawn.iam.lint import Finding, PolicyKind, Source, lint
from spawn.iam.roles import trust_of
from spawn.iam.templates import SESSION_MANAGER, TEMPLATES, parse_templates, statements
from tests.unit.iam.lint.documents import findings

PLACES = (("aws", "us-east-1"), ("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-north-1"))
SCOPES = {
    "s3": "my-bucket",
    "dynamodb": "my-table",
    "logs": "/app/web",
    "ecr": "team/app",
    "sqs": "my-queue",
    "secretsmanager": "db-password",
    "ssm": "/app/config",
}
# What a person reads in a seed of this project, and copies.
SEEDS_READ_ONLY = """{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": ["arn:aws:s3:::spawn-binaries-*/*", "arn:aws:s3:::spawn-results-*/*"]
  }]
}"""
MANAGED: dict[str, object] = {
    name: policy["Document"] for name, policy in json.loads(aws_managed_policies_data).items()
}
OF_ACTIONS = {
    "unknown-service",
    "unknown-action",
    "unlisted-action",
    "not-an-action",
    "action-case",
    "action-needs-star",
    "action-resource-mismatch",
}


def of_document(document: PolicyDocument, kind: PolicyKind | None = None) -> list[str]:
    """Return the rules that find something in a policy that spawn writes."""
    return [each.rule for each in findings(canonical_json(document), kind)]


@pytest.mark.parametrize(("partition", "region"), PLACES)
@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("is_scoped", [False, True])
def test_templates(name: str, is_scoped: bool, partition: str, region: str) -> None:
    """Each template is right, scoped or not; full access to all that there is, is told as that."""
    words = f"{name}@{SCOPES[name.partition(':')[0]]}" if is_scoped else name
    (template,) = parse_templates((words,))
    place = {"partition": partition, "region": region, "account": "123456789012"}
    found = of_document(PolicyDocument(statements=statements(template, **place)))
    is_full = name.endswith(":FullAccess") and not is_scoped
    assert set(found) == ({"every-action-of-service"} if is_full else set())


def test_roles_that_spawn_makes() -> None:
    """Session Manager's actions, the backstop's, and who may assume them, are right."""
    role = wanted_backstop_role("ana", partition="aws", account="123456789012", boundary=None)
    assert of_document(SESSION_MANAGER) == []
    assert role.inline is not None
    assert of_document(role.inline) == []
    assert of_document(role.trust) == []
    assert of_document(trust_of("ec2.amazonaws.com", {})) == []


def test_the_defect_of_the_seeds_is_named() -> None:
    """Listing is allowed on objects, where nothing can be listed; reading them is right."""
    (found,) = findings(SEEDS_READ_ONLY)
    assert found.rule == "action-resource-mismatch"
    assert (found.place.line, found.place.column) == (5, 32)
    assert "s3:ListBucket works on" in found.message
    assert "arn:aws:s3:::spawn-binaries-*, arn:aws:s3:::spawn-results-*" in found.remedy


def _is_invented(finding: Finding, lines: list[str]) -> bool:
    """Say whether a finding speaks of an action that does not stand at its place."""
    place = finding.place
    there = lines[place.line - 1][place.column - 1 :]
    action = json.loads(there[: there.index('"', 1) + 1])
    return action.rpartition(":")[2] not in finding.message


def test_policies_of_awss_own() -> None:
    """All of AWS's policies are read and judged; what is said of an action is said of one there.

    They name some actions that were retired, and some that are newer than the tables: those are
    told as unlisted, unless there is a name that is hard to tell from it.
    """
    unknown = 0
    for name, document in MANAGED.items():
        text = json.dumps(document, indent=1)
        found = lint(text.encode(), Source(name=name)).findings
        spoken = [each for each in found if each.rule in OF_ACTIONS]
        lines = text.split("\n")
        assert not [each for each in spoken if _is_invented(each, lines)], name
        assert not {"not-json", "wrong-type", "unknown-member"} & {each.rule for each in found}
        unknown += sum(each.rule in {"unknown-service", "unknown-action"} for each in spoken)
    # Of 17,000 different actions, as the tables stand.
    assert unknown < 10
