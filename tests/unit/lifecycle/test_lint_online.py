"""Which of AWS's findings are spawn's too, and which are one's alone."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from spawn.aws.access_analyzer import PolicyFinding, PolicyType, validation_question
from spawn.iam.lint import RULES, PolicyKind, Source, lint
from spawn.iam.lint.reading import MOST_BYTES
from spawn.lifecycle.lint_online import SAME_KIND, Compared, compare, looked_at, validation_of

TEXT = """{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Action": ["s3:GetObjekt", "s3:PutObjekt"],
    "Resource": "arn:aws:s3:::b/*"
  }, {
    "Effect": "Allow",
    "Action": "iam:PassRole",
    "Resource": "*"
  }]
}
"""


def theirs(code: str, way: list[str | int], *places: tuple[int, int, int]) -> PolicyFinding:
    """A finding of AWS's as it comes: lines from 1, columns from 0."""
    path = [{"index": one} if isinstance(one, int) else {"value": one} for one in way]
    locations = [
        {
            "path": path,
            "span": {
                "start": {"line": line, "column": start, "offset": 0},
                "end": {"line": line, "column": end, "offset": 0},
            },
        }
        for line, start, end in places
    ]
    found: dict[str, Any] = {
        "findingDetails": "said",
        "findingType": "ERROR",
        "issueCode": code,
        "learnMoreLink": "https://docs.aws.amazon.com/x",
        "locations": locations,
    }
    return msgspec.convert(found, PolicyFinding)


def compared(*answer: PolicyFinding, text: str = TEXT) -> Compared:
    """What comes of AWS's answer about a text that spawn has looked at."""
    return compare(lint(text.encode(), Source(name="p")), answer)


def rules(found: Compared) -> list[list[tuple[str, int]]]:
    """The rules and columns of spawn's findings, by AWS's findings that say the same."""
    return [[(own.rule, own.place.column) for own in each.own] for each in found.both]


def test_of_two_in_a_statement_each_meets_its_own() -> None:
    """The place decides between findings of one kind; AWS's columns count from 0."""
    first, second = TEXT.splitlines()[4].index('"s3:Get'), TEXT.splitlines()[4].index('"s3:Put')
    way: list[str | int] = ["Statement", 0, "Action"]
    found = compared(
        theirs("INVALID_ACTION", [*way, 1], (5, second, second + 14)),
        theirs("INVALID_ACTION", [*way, 0], (5, first, first + 14)),
    )
    assert rules(found) == [[("unknown-action", second + 1)], [("unknown-action", first + 1)]]
    assert found.only_aws == ()
    assert "unknown-action" not in {each.rule for each in found.only_own}
    assert [each.aws.place.column for each in found.both] == [second + 1, first + 1]


def test_two_ends_of_one_thing_are_the_same_finding() -> None:
    """AWS points at the resource, spawn at the action: kind and statement tell."""
    found = compared(
        theirs("PASS_ROLE_WITH_STAR_IN_RESOURCE", ["Statement", 1, "Resource"], (10, 16, 19))
    )
    assert rules(found) == [[("pass-any-role", 15)]]


@pytest.mark.parametrize(
    "finding",
    [
        theirs("PASS_ROLE_WITH_STAR_IN_RESOURCE", ["Statement", 0, "Resource"], (6, 16, 34)),
        theirs("MISSING_ARN_REGION", ["Statement", 1, "Resource"], (10, 16, 19)),
        theirs("A_CODE_TO_COME", [], (1, 0, 1)),
        theirs("A_CODE_WITHOUT_A_PLACE", []),
    ],
    ids=lambda finding: finding.issue_code,
)
def test_another_statement_or_kind_is_not_the_same(finding: PolicyFinding) -> None:
    """What spawn does not say there stands alone, and makes the policy refused."""
    found = compared(finding)
    assert found.both == ()
    assert [each.code for each in found.only_aws] == [finding.issue_code]
    assert len(found.only_own) == len(lint(TEXT.encode(), Source(name="p")).findings)
    assert found.is_refused


def test_a_single_statement_is_the_first() -> None:
    """Without a list AWS's way has no number."""
    statement = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    way: list[str | int] = ["Statement", "Resource"]
    found = compared(theirs("PASS_ROLE_WITH_STAR_IN_RESOURCE", way, (1, 9, 10)), text=text)
    assert rules(found) == [[("pass-any-role", text.index('"iam:') + 1)]]


def test_suggestions_refuse_nothing() -> None:
    """They are remarks, and any other type, one to come included, is more."""
    suggestion = msgspec.structs.replace(
        theirs("REDUNDANT_ACTION", [], (1, 0, 1)), finding_type="SUGGESTION"
    )
    assert not compared(suggestion).is_refused
    assert not compared().is_refused


def test_every_pair_of_kinds_names_a_rule() -> None:
    """The table holds no rule that lint lacks, so none can be matched by mistake."""
    assert SAME_KIND.keys() <= RULES.keys()


def test_each_kind_is_asked_in_awss_words() -> None:
    """Boundaries and sessions are identity policies; a trust policy says what it is of."""
    asked = {
        kind: validation_question(validation_of(kind, "{}"), region="eu-west-1").parameters
        for kind in PolicyKind
    }
    assert {each["policyType"] for each in asked.values()} == set(PolicyType)
    assert asked[PolicyKind.BOUNDARY]["policyType"] == "IDENTITY_POLICY"
    assert asked[PolicyKind.SCP]["policyType"] == "SERVICE_CONTROL_POLICY"
    of_roles = "AWS::IAM::AssumeRolePolicyDocument"
    assert asked[PolicyKind.TRUST]["validatePolicyResourceType"] == of_roles
    assert "validatePolicyResourceType" not in asked[PolicyKind.RESOURCE]


@pytest.mark.parametrize("content", [b"\xff{}", b" " * (MOST_BYTES + 1)], ids=["bytes", "large"])
def test_what_is_no_text_is_not_sent(content: bytes) -> None:
    """AWS takes UTF-8; of a file that is cut off nothing is to be asked."""
    assert looked_at(lint(content, Source(name="p")), content).text is None
