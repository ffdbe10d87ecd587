"""What is said of somebody's wish, from the policies that could be read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from spawn.core.errors import AccountError
from spawn.lifecycle.can import Verdict, Wish, judge
from spawn.lifecycle.policies_of import HeldPolicy, Holder

NOW = datetime(2026, 1, 27, 18, tzinfo=UTC)
ROLE = "arn:aws:iam::111122223333:role/worker"
GET = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def _policy(**statement: Any) -> HeldPolicy:
    text = json.dumps({"Version": "2012-10-17", "Statement": {**GET, **statement}})
    return HeldPolicy(name="p", text=text)


def _holder(*policies: HeldPolicy, **more: Any) -> Holder:
    principal = more.pop("principal", ROLE)
    known = {"name": "the role worker", "role_arn": ROLE, "principal": principal}
    return Holder(**known, policies=policies, **more)


def _judged(holder: Holder, action: str = "s3:GetObject", **more: Any) -> Verdict:
    return judge(holder, Wish(action=action, resource="arn:aws:s3:::b/x", **more), now=NOW)


def test_an_unread_policy_leaves_only_a_deny_certain() -> None:
    """It could deny what is allowed and allow what is not; what is denied stays so."""
    unread = {"unseen": ("iam:GetRolePolicy failed: no",)}
    assert _judged(_holder(_policy(), **unread)).decision == "unknown"
    assert _judged(_holder(**unread)).decision == "unknown"
    denying = _judged(_holder(_policy(Effect="Deny"), **unread))
    assert (denying.decision, denying.is_known) == ("explicitDeny", True)


def test_keys_that_every_request_has_are_filled_in() -> None:
    """Who asks, and when, is known; a key that is given counts before that."""
    condition = {
        "ArnEquals": {"aws:PrincipalArn": ROLE},
        "DateLessThan": {"aws:CurrentTime": "2026-02-01T00:00:00Z"},
    }
    holder = _holder(_policy(Condition=condition))
    assert _judged(holder).is_allowed
    late = {"AWS:CurrentTime": ("2026-03-01T00:00:00Z",)}
    assert not _judged(holder, context=late).is_allowed
    user = msgspec.structs.replace(
        _holder(_policy(Resource="arn:aws:s3:::b/${aws:username}")),
        principal="arn:aws:iam::111122223333:user/people/x",
        role_arn=None,
    )
    assert _judged(user).is_allowed


def test_a_boundary_holds_back() -> None:
    """The kind that lacks the Allow is told, and what of it came near."""
    held = _judged(_holder(_policy(), boundary=_policy(Resource="arn:aws:s3:::c/*")))
    assert (held.decision, held.kind) == ("implicitDeny", "boundary")
    assert held.nearly == ("statement 1 of p allows the action, but on other resources",)


def test_a_misspelt_action_is_doubted() -> None:
    """It is denied like any other, so the answer says that it may not be meant."""
    assert "did you mean GetObject?" in _judged(_holder(_policy()), "s3:GetObjct").notes[0]


def test_a_resources_own_policy_counts_where_it_is_given() -> None:
    """Without it the answer says that it was not looked at."""
    own = _policy(Principal={"AWS": ROLE})
    assert _judged(_holder(), resource_policy=own).is_allowed
    assert "the resource's own policy is not looked at" in _judged(_holder()).notes


def test_a_policy_that_is_none_is_an_error() -> None:
    """IAM would not keep it, so something else is wrong."""
    with pytest.raises(AccountError):
        _judged(_holder(HeldPolicy(name="p", text="{")))


def test_what_is_given_beside_narrows() -> None:
    """A boundary, a session's policy and each level of an organisation must allow, too."""
    allows, other = _policy(), _policy(Action="s3:PutObject")
    holder = _holder(allows)
    for given in (
        {"boundary": allows},
        {"session": allows},
        {"scps": ((allows,), (other, allows))},
    ):
        assert _judged(holder, **given).is_allowed
    narrow: dict[str, dict[str, Any]] = {
        "boundary": {"boundary": other},
        "session": {"session": other},
        "scp": {"scps": ((allows,), (other,))},
    }
    for kind, given in narrow.items():
        denied = _judged(holder, **given)
        assert (denied.decision, denied.kind) == ("implicitDeny", kind)


def test_a_boundary_counts_instead_of_ones_own() -> None:
    """So one can ask what another one would do; what it lacks is told of it."""
    holder = _holder(_policy(), boundary=_policy(Action="s3:PutObject"))
    assert not _judged(holder).is_allowed
    assert _judged(holder, boundary=_policy()).is_allowed
    nearly = _judged(_holder(_policy()), boundary=_policy(Resource="arn:aws:s3:::c/*")).nearly
    assert nearly == ("statement 1 of p allows the action, but on other resources",)


def test_only_what_was_not_given_is_said_to_be_missing() -> None:
    """Whoever gives all kinds of policies has all of them looked at."""
    allows = _policy()
    bare = _judged(_holder(allows)).notes
    assert any("service control policies and session policies" in each for each in bare)
    given: dict[str, Any] = {"session": allows, "scps": ((allows,),), "resource_policy": allows}
    assert _judged(_holder(allows), **given).notes == ()
