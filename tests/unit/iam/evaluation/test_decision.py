"""How the kinds of policies work together: the cases of the IAM user guide's tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from spawn.iam.evaluation import Decision, Kind, Outcome, PolicySet, Request, decide
from tests.unit.iam.evaluation.requests import (
    ACCOUNT,
    ALLOW_ALL,
    DENY_ALL,
    GET,
    OBJECT,
    OTHER_ACCOUNT,
    ROLE,
    ROOT,
    SESSION,
    USER,
    policy,
)

ALLOWED, IMPLICIT, EXPLICIT = Outcome.ALLOWED, Outcome.IMPLICIT_DENY, Outcome.EXPLICIT_DENY
ALL, NONE, DENY = policy(ALLOW_ALL), policy(), policy(DENY_ALL)
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/ana"
SERVICE = "cloudtrail.amazonaws.com"
SERVICE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
TRUSTED = f"arn:aws:iam::{ACCOUNT}:role/trusted"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"


def _for(principal: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*", **more}


def _ask(principal: str = USER, /, policies: PolicySet | None = None, **more: Any) -> Decision:
    known: dict[str, Any] = {"action": GET, "resource": OBJECT}
    role = ROLE if principal == SESSION else None
    request = Request(principal=principal, **{**known, "role_arn": role, **more})
    return decide(request, policies or PolicySet())


# Who asks, whom the resource's policy names, and what is allowed though no other policy allows:
# the table in "How AWS enforcement code logic evaluates requests", and "… elements: Principal".
NAMED: list[tuple[str, Any, bool]] = [
    (USER, {"AWS": USER}, True),
    (USER, "*", True),
    (USER, {"AWS": "*"}, True),
    (USER, {"AWS": [TRUSTED, USER]}, True),
    (USER, {"AWS": ACCOUNT}, False),
    (USER, {"AWS": ROOT}, False),
    (USER, {"AWS": f"arn:aws:iam::{ACCOUNT}:user/*"}, False),
    (USER, {"Service": SERVICE}, False),
    (SESSION, {"AWS": SESSION}, True),
    (SESSION, {"AWS": ROLE}, False),
    (SESSION, "*", True),
    (FEDERATED, {"AWS": FEDERATED}, True),
    (FEDERATED, {"AWS": USER}, False),
    (ROOT, {"AWS": ROOT}, True),
    (SERVICE, {"Service": SERVICE}, True),
    (SERVICE, {"Service": "ec2.amazonaws.com"}, False),
    (SERVICE, {"AWS": ACCOUNT}, False),
    ("cognito-identity.amazonaws.com", {"Federated": "cognito-identity.amazonaws.com"}, True),
    ("79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
     {"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}, True),
    ("", "*", True),
    ("", {"AWS": USER}, False),
]  # fmt: skip


@pytest.mark.parametrize(("principal", "named", "is_allowed"), NAMED)
def test_what_is_given_directly_needs_and_fears_no_other_policy(
    principal: str, named: Any, is_allowed: bool
) -> None:
    """In one account neither boundary nor session policy limits what names who asks itself."""
    policies = PolicySet(resource=policy(_for(named)), boundary=NONE, session=NONE)
    assert _ask(principal, policies).is_allowed is is_allowed


@pytest.mark.parametrize(
    ("limits", "kind"), [({"boundary": NONE}, Kind.BOUNDARY), ({"session": NONE}, Kind.SESSION)]
)
def test_what_is_given_to_a_role_is_limited_as_an_identity_policy_is(
    limits: dict[str, Any], kind: Kind
) -> None:
    """A role named by ARN needs no identity policy, but boundary and session policy hold."""
    given = PolicySet(resource=policy(_for({"AWS": ROLE})))
    assert _ask(SESSION, given).kind is Kind.RESOURCE
    assert _ask(SESSION, given).is_allowed
    assert _ask(ROLE, given).is_allowed
    assert _ask(SESSION, msgspec.structs.replace(given, **limits)).kind is kind


def test_a_session_is_its_role_without_being_told_so() -> None:
    """Without the role's ARN, a session's role is the one of its name that has no path."""
    named = policy(_for({"AWS": f"arn:aws:iam::{ACCOUNT}:role/worker"}))
    assert _ask(SESSION, PolicySet(resource=named), role_arn=None).is_allowed
    assert not _ask(SESSION, PolicySet(resource=named)).is_allowed


def test_what_is_given_to_the_account_is_left_to_its_policies() -> None:
    """Naming the account delegates: a policy of the identity must allow it too."""
    given = policy(_for({"AWS": ACCOUNT}))
    silent = _ask(policies=PolicySet(resource=given))
    assert (silent.outcome, silent.kind) == (IMPLICIT, Kind.IDENTITY)
    assert _ask(policies=PolicySet(resource=given, identity=(ALL,))).is_allowed


CROSS_ACCOUNT: list[tuple[dict[str, Any], Outcome, Kind]] = [
    ({}, IMPLICIT, Kind.RESOURCE),
    ({"identity": (ALL,)}, IMPLICIT, Kind.RESOURCE),
    ({"identity": (ALL,), "resource": NONE}, IMPLICIT, Kind.RESOURCE),
    ({"identity": (ALL,), "resource": policy(_for({"AWS": OTHER_ACCOUNT}))}, IMPLICIT,
     Kind.RESOURCE),
    ({"resource": policy(_for({"AWS": USER}))}, IMPLICIT, Kind.IDENTITY),
    ({"identity": (ALL,), "resource": policy(_for({"AWS": USER}))}, ALLOWED, Kind.IDENTITY),
    ({"identity": (ALL,), "resource": policy(_for({"AWS": ACCOUNT}))}, ALLOWED, Kind.IDENTITY),
    ({"identity": (ALL,), "resource": policy(_for("*"))}, ALLOWED, Kind.IDENTITY),
    ({"identity": (ALL,), "resource": policy(_for("*")), "boundary": NONE}, IMPLICIT,
     Kind.BOUNDARY),
    ({"identity": (ALL,), "resource": policy(_for({"AWS": USER})), "session": NONE}, IMPLICIT,
     Kind.SESSION),
    ({"identity": (ALL,), "resource": policy(_for("*"), {**_for("*"), "Effect": "Deny"})},
     EXPLICIT, Kind.RESOURCE),
]  # fmt: skip


@pytest.mark.parametrize(("policies", "outcome", "kind"), CROSS_ACCOUNT)
def test_another_accounts_resource_needs_both(
    policies: dict[str, Any], outcome: Outcome, kind: Kind
) -> None:
    """The account of who asks and that of the resource must each allow."""
    decision = _ask(USER, PolicySet(**policies), resource_account=OTHER_ACCOUNT)
    assert (decision.outcome, decision.kind) == (outcome, kind)


def test_what_another_account_gives_a_role_needs_its_own_accounts_word() -> None:
    """A role that is named abroad still needs an identity policy at home."""
    given = PolicySet(resource=policy(_for({"AWS": ROLE})))
    assert _ask(SESSION, given, resource_account=OTHER_ACCOUNT).kind is Kind.IDENTITY
    both = msgspec.structs.replace(given, identity=(ALL,))
    assert _ask(SESSION, both, resource_account=OTHER_ACCOUNT).is_allowed


@pytest.mark.parametrize(
    ("resource", "is_foreign"),
    [
        (f"arn:aws:sqs:us-east-1:{OTHER_ACCOUNT}:q", True),
        (f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", False),
        (OBJECT, False),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", False),
        ("*", False),
    ],
)
def test_a_resources_account_is_in_its_arn(resource: str, is_foreign: bool) -> None:
    """Where it isn't told whose a resource is, its ARN says so, else it is the asking account's."""
    decision = _ask(policies=PolicySet(identity=(ALL,)), resource=resource)
    assert decision.is_allowed is not is_foreign


AUTHORITIES: list[tuple[str, str, Any, tuple[Any, ...], bool]] = [
    ("sts:AssumeRole", TRUSTED, {"AWS": USER}, (), True),
    ("sts:AssumeRole", TRUSTED, {"AWS": ACCOUNT}, (), False),
    ("sts:AssumeRole", TRUSTED, {"AWS": ROOT}, (ALL,), True),
    ("sts:AssumeRole", TRUSTED, {"Service": "ec2.amazonaws.com"}, (ALL,), False),
    ("sts:TagSession", TRUSTED, {"Service": "ec2.amazonaws.com"}, (ALL,), False),
    ("kms:Decrypt", KEY, {"AWS": USER}, (), True),
    ("kms:Decrypt", KEY, {"AWS": ROOT}, (ALL,), True),
    ("kms:Decrypt", KEY, {"AWS": ROOT}, (), False),
    ("kms:Decrypt", KEY, {"AWS": TRUSTED}, (ALL,), False),
    ("s3:GetObject", OBJECT, {"AWS": TRUSTED}, (ALL,), True),
]


@pytest.mark.parametrize("case", AUTHORITIES, ids=lambda case: f"{case[0]} {case[2]}")
def test_roles_and_keys_are_used_by_whom_their_own_policies_name(
    case: tuple[str, str, Any, tuple[Any, ...], bool],
) -> None:
    """A trust policy and a key policy must allow; identity policies alone are not enough."""
    action, resource, named, identity, is_allowed = case
    # A trust policy names no resource: it is about the role that it lies in.
    statement = {key: part for key, part in _for(named).items() if key != "Resource"}
    policies = PolicySet(identity=identity, resource=policy(statement))
    assert _ask(USER, policies, action=action, resource=resource).is_allowed is is_allowed


NOT_PRINCIPALS: list[tuple[str, Any, bool]] = [
    (USER, [USER, ROOT], True),
    (f"arn:aws:iam::{ACCOUNT}:user/eve", [USER, ROOT], False),
    (USER, [ROOT], False),
    (SESSION, [SESSION, ROLE, ROOT], True),
    (SESSION, [ROLE, ROOT], False),
    (ROOT, [ROOT], True),
]


@pytest.mark.parametrize(("principal", "spared", "is_allowed"), NOT_PRINCIPALS)
def test_not_principal_spares_whom_it_names(
    principal: str, spared: list[str], is_allowed: bool
) -> None:
    """A Deny with NotPrincipal is for all but the user or session itself."""
    refusing = {**DENY_ALL, "NotPrincipal": {"AWS": spared}}
    policies = PolicySet(identity=(ALL,), resource=policy(refusing))
    assert _ask(principal, policies).is_allowed is is_allowed


def test_not_principal_spares_nobody_with_a_boundary() -> None:
    """IAM denies whoever has a permissions boundary, whomever NotPrincipal names."""
    refusing = {**DENY_ALL, "NotPrincipal": {"AWS": [USER, ROOT]}}
    policies = PolicySet(identity=(ALL,), resource=policy(refusing), boundary=ALL)
    assert _ask(USER, policies).outcome is EXPLICIT


def test_an_allow_with_not_principal_excepts_generously() -> None:
    """Whom it means by any name, its account's included, it gives nothing."""
    for named, is_allowed in ((USER, False), (ROOT, False), (TRUSTED, True)):
        giving = {**ALLOW_ALL, "NotPrincipal": {"AWS": named}}
        assert _ask(policies=PolicySet(resource=policy(giving))).is_allowed is is_allowed


SCPS: list[tuple[str, Any, Outcome]] = [
    (USER, None, ALLOWED),
    (USER, ((ALL,), (ALL,), (ALL,)), ALLOWED),
    (USER, ((ALL,), (NONE, ALL)), ALLOWED),
    (USER, ((ALL,), (NONE,), (ALL,)), IMPLICIT),
    (USER, ((ALL,), ()), IMPLICIT),
    (USER, ((ALL, DENY), (ALL,)), EXPLICIT),
    (ROOT, ((ALL,), (NONE,)), IMPLICIT),
    (SESSION, ((NONE,),), IMPLICIT),
    (SERVICE_ROLE, ((DENY,),), ALLOWED),
]


@pytest.mark.parametrize(("principal", "levels", "outcome"), SCPS)
def test_each_level_of_an_organisation_must_allow(
    principal: str, levels: Any, outcome: Outcome
) -> None:
    """Root user included; service-linked roles are not bound."""
    decision = _ask(principal, PolicySet(identity=(ALL,), scps=levels))
    assert decision.outcome is outcome
    assert outcome is ALLOWED or decision.kind is Kind.SCP


def test_scps_bind_no_services() -> None:
    """They are for the users and roles of an account."""
    policies = PolicySet(resource=policy(_for({"Service": SERVICE})), scps=((DENY,),))
    assert _ask(SERVICE, policies).is_allowed


def test_root_may_do_everything_at_home() -> None:
    """But what an SCP, or the policy of the resource, denies; and abroad what is given there."""
    assert _ask(ROOT).is_allowed
    assert not _ask(ROOT, resource_account=OTHER_ACCOUNT).is_allowed
    abroad = PolicySet(resource=policy(_for({"AWS": ACCOUNT})))
    assert _ask(ROOT, abroad, resource_account=OTHER_ACCOUNT).is_allowed
    denying = policy({**DENY_ALL, "Principal": {"AWS": ROOT}})
    assert _ask(ROOT, PolicySet(resource=denying)).outcome is EXPLICIT


def test_a_federated_user_has_what_its_session_policy_allows() -> None:
    """Without one the user's own policies give it nothing."""
    assert _ask(FEDERATED, PolicySet(identity=(ALL,))).kind is Kind.SESSION
    assert _ask(FEDERATED, PolicySet(identity=(ALL,), session=ALL)).is_allowed


DENIERS: list[tuple[Mapping[str, Any], Kind]] = [
    ({"identity": (ALL, DENY)}, Kind.IDENTITY),
    ({"identity": (ALL,), "boundary": DENY}, Kind.BOUNDARY),
    ({"identity": (ALL,), "session": DENY}, Kind.SESSION),
    ({"identity": (ALL,), "scps": ((ALL,), (ALL, DENY))}, Kind.SCP),
    ({"identity": (ALL,), "resource": policy({**DENY_ALL, "Principal": "*"})}, Kind.RESOURCE),
    ({"identity": (ALL,), "resource": policy({**DENY_ALL, "Principal": {"AWS": ACCOUNT}})},
     Kind.RESOURCE),
    ({"identity": (ALL,), "resource": policy({**DENY_ALL, "Principal": {"AWS": ROLE}})},
     Kind.RESOURCE),
]  # fmt: skip


@pytest.mark.parametrize(("policies", "kind"), DENIERS)
def test_a_deny_wins_wherever_it_stands(policies: Mapping[str, Any], kind: Kind) -> None:
    """In whichever kind of policy; and it is told which."""
    decision = _ask(SESSION, PolicySet(**policies))
    assert (decision.outcome, decision.kind, decision.statement) == (EXPLICIT, kind, 1)
