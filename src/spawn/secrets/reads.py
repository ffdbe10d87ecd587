"""What a script reads with `aws` that is kept in Secrets Manager or Parameter Store. Pure.

Read as far as the usual way to write it goes: what is not recognised is nobody's loss.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from spawn.secrets.references import SecretService

_CONTINUED = re.compile(r"\\\r?\n[ \t]*+")
# Bounded throughout, so that a long line costs time in the order of its length.
_CALL = re.compile(
    r"(?:(?P<name>[A-Za-z_]\w{0,127}+)=[\"']?\$\([ \t]{0,9}+)?\baws"
    # Options of the program itself; what follows one is its value, unless it is the service.
    r"(?:[ \t]{1,9}+--?[\w-]{1,40}+(?:[ =](?!(?:secretsmanager|ssm)[ \t])[\w./:-]{1,99}+)?+){0,9}+"
    r"[ \t]{1,9}+(?P<service>secretsmanager|ssm)[ \t]{1,9}+"
    r"(?P<verb>get-secret-value|get-parameters?)\b(?P<rest>[^\n|;&)]{0,999}+)",
    re.ASCII,
)
_ID = re.compile(r"--(?:secret-id|names?)[ =][\"']?(?P<id>[A-Za-z0-9/_+=.@!:-]{1,999}+)", re.ASCII)


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A call that reads a value.

    id    what is read, "" where the script finds it out
    name  the variable that it goes into, "" for none
    """

    service: SecretService
    id: str = ""
    name: str = ""


def reads_in(text: str) -> tuple[Read, ...]:
    """Return what a script reads, each once."""
    return tuple(dict.fromkeys(_reads(_CONTINUED.sub(" ", text))))


def _reads(text: str) -> Iterator[Read]:
    for match in _CALL.finditer(text):
        named = _ID.search(match["rest"])
        yield Read(
            service=SecretService(match["service"]),
            id="" if named is None else named["id"],
            name=match["name"] or "",
        )
