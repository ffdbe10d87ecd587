"""What AWS says when it denies a call: which action, on what, and which kind of policy decided.

Source: IAM user guide, "Troubleshoot access denied error messages". AWS writes one sentence:

    User: ARN is not authorized to perform: ACTION on resource: RESOURCE because no KIND allows the
    ACTION action
    User: ARN is not authorized to perform: ACTION on resource: RESOURCE with an explicit deny in a
    KIND

EC2 may hide it in an encoded message; STS decodes that for who may ask, into JSON ("Decode
authorization status messages"). It is put into the same sentence: there is one thing to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from spawn.aws.operation import Answer, write
from spawn.core.denials import IDENTITY_POLICY, Denial
from spawn.core.errors import AccessDenied, SpawnError

# The Service Authorization Reference calls it a write; it changes nothing.
DECODE_AUTHORIZATION_MESSAGE = write("sts", "DecodeAuthorizationMessage")

OPERATIONS = (DECODE_AUTHORIZATION_MESSAGE,)

_SENTENCE = re.compile(
    r"(?:User: (?P<who>\S+) is )?not authorized to perform:? (?P<action>[\w-]+:\w+)"
    r"(?: on resource: \"?(?P<resource>[^\s\"]+?)\"?(?=[\s;.,]|$))?"
    r"(?: because no (?P<missing>[\w -]+?) allows the [\w:-]+ action"
    r"| (?P<explicit>with an explicit deny)(?: in an? (?P<denying>[\w -]+(?:policy|boundary)))?"
    r")?"
)
_Error = TypeVar("_Error", bound=SpawnError)
_ENCODED = re.compile(r"Encoded authorization failure message: (\S+)")


def denials_in(text: str) -> tuple[Denial, ...]:
    """Return the denials that AWS's words tell of, each once; none where they tell of none."""
    found = (_denial(match) for match in _SENTENCE.finditer(text))
    return tuple(dict.fromkeys(found))


def with_denials(error: _Error, texts: Iterable[str]) -> _Error:
    """Return the error with what these words of AWS's deny as its cause.

    So whoever is told that something is left undone is told what would allow it, too.
    """
    found = dict.fromkeys(one for text in texts for one in denials_in(text))
    if found:
        error.__cause__ = AccessDenied("AWS denied a part of it", denials=tuple(found))
    return error


def _denial(match: re.Match[str]) -> Denial:
    resource = match["resource"] or ""
    return Denial(
        action=match["action"],
        resource="" if resource == "*" else resource,
        who=match["who"] or "",
        kind=match["missing"] or match["denying"] or "",
        is_explicit=match["explicit"] is not None,
    )


def encoded_in(text: str) -> str:
    """Return the encoded part of EC2's message, "" where it has none."""
    match = _ENCODED.search(text)
    return "" if match is None else match[1]


def without_encoded(text: str) -> str:
    """Leave out what nobody can read, and say so where it is all that there is."""
    instead = "" if _SENTENCE.search(text) else "(the details are encoded)"
    return _ENCODED.sub(instead, text).rstrip()


class _Value(msgspec.Struct, frozen=True):
    value: str = ""


class _Values(msgspec.Struct, frozen=True):
    items: tuple[_Value, ...] = ()


class _Key(msgspec.Struct, frozen=True):
    key: str
    values: _Values = _Values()


class _Keys(msgspec.Struct, frozen=True):
    items: tuple[_Key, ...] = ()


class _Principal(msgspec.Struct, frozen=True):
    arn: str = ""


class _Context(msgspec.Struct, frozen=True):
    action: str
    resource: str = ""
    principal: _Principal = _Principal()
    conditions: _Keys = _Keys()


class _Decoded(msgspec.Struct, frozen=True, rename="camel"):
    context: _Context
    explicit_deny: bool = False


_TAG = re.compile(r"(?:aws|ec2):resourcetag/(.+)", re.IGNORECASE)
# What spawn's own policies look at (`iam.permissions`).
_TELLING = frozenset({"owner", "spawn", "spawn:hold"})


def decoded_words(message: str) -> str:
    """Return what STS decoded as AWS's own sentence. Raises ValueError for what is no such message.

    It does not tell which kind of policy was missing: most likely it is the caller's own.
    """
    decoded = msgspec.json.decode(message, type=_Decoded)
    context = decoded.context
    on = "" if context.resource == "*" else f" on resource: {context.resource}"
    why = f"because no {IDENTITY_POLICY} allows the {context.action} action"
    if decoded.explicit_deny:
        why = "with an explicit deny"
    who = context.principal.arn
    return f"User: {who} is not authorized to perform: {context.action}{on} {why}"


def decoded_tags(message: str) -> str:
    """Return those of the resource's tags by which policies tell things apart, "" for none.

    Raises ValueError as `decoded_words` does.
    """
    conditions = msgspec.json.decode(message, type=_Decoded).context.conditions
    tags = {
        found[1]: each.values.items[0].value
        for each in conditions.items
        if each.values.items and (found := _TAG.fullmatch(each.key))
    }
    return ", ".join(f"{key}={tags[key]}" for key in sorted(tags) if key in _TELLING)


def decoded_message(answer: Answer) -> str:
    """Understand DecodeAuthorizationMessage."""
    return str(answer["DecodedMessage"])
