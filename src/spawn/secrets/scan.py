"""Which lines of a text hold a secret, and of what kind: pure, and blind to the secret itself.

What a person's own shell has put into a text before spawn saw it (`$(…)` in double quotes) can't
be told from what was written there: both are in the text, and both are found.
"""

from __future__ import annotations

import re

import msgspec

from spawn.secrets import shapes

# Shorter values of a KEY are names, columns and the like: a key is random and long.
SHORTEST_KEY = 8


class SecretFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A secret in a text: where it is and of what kind. Never what it is.

    `line` counts from 1 within its part; `part` names it where a text has several, else empty.
    """

    line: int
    kind: str
    part: str = ""


def scan_text(text: str, *, part: str = "") -> tuple[SecretFinding, ...]:
    """Return what was found, in the order of lines; one finding a line and kind."""
    return tuple(
        SecretFinding(line=number, kind=kind, part=part)
        for number, line in enumerate(text.split("\n"), start=1)
        for kind in _kinds_in(line)
    )


def _kinds_in(line: str) -> tuple[str, ...]:
    """Return the kinds of secret in a line; a token of known form says more than its name."""
    tokens = {
        shape.kind: None
        for shape in shapes.TOKEN_SHAPES
        for match in shape.pattern.finditer(line)
        if not _stands_for_one(match)
    }
    if tokens:
        return tuple(tokens)
    for pattern in (shapes.ASSIGNMENT, shapes.ARGUMENT):
        for match in pattern.finditer(line):
            if _is_secret_value(match):
                return (f"literal value of {match['name']}",)
    return ()


def _stands_for_one(match: re.Match[str]) -> bool:
    """Say whether a match of a known form is an expansion or a placeholder."""
    value = match.groupdict().get("value")
    if value is None:
        return False
    return bool(shapes.EXPANSION.search(value) or shapes.PLACEHOLDER.fullmatch(value))


def _is_secret_value(match: re.Match[str]) -> bool:
    """Say whether what a name is set to is a literal, and no reference or placeholder."""
    single, double, bare = match["single"], match["double"], match["bare"]
    value = single or double or bare
    if shapes.PLACEHOLDER.fullmatch(value) or shapes.URL_OR_PATH.fullmatch(value):
        return False
    # An option may take NAME=reference, as `--secret` does.
    if any(text.startswith(shapes.REFERENCE_PREFIXES) for text in (value, value.partition("=")[2])):
        return False
    if shapes.WHOLE_REFERENCE.fullmatch(value) or (not single and shapes.EXPANSION.search(value)):
        return False
    if bare and re.search(r"[(\[]", bare):
        return False  # a call or an index of a program: the value comes from elsewhere
    return not shapes.IS_KEY_NAME.search(match["name"]) or _looks_random(value)


def _looks_random(value: str) -> bool:
    return (
        len(value) >= SHORTEST_KEY
        and any(character.isdigit() for character in value)
        and any(character.isalpha() for character in value)
        and " " not in value
    )
