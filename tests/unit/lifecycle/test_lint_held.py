"""What is said of a role's policies together."""

from __future__ import annotations

import json

import pytest

from spawn.iam.lint import Severity
from spawn.lifecycle.lint_held import lint_held
from spawn.lifecycle.policies_of import HeldPolicy, Holder

ROLE = "arn:aws:iam::111122223333:role/worker"
USER = "arn:aws:iam::111122223333:user/ana"
FULL = "inline-nearly-full"


def _policy(name: str, characters: int) -> HeldPolicy:
    """A policy that is right, of so many characters as AWS counts them, and spaces beside."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    missing = characters - len(json.dumps(document, separators=(",", ":")))
    statement["Resource"] += "x" * missing
    return HeldPolicy(name=name, text=json.dumps(document, indent=8))


def _found(*policies: HeldPolicy, role: bool = True) -> list[str]:
    """What is said of the policies of a role, or of a user, as a whole."""
    holder = Holder(
        name="worker",
        principal=ROLE if role else USER,
        role_arn=ROLE if role else None,
        policies=policies,
    )
    found = [finding for looked in lint_held(holder) for finding in looked.linted.findings]
    return [f"{each.place.policy}: {each.message}" for each in found if each.rule == FULL]


def test_inline_policies_count_together() -> None:
    """Each of them is short enough, and there is no room for another; whitespace is not counted."""
    [said] = _found(_policy("a", 5_000), _policy("b", 4_217))
    assert said == "worker: its inline policies: together they have 9,217 of 10,240 characters"


@pytest.mark.parametrize(
    ("policies", "role"),
    [
        ((_policy("a", 5_000), _policy("b", 4_216)), True),
        ((_policy("a", 5_000), _policy("arn:aws:iam::111122223333:policy/b", 5_000)), True),
        ((_policy("a", 5_000), _policy("b", 5_000)), False),
    ],
    ids=["room", "managed", "user"],
)
def test_what_has_room_is_let_be(policies: tuple[HeldPolicy, ...], role: bool) -> None:
    """Managed policies have a limit of their own, and a user's inline ones another."""
    assert _found(*policies, role=role) == []


def test_it_is_a_remark() -> None:
    """The role works as it is."""
    holder = Holder(name="w", principal=ROLE, role_arn=ROLE, policies=(_policy("a", 10_000),))
    *_, last = lint_held(holder)
    assert [finding.severity for finding in last.linted.findings] == [Severity.INFO]
