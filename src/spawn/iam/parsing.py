"""A policy document read: from a person's text, or from an answer of AWS's.

Strict where IAM is strict and where reading on would be guessing: an unknown or repeated member
is an error, never passed over, for it may be a misspelt `Condition`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec

from spawn.core.errors import InputError
from spawn.core.nearest import did_you_mean
from spawn.iam.documents import PolicyDocument, Statement

DOCUMENT_MEMBERS = ("Version", "Id", "Statement")
STATEMENT_MEMBERS = tuple(field.encode_name for field in msgspec.structs.fields(Statement))
_LISTS = ("Action", "NotAction", "Resource", "NotResource")
_PRINCIPALS = ("Principal", "NotPrincipal")
_OPPOSITES = (("Action", "NotAction"), ("Resource", "NotResource"), _PRINCIPALS)
# IAM grammar: a document without a version is one of 2008.
_VERSION_WHERE_NONE = "2008-10-17"


def parse_document(text: str | bytes, *, flag: str) -> PolicyDocument:
    """Read a policy from its JSON text, in UTF-8.

    Raises InputError, naming `flag` and the place, for what is not JSON or not a policy.
    """
    try:
        return document_of(_json_of(text))
    except json.JSONDecodeError as error:
        raise InputError(
            f"{flag} is not JSON at line {error.lineno}, column {error.colno}", why=error.msg
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{flag} is not a policy document", why=str(error)) from error


def document_of(value: object, *, may_be_empty: bool = False) -> PolicyDocument:
    """Read a policy from JSON's values; text is read as JSON first.

    Raises ValueError saying which statement is wrong, and in what; unless it `may_be_empty`, also
    for a policy with an empty list of statements.
    """
    if isinstance(value, str):
        value = _json_of(value)
    if not isinstance(value, dict):
        raise ValueError("a policy is an object with Version and Statement")  # noqa: TRY004
    _refuse_unknown(value, DOCUMENT_MEMBERS, place="the policy")
    statements = value.get("Statement")
    members = [statements] if isinstance(statements, dict) else statements
    if not isinstance(members, list) or not (members or may_be_empty):
        raise ValueError("the policy has no Statement")
    return PolicyDocument(
        version=str(value.get("Version", _VERSION_WHERE_NONE)),
        statements=tuple(_statement(each, f"statement {n}") for n, each in enumerate(members, 1)),
    )


def _json_of(text: str | bytes) -> object:
    decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    value: object = json.loads(
        decoded, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant
    )
    return value


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the member {repeated!r} is given twice in one object")
    return members


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _statement(value: object, place: str) -> Statement:
    if not isinstance(value, dict):
        raise ValueError(f"{place} is not an object")  # noqa: TRY004
    _refuse_unknown(value, STATEMENT_MEMBERS, place=place)
    for one, other in _OPPOSITES:
        if one in value and other in value:
            raise ValueError(f"{place} has both {one} and {other}: keep one of them")
    if not {"Action", "NotAction"} & value.keys():
        raise ValueError(f"{place} has no Action")
    try:
        return msgspec.convert({key: _member(key, value[key]) for key in value}, Statement)
    except (msgspec.ValidationError, ValueError) as error:
        raise ValueError(f"{place}: {error}") from error


def _member(key: str, value: object) -> object:
    if key in _LISTS:
        return _list(value, key)
    if key in _PRINCIPALS:
        # IAM user guide, "AWS JSON policy elements: Principal": "*" alone means {"AWS": "*"}.
        kinds = {"AWS": "*"} if value == "*" else value
        return {kind: _list(who, key) for kind, who in _object(kinds, key).items()}
    if key == "Condition":
        return {
            operator: {
                name: _list(wanted, name) for name, wanted in _object(keys, operator).items()
            }
            for operator, keys in _object(value, key).items()
        }
    return value


def _object(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{place} is not an object")  # noqa: TRY004
    return value


def _list(value: object, place: str) -> list[object]:
    """Return a list of texts: IAM takes one for a list of one, numbers and booleans as text."""
    items = value if isinstance(value, list) else [value]
    if not items:
        raise ValueError(f"{place} is an empty list")
    return [json.dumps(item) if isinstance(item, bool | int | float) else item for item in items]


def _refuse_unknown(value: Mapping[str, object], known: tuple[str, ...], *, place: str) -> None:
    for member in value:
        if member not in known:
            hint = did_you_mean(member, known)
            raise ValueError(f"{place} has an unknown member {member!r}{hint and f'; {hint}'}")
