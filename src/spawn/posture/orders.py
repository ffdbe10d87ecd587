"""What user-data tells an instance's agent, as far as a posture needs it: pure.

spawn's part of user-data writes the agent's orders whole, as lines of JSON (`launch.bootstrap`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

_ORDERS = re.compile(
    r"^put opt/spored/orders\.json <<'EOF'\n(\{.*?\})\nEOF$", re.MULTILINE | re.DOTALL
)


class _Secret(msgspec.Struct):
    name: str
    env: bool = False


class _Secrets(msgspec.Struct):
    secrets: tuple[_Secret, ...] = ()


class _Orders(msgspec.Struct):
    secrets: _Secrets = msgspec.field(default_factory=_Secrets)


def secret_variables(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the variables that hold a secret's value in the environment of the workload.

    Orders that can't be read hold none: the agent can't read them either.
    """
    found = (secret.name for text in texts for secret in _secrets(text) if secret.env)
    return tuple(dict.fromkeys(found))


def without_references(text: str) -> str:
    """Return the text without where the agent's secrets are kept, of as many lines as it was.

    A reference looks like a secret to whoever does not know what it is: the name of a key has
    digits, and an ARN a word `secret`.
    """

    def shortened(match: re.Match[str]) -> str:
        try:
            orders = msgspec.json.decode(match[1], type=dict[str, msgspec.Raw])
        except (msgspec.DecodeError, UnicodeEncodeError):
            return match[0]
        orders.pop("secrets", None)
        left = msgspec.json.encode(orders).decode()
        return match[0].replace(match[1], left + "\n" * (match[1].count("\n") - left.count("\n")))

    return _ORDERS.sub(shortened, text)


def _secrets(text: str) -> Iterator[_Secret]:
    for match in _ORDERS.finditer(text):
        try:
            yield from msgspec.json.decode(match[1], type=_Orders).secrets.secrets
        except (msgspec.DecodeError, UnicodeEncodeError):
            continue
