"""Finds what is known to be a secret by its own form. Pure.

Hints are looked for first, and nearly always that is all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from spawn.secrets.finding import Candidate, Rule
from spawn.secrets.issuers import ISSUED
from spawn.secrets.literals import EXPANSION, is_filler, is_literal
from spawn.secrets.reading import Text
from spawn.secrets.shape import Shape

# What nobody issued, and can be told all the same.
_FORMLESS = (
    Shape(
        kind="private key",
        name="PRIVATE_KEY",
        rule=Rule.PRIVATE_KEY,
        hints=("PRIVATE KEY",),
        # What follows must not be a placeholder, nor the end of a pattern that is searched for.
        form=(
            r"(?P<value>-----BEGIN (?:(?!PRIVATE)[A-Z0-9]{1,12}+ ){0,3}+"
            r"PRIVATE KEY(?: BLOCK)?-----)"
            r"(?!(?:\s|\\n){0,9}+(?:\.\.\.|<|\$|\{|\[|…|[xX*]{3}|[\"')]|\\s))"
        ),
    ),
    Shape(
        kind="PuTTY private key",
        name="PRIVATE_KEY",
        rule=Rule.PRIVATE_KEY,
        hints=("PuTTY-User-Key-File-",),
        form=(r"(?P<value>PuTTY-User-Key-File-[23]: )"),
    ),
    Shape(
        kind="WireGuard key",
        name="WIREGUARD_KEY",
        rule=Rule.PRIVATE_KEY,
        hints=("PrivateKey", "PresharedKey"),
        form=(r"(?:PrivateKey|PresharedKey)[ \t]{0,9}+=[ \t]{0,9}+(?P<value>[A-Za-z0-9+/]{43}=)"),
    ),
    # RFC 3986, 3.2.1: a password in the user information of a URL.
    Shape(
        kind="password in a URL",
        name="PASSWORD",
        rule=Rule.URL,
        hints=("://",),
        form=(r"(?<=://)[^\s/:@\"'<>]{0,99}+:(?P<value>[^\s/@\"'<>]{1,199}+)@"),
    ),
    Shape(
        kind="password in a URL",
        name="PASSWORD",
        rule=Rule.URL,
        hints=("oracle:thin:",),
        form=(r"oracle:thin:\w{1,40}+/(?P<value>[^\s/@\"']{1,99}+)@"),
    ),
    Shape(
        kind="authorization header",
        name="TOKEN",
        rule=Rule.ARGUMENT,
        hints=("uthorization", "UTHORIZATION"),
        form=(
            r"(?i:authorization)[\"']?\s{0,9}+[:=]\s{0,9}+[\"']?(?i:bearer|basic|token|apikey)"
            r"\s{1,9}+(?P<value>[^\s\"']{4,2000}+)"
        ),
    ),
)
SHAPES: tuple[Shape, ...] = (*ISSUED, *_FORMLESS)


_HEAD = re.compile(r"[A-Za-z0-9]++", re.ASCII)


def _hint_kind(shape: Shape, hint: str) -> str:
    """Say how a hint is looked for: "word", "beginning" of a long word, or "text"."""
    head = _HEAD.match(hint)
    if head is None or not shape.is_word or not shape.form.startswith("(?P<value>"):
        return "text"
    return "word" if head.end() < len(hint) else "beginning"


def _hinted(kind: str) -> dict[str, tuple[Shape, ...]]:
    """Return the shapes by their hints of that kind: of issuers' letters by the first run."""
    table: dict[str, tuple[Shape, ...]] = {}
    for shape in SHAPES:
        for hint in shape.hints:
            if _hint_kind(shape, hint) == kind:
                head = _HEAD.match(hint)
                key = head[0] if head and kind != "text" else hint
                table[key] = (*table.get(key, ()), shape)
    return table


# Issuers' letters stand for themselves at the beginning of a word, or of a long one.
_BY_WORD, _BY_BEGINNING, _BY_TEXT = (_hinted(kind) for kind in ("word", "beginning", "text"))
_WORDS, _BEGINNINGS = frozenset(_BY_WORD), tuple(_BY_BEGINNING)


def shaped(text: Text) -> Iterator[Candidate]:
    """Yield what has the form of a secret, and is no placeholder for one."""
    wanted = [shape for word in _WORDS & text.words for shape in _BY_WORD[word]]
    for long_word in text.long_words:
        if long_word.startswith(_BEGINNINGS):
            for hint, shapes in _BY_BEGINNING.items():
                wanted += shapes if long_word.startswith(hint) else ()
    for hint, shapes in _BY_TEXT.items():
        wanted += shapes if hint in text.text else ()
    for shape in dict.fromkeys(wanted):
        yield from _of_shape(shape, text.text)


def _of_shape(shape: Shape, text: str) -> Iterator[Candidate]:
    for match in shape.pattern.finditer(text):
        start, end = match.span("value")
        if shape.is_word and start and _continues_word(text[start - 1]):
            continue
        if not _stands_for_one(shape, match["value"]):
            yield Candidate(
                start=start,
                end=end,
                rule=shape.rule,
                kind=shape.kind,
                name=shape.name,
                certainty=shape.certainty,
            )


def _continues_word(before: str) -> bool:
    return before == "_" or (before.isascii() and before.isalnum())


def _stands_for_one(shape: Shape, value: str) -> bool:
    """Say whether it only looks like one: a placeholder, an expansion, or a false checksum."""
    if EXPANSION.search(value) or is_filler(value):
        return True
    # What a person chose is a password; what an issuer drew is judged by its form alone.
    if shape.rule in {Rule.URL, Rule.ARGUMENT} and not is_literal(value):
        return True
    return shape.check is not None and not shape.check(value)
