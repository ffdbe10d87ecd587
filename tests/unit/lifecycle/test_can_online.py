"""What IAM's simulator is asked, and what is said where it answers otherwise than spawn."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from spawn.aws.iam_simulation import simulated
from spawn.core.errors import AwsRefusal, InputError
from spawn.lifecycle.can import OnlineVerdict, Wish, judge
from spawn.lifecycle.can_online import compare, online_question, with_caller
from spawn.lifecycle.policies_of import HeldPolicy, Holder

NOW = datetime(2026, 1, 27, 18, tzinfo=UTC)
ROLE = "arn:aws:iam::111122223333:role/worker"
USER = "arn:aws:iam::111122223333:user/ana"
GET = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
POLICY = HeldPolicy(name="p", text=json.dumps({"Version": "2012-10-17", "Statement": GET}))
SESSION = "arn:aws:sts::111122223333:assumed-role/worker/i-1"
WORKER = Holder(name="worker", principal=SESSION, role_arn=ROLE, policies=(POLICY,))
FILE = Holder(name="p.json", principal="", role_arn=None, policies=(POLICY,), is_file=True)


def _wish(**more: Any) -> Wish:
    return Wish(action="s3:GetObject", resource="arn:aws:s3:::b/x", **more)


def _compared(holder: Holder, **result: Any) -> OnlineVerdict:
    whole = {"EvalActionName": "s3:GetObject", **result}
    return compare(judge(holder, _wish(), now=NOW), simulated({"EvaluationResults": [whole]}))


def test_the_same_answer_is_no_difference() -> None:
    """AWS's own words are kept, with the place of the statement that it names."""
    found = _compared(
        WORKER,
        EvalDecision="allowed",
        MatchedStatements=[
            {
                "SourcePolicyId": "role_worker_p",
                "SourcePolicyType": "IAM Policy",
                "StartPosition": {"Line": 1, "Column": 41},
            }
        ],
    )
    assert (found.decision, found.own, found.differs) == ("allowed", "allowed", False)
    assert found.online.matched == ("role_worker_p (IAM Policy), line 1 column 41",)
    assert not found.difference


def test_another_answer_is_told_with_both_reasons() -> None:
    """AWS's decision counts, and each side's reason is in the words."""
    found = _compared(
        WORKER,
        EvalDecision="implicitDeny",
        OrganizationsDecisionDetail={"AllowedByOrganizations": False},
        MissingContextValues=["aws:SourceIp"],
    )
    assert (found.decision, found.own, found.differs) == ("implicitDeny", "allowed", True)
    assert not found.is_allowed
    assert "the organisation's policies don't allow it" in found.difference
    assert "aws:SourceIp" in found.difference
    assert "statement 1 of the identity policy p allows it" in found.difference
    bounded = {"AllowedByPermissionsBoundary": False}
    by_boundary = _compared(
        WORKER, EvalDecision="implicitDeny", PermissionsBoundaryDecisionDetail=bounded
    )
    assert "the permissions boundary doesn't allow it" in by_boundary.difference


def test_what_spawn_does_not_know_differs_from_nothing() -> None:
    """AWS reads the policies that the person may not."""
    unread = Holder(name="w", principal=ROLE, role_arn=ROLE, policies=(), unseen=("no",))
    found = _compared(unread, EvalDecision="allowed")
    assert (found.decision, found.own, found.differs) == ("allowed", "unknown", False)


def test_an_answer_to_no_question_is_refused() -> None:
    """Nothing is concluded from an answer without a result."""
    with pytest.raises(AwsRefusal):
        compare(judge(WORKER, _wish(), now=NOW), ())


def test_keys_are_asked_with_their_types() -> None:
    """IAM's tables say what a key is; several values, or a key that may have them, are a list."""
    context = {
        "aws:SourceIp": ("203.0.113.9",),
        "aws:TagKeys": ("a",),
        "aws:SecureTransport": ("true",),
        "aws:CurrentTime": ("2026-01-27T18:00:00Z",),
        "s3:max-keys": ("5", "6"),
        "my:own": ("x",),
    }
    question = online_question(WORKER, _wish(), context, region="eu-west-1")
    assert question.parameters["PolicySourceArn"] == ROLE
    entries: Any = question.parameters["ContextEntries"]
    assert [each["ContextKeyType"] for each in entries] == [
        "ip",
        "stringList",
        "boolean",
        "date",
        "numericList",
        "string",
    ]


def test_a_resources_policy_needs_a_user_who_asks() -> None:
    """The simulator takes it for no role; of a file the person says who asks."""
    with pytest.raises(InputError):
        with_caller(WORKER, _wish(resource_policy=POLICY))
    with pytest.raises(InputError):
        with_caller(FILE, _wish(resource_policy=POLICY))
    named = _wish(resource_policy=POLICY, context={"aws:principalarn": (USER,)})
    holder = with_caller(FILE, named)
    assert holder.principal == USER
    asked = online_question(holder, named, {}, region="eu-west-1").parameters
    assert (asked["CallerArn"], asked["ResourcePolicy"]) == (USER, POLICY.text)
    assert asked["PolicyInputList"] == [POLICY.text]


def test_a_boundary_is_simulated_and_an_organisation_is_not() -> None:
    """The simulator takes a boundary in place of one's own; what it can't take is refused."""
    asked = online_question(WORKER, _wish(boundary=POLICY), {}, region="eu-west-1").parameters
    assert asked["PermissionsBoundaryPolicyInputList"] == [POLICY.text]
    assert (
        "PermissionsBoundaryPolicyInputList"
        not in online_question(WORKER, _wish(), {}, region="eu-west-1").parameters
    )
    for given in ({"scps": ((POLICY,),)}, {"session": POLICY}):
        with pytest.raises(InputError):
            with_caller(WORKER, _wish(**given))
