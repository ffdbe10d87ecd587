"""What in a policy reaches further than one machine's work needs.

Pure; the control that refuses or warns is the posture's. Only grants are judged: a denial takes
away, however wide. An action that knows no resource type can't be given more narrowly than
"*", and is no finding.
"""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from spawn.iam import reference
from spawn.iam.arns import parse_arn
from spawn.iam.documents import Effect, PolicyDocument, Statement

# Keys that tie a statement to one account, or to what carries a tag, whatever the ARN leaves open.
_NARROWING_KEY = re.compile(r"(aws|s3):resourceaccount|[a-z0-9-]+:resourcetag/.+")
_EXACT_OPERATORS = frozenset({"StringEquals", "StringEqualsIgnoreCase"})
# Reads, but of what people keep apart from everything else.
_SECRETS = frozenset(
    {
        "secretsmanager:getsecretvalue",
        "ssm:getparameter",
        "ssm:getparameters",
        "ssm:getparametersbypath",
    }
)
# Systems Manager user guide, "Setting up Session Manager": an instance reports itself with it,
# and "*" is how AWS says to allow it.
_OF_ITSELF = frozenset({"ssm:updateinstanceinformation"})
# EC2's ARNs of these have no account. Others' are launched from and copied; changed are one's own.
_ONE_OWNS = ("image/", "snapshot/")
_KNOWN_BROAD = {
    "AdministratorAccess": "it allows everything",
    "PowerUserAccess": "it allows everything but IAM",
    "ReadOnlyAccess": "it reads everything in the account",
    "AmazonSSMManagedInstanceCore": "it reads every parameter of the account;"
    " --security strict gives Session Manager's five actions alone",
    "AmazonEC2RoleforSSM": "it reads every parameter of the account, and every bucket",
}


class Breadth(enum.StrEnum):
    """In which way a statement is too wide; the values are names of lint's rules too."""

    EVERY_ACTION = "every-action"
    EVERY_ACTION_OF_SERVICE = "every-action-of-service"
    NOT_ACTION = "not-action-with-allow"
    NOT_RESOURCE = "not-resource-with-allow"
    PASS_ROLE = "pass-any-role"  # noqa: S105  the name of a rule
    CHANGE = "change-anything"
    SECRET = "read-any-secret"  # noqa: S105  the name of a rule


class BroadStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that is too wide; `number` counts from 1, `sid` may be empty.

    `action` is the pattern in it that is, "" where it is the statement as a whole.
    """

    number: int
    sid: str
    breadth: Breadth
    action: str
    reason: str


# The way, the action's pattern, and the sentence.
_Reason = tuple[Breadth, str, str]


def broad_statements(document: PolicyDocument) -> tuple[BroadStatement, ...]:
    """Return the statements that are too wide, one entry for each reason."""
    return tuple(
        BroadStatement(
            number=number, sid=statement.sid, breadth=breadth, action=action, reason=reason
        )
        for number, statement in enumerate(document.statements, 1)
        if statement.effect is Effect.ALLOW
        for breadth, action, reason in _reasons(statement)
    )


def broad_managed_policy(arn: str) -> str | None:
    """Return why a managed policy of AWS's is too wide, None for one not known to be."""
    if ":iam::aws:policy/" not in arn:
        return None
    name = arn.rpartition("/")[2]
    if name in _KNOWN_BROAD:
        return _KNOWN_BROAD[name]
    if re.search(r"FullAccess(_?[Vv]\d+)?$", name):
        return "it allows every action of a service on every resource"
    return None


def _reasons(statement: Statement) -> Iterator[_Reason]:
    if statement.not_actions:
        reason = "NotAction allows every action but those named, also ones to come"
        yield Breadth.NOT_ACTION, "", reason
    if statement.not_resources:
        reason = "NotResource allows every resource but those named, also ones to come"
        yield Breadth.NOT_RESOURCE, "", reason
    wide = tuple(resource for resource in statement.resources if names_nothing(resource))
    is_narrowed = not wide or _is_narrowed(statement)
    open_ = (
        None if is_narrowed else next((each for each in wide if _leaves_account_open(each)), None)
    )
    for action in statement.actions:
        found = _reason_of_action(action, wide[0] if wide else None, open_)
        if found is not None:
            yield found


@functools.lru_cache(maxsize=reference.KEPT)
def _reason_of_action(action: str, wide: str | None, open_: str | None) -> _Reason | None:
    """Judge an action. `wide` is a resource that names nothing, `open_` one of any account too."""
    service, _, name = action.partition(":")
    if not service.strip("*"):
        return Breadth.EVERY_ACTION, action, "it allows every action"
    if wide is None:
        return None
    if not name.strip("*"):
        reason = f"it allows every action of {service} on {wide}"
        return Breadth.EVERY_ACTION_OF_SERVICE, action, reason
    if (power := _power(action)).passes_roles:
        reason = f"{action} on {wide} hands out every role, and so whatever any of them may do"
        return Breadth.PASS_ROLE, action, reason
    if open_ is None:
        return None
    if power.changing:
        example = "" if power.is_one else f" (such as {power.changing})"
        reason = f"{action}{example} changes things, and is allowed on {open_}"
        return Breadth.CHANGE, action, reason
    if power.reads_secrets:
        return Breadth.SECRET, action, f"{action} reads secrets, and is allowed on {open_}"
    return None


class _Power(NamedTuple):
    """What a pattern's actions can do; `changing` names the first that changes things, or ""."""

    is_one: bool
    changing: str
    passes_roles: bool
    reads_secrets: bool


@functools.lru_cache(maxsize=reference.KEPT)
def _power(action: str) -> _Power:
    service = action.partition(":")[0].lower()
    found = reference.matching_actions(action)
    named = {f"{service}:{each.name.lower()}": each for each in found}
    changing = (each.name for name, each in named.items() if _could_be_narrower(each, name))
    return _Power(
        is_one=len(named) == 1,
        changing=next(changing, ""),
        passes_roles="iam:passrole" in named,
        reads_secrets=bool(_SECRETS & named.keys()),
    )


def _could_be_narrower(action: reference.Action, name: str) -> bool:
    return action.changes_something and bool(action.resource_types) and name not in _OF_ITSELF


@functools.lru_cache(maxsize=reference.KEPT)
def names_nothing(resource: str) -> bool:
    """Say whether a resource has only wildcards where its name belongs: "*", "table/*", ":::*"."""
    if _is_wild(resource):
        return True
    try:
        arn = parse_arn(resource)
    except ValueError:
        return False
    parts = re.split(r"[:/]", arn.resource)
    # A bucket's name is the first part, and "/*" after it are its objects.
    names = parts[:1] if arn.service == "s3" else parts[:2]
    return any(_is_wild(part) for part in names)


def _is_wild(part: str) -> bool:
    return bool(part) and not part.strip("*?")


def _is_narrowed(statement: Statement) -> bool:
    return any(
        _NARROWING_KEY.fullmatch(key.lower())
        for operator in statement.conditions.keys() & _EXACT_OPERATORS
        for key in statement.conditions[operator]
    )


def _leaves_account_open(resource: str) -> bool:
    if _is_wild(resource):
        return True
    arn = parse_arn(resource)
    if arn.service == "ec2" and arn.resource.startswith(_ONE_OWNS):
        return False
    return not arn.account or reference.is_pattern(arn.account)
