"""Policy variables: `${aws:username}` in a document, and what a request puts in its place.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html

Only documents of 2012-10-17 have them. A value that takes a variable's place is text: a `*` in a
user's name is a star, not a wildcard. A variable has a value where its key has exactly one; its
default counts where the key is absent.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from spawn.iam.evaluation.wildcards import Literal, Matcher

Context = Mapping[str, tuple[str, ...]]  # keys in lower case

_VARIABLE = re.compile(r"\$\{([^${}]*|[*?$])\}")
# "${*}", "${?}" and "${$}" mean the character itself.
_ESCAPES = frozenset("*?$")
_DEFAULT = re.compile(r"\s*([^,]*?)\s*,\s*'(.*)'\s*", re.DOTALL)


class Variable(NamedTuple):
    """A place to be filled; `key` is in lower case."""

    key: str
    default: str | None


Part = str | Variable


def parts_of(text: str, *, has_variables: bool) -> tuple[Part, ...]:
    """Take a text apart: what is written, with its wildcards; `Literal` text; variables."""
    if not has_variables:
        return (text,)
    parts: list[Part] = []
    for place, found in enumerate(_VARIABLE.split(text)):
        if place % 2:
            parts.append(Literal(found) if found in _ESCAPES else _variable(found))
        elif found:
            parts.append(found)
    return tuple(parts) or ("",)


def resource_parts(text: str, *, has_variables: bool) -> tuple[Part, ...]:
    """Take a Resource apart. Variables count after the fifth colon alone, as IAM has it."""
    pieces = text.split(":", 5)
    if not has_variables or len(pieces) < 6:
        return (text,)
    head = ":".join(pieces[:5]) + ":"
    return (head, *parts_of(pieces[5], has_variables=True))


class Filled:
    """Parts that become a value for each request; what was made is kept for the next one."""

    __slots__ = ("_made", "_parts", "_variables")

    def __init__(self, parts: tuple[Part, ...], make: Callable[[tuple[str, ...]], Matcher]) -> None:
        self._parts = parts
        self._variables = tuple(part for part in parts if isinstance(part, Variable))

        def made(values: tuple[str, ...]) -> Matcher:
            each = iter(values)
            return make(
                tuple(Literal(next(each)) if isinstance(part, Variable) else part for part in parts)
            )

        self._made = functools.lru_cache(maxsize=64)(made)

    def matcher(self, context: Context) -> Matcher | None:
        """Return what the value matches for this request; None where a variable has no value."""
        values = []
        for key, default in self._variables:
            given = context.get(key)
            if given and len(given) > 1:
                return None
            value = given[0] if given else default
            if value is None:
                return None
            values.append(value)
        return self._made(tuple(values))


def is_constant(parts: tuple[Part, ...]) -> bool:
    """Say whether no variable is among the parts."""
    return not any(isinstance(part, Variable) for part in parts)


def _variable(inside: str) -> Variable:
    with_default = _DEFAULT.fullmatch(inside)
    if with_default:
        return Variable(with_default[1].lower(), with_default[2])
    return Variable(inside.strip().lower(), None)
