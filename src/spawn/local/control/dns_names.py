"""Domain names as Route 53 keeps and compares them. Pure.

Source: Route 53 developer guide, "DNS domain name format" and "Using IAM policy conditions for
fine-grained access control" (normalised record names).
"""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"\\[0-7]{3}")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")


def normalized(name: str) -> str:
    """A name in lower case, without a final dot, all that is unusual as three octal digits."""
    pieces, rest = [], name.removesuffix(".").lower()
    while rest:
        escaped = _ESCAPED.match(rest)
        taken = escaped.group() if escaped else rest[0]
        pieces.append(taken if escaped or taken in _PLAIN else _octal(taken))
        rest = rest[len(taken) :]
    return "".join(pieces)


def _octal(character: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in character.encode())


def order_of(name: str) -> tuple[str, ...]:
    """What names are sorted by: their labels from the last to the first."""
    return tuple(reversed(normalized(name).split(".")))


def is_within(name: str, zone: str) -> bool:
    """Whether a name is the zone's own, or below it."""
    labels, apex = order_of(name), order_of(zone)
    return labels[: len(apex)] == apex
