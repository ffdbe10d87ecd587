"""Access Analyzer's validation, as far as the embedded cloud has it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.local.conftest import Account, refusal

PASS = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
GET = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
TRUST = "AWS::IAM::AssumeRolePolicyDocument"
IDENTITY, RESOURCE = "IDENTITY_POLICY", "RESOURCE_POLICY"


def policy(*statements: dict[str, Any], **members: Any) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements], **members}, indent=1)


def codes(account: Account, text: str, type_: str = IDENTITY, **more: Any) -> list[str]:
    """The codes of what is found, of every page."""
    pages = account.client("accessanalyzer").get_paginator("validate_policy")
    found = pages.paginate(
        policyDocument=text, policyType=type_, PaginationConfig={"PageSize": 1}, **more
    )
    return [each["issueCode"] for page in found for each in page["findings"]]


CASES: tuple[tuple[str, list[str]], ...] = (
    (policy(GET), []),
    ('{"Version": ', ["JSON_SYNTAX_ERROR"]),
    ("[]", ["DATA_TYPE_MISMATCH"]),
    (json.dumps({"Statement": GET}), ["MISSING_VERSION"]),
    (policy(GET, Version="2020-01-01"), ["INVALID_VERSION"]),
    ('{"Version": "2012-10-17"}', ["MISSING_STATEMENT"]),
    (policy(GET, Extra=1), ["INVALID_POLICY_ELEMENT"]),
    (policy({}), ["MISSING_ACTION", "MISSING_EFFECT", "MISSING_RESOURCE"]),
    (policy({**GET, "Effect": "allow"}), ["INVALID_EFFECT"]),
    (policy({**GET, "Principal": "*"}), ["UNSUPPORTED_PRINCIPAL"]),
    (policy({**GET, "Action": "s4:GetObject"}), ["INVALID_SERVICE_IN_ACTION"]),
    (policy({**GET, "Action": "GetObject"}), ["INVALID_ACTION"]),
    (policy({**GET, "Action": "s3:GetObjekt"}), ["INVALID_ACTION"]),
    (policy({**GET, "Action": ["s3:GetObject", "s3:getobject"]}), ["REDUNDANT_ACTION"]),
    (policy(PASS), ["PASS_ROLE_WITH_STAR_IN_RESOURCE"]),
    (policy({**PASS, "Action": "iam:*"}), ["PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE"]),
    (policy({**PASS, "Effect": "Deny"}), []),
    (policy({**PASS, "Condition": {"StringEquals": {"iam:PassedToService": "x"}}}), []),
    (policy({**GET, "Sid": "a"}, {**GET, "Sid": "a"}), ["UNIQUE_SIDS_REQUIRED"]),
)


@pytest.mark.parametrize("number", range(len(CASES)))
def test_what_is_wrong_has_awss_code(account: Account, number: int) -> None:
    """Each check is seen to find, and a policy that is right to be left alone."""
    text, expected = CASES[number]
    assert codes(account, text) == expected


def test_the_kind_of_policy_counts(account: Account) -> None:
    """A resource's policy says who, and a role's trust says nothing of resources."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111122223333"}}
    assert codes(account, policy(GET), RESOURCE) == ["MISSING_PRINCIPAL"]
    assert codes(account, policy(trust), RESOURCE) == ["MISSING_RESOURCE"]
    assert codes(account, policy(trust), RESOURCE, validatePolicyResourceType=TRUST) == []
    everybody_else = {**GET, "NotPrincipal": {"AWS": "111122223333"}}
    assert codes(account, policy(everybody_else), RESOURCE) == ["ALLOW_WITH_NOT_PRINCIPAL"]


def test_a_finding_tells_its_place(account: Account) -> None:
    """Lines count from 1, columns and offsets from 0, and the way leads to the same value."""
    text = policy(GET, {**GET, "Action": ["s3:GetObject", "s3:GetObjekt"]})
    answer = account.client("accessanalyzer").validate_policy(
        policyDocument=text, policyType=IDENTITY
    )
    [found] = answer["findings"]
    [location] = found["locations"]
    assert found["findingType"] == "ERROR"
    way = [each.get("value", each.get("index")) for each in location["path"]]
    assert way == ["Statement", 1, "Action", 1]
    start, end = location["span"]["start"], location["span"]["end"]
    assert text[start["offset"] : end["offset"]] == '"s3:GetObjekt"'
    line = text.splitlines()[start["line"] - 1]
    assert line[start["column"] : end["column"]] == '"s3:GetObjekt"'


def test_what_is_not_known_here_is_said(account: Account) -> None:
    """Kinds of policies of which nothing is known are no policies without findings."""
    validate = account.client("accessanalyzer").validate_policy
    for words in (
        {"policyType": "RESOURCE_CONTROL_POLICY"},
        {"policyType": RESOURCE, "validatePolicyResourceType": "AWS::S3::Bucket"},
    ):
        code, _ = refusal(validate, policyDocument=policy(GET), **words)
        assert code == "NotImplemented"
    code, _ = refusal(
        validate, policyDocument="{}", policyType=IDENTITY, validatePolicyResourceType=TRUST
    )
    assert code == "ValidationException"
