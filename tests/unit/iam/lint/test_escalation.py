"""Each known way to more rights is found where it is open, and not where it is closed."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from spawn.iam import reference
from spawn.iam.lint.escalation import WAYS, Way
from tests.unit.iam.lint.documents import findings

IDS = ["+".join((way.key, *way.others)) for way in WAYS]
BOUNDARY = {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::123456789012:policy/b"}}


def told(statements: Sequence[dict[str, object]]) -> list[str]:
    """Return what is said of ways to more rights."""
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return [each.message for each in findings(text) if each.rule == "privilege-escalation"]


def allowing(actions: object, **rest: object) -> dict[str, object]:
    """Return a statement as JSON has it."""
    return {"Effect": "Allow", "Action": actions, "Resource": "*", **rest}


def is_told(way: Way, statements: Sequence[dict[str, object]]) -> bool:
    """Say whether a way is among what is said, with the actions that it needs."""
    needed = f" (with {', '.join(way.others)})" if way.others else ""
    return any(f"{way.gives}{needed}" in message for message in told(statements))


@pytest.mark.parametrize("way", WAYS, ids=IDS)
def test_open(way: Way) -> None:
    """All that a way needs opens it, in statements of their own too; all of it is in the tables."""
    needed = (way.key, *way.others)
    assert all(reference.matching_actions(action) for action in needed)
    assert is_told(way, [allowing(action) for action in needed])


@pytest.mark.parametrize("way", WAYS, ids=IDS)
def test_closed(way: Way) -> None:
    """It is closed where one action is missing, its key is bound or denied, or goes elsewhere."""
    needed = (way.key, *way.others)
    others = [allowing(action) for action in way.others]
    for missing in needed:
        assert not is_told(way, [allowing(action) for action in needed if action != missing])
    named = "arn:aws:iam::123456789012:role/r"
    assert not is_told(way, [*others, allowing(way.key, Resource=named)])
    assert not is_told(way, [*others, allowing(way.key, Condition=BOUNDARY)])
    deny: dict[str, object] = {"Effect": "Deny", "Action": way.key, "Resource": "*"}
    assert not is_told(way, [allowing([*needed]), deny])
    if way.passed_to:
        for service, is_open in (("other.amazonaws.com", False), (way.passed_to, True)):
            condition = {"StringEquals": {"iam:PassedToService": service}}
            statements = [*others, allowing(way.key, Condition=condition)]
            assert is_told(way, statements) == is_open


def test_wildcards_are_expanded() -> None:
    """A pattern is told once, with the ways that it opens, and that there are more."""
    (message,) = told([allowing("iam:*")])
    assert message.startswith("iam:* lets them rewrite a policy that is attached; ")
    assert "more" in message


def test_where_a_call_comes_from_binds_nothing() -> None:
    """MFA, a region or an address keep nobody from what the action reaches."""
    here = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    assert told([allowing("iam:CreateAccessKey", Condition=here)])


def test_whoever_may_all_needs_no_way() -> None:
    """`*` on `*` is told as that, and not forty times over."""
    assert told([allowing("*")]) == []
    exceptions: dict[str, object] = {
        "Effect": "Allow",
        "NotAction": ["iam:*", "sts:*"],
        "Resource": "*",
    }
    assert any("what NotAction leaves" in message for message in told([exceptions]))
