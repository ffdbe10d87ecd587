"""Which places of a text hold a secret, and of what kind: pure, and blind to the secret itself.

1. Each detector yields candidates: places in the text that it takes for a secret.
2. Of candidates that overlap the one counts that says most: a known form before a private key's
   or a URL's, those before what a program or a file is given, then names, then mere randomness.
3. What is encoded in the text is scanned as well, and told at the line where it stands.

What a person's own shell has put into a text before spawn saw it (`$(…)` in double quotes) can't
be told from what was written there: both are in the text, and both are found.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator

from spawn.secrets.assignments import assigned, name_of
from spawn.secrets.configuration import placed
from spawn.secrets.encoded import LARGEST_UNFOLDED, unfolded
from spawn.secrets.finding import Candidate, Certainty, Rule, SecretFinding, variable_name
from spawn.secrets.handed import handed
from spawn.secrets.reading import Text
from spawn.secrets.shapes import shaped

__all__ = ["Certainty", "Rule", "SecretFinding", "scan_text"]

# Files in files in files: what is deeper was made to hide, or to cost time.
_DEEPEST = 3
_ORDER = (
    Rule.TOKEN,
    Rule.PRIVATE_KEY,
    Rule.URL,
    Rule.STATEMENT,
    Rule.STDIN,
    Rule.ASSIGNMENT,
    Rule.ARGUMENT,
    Rule.CONFIGURATION,
    Rule.HASH,
    Rule.ENTROPY,
)
_RANK = {rule: rank for rank, rule in enumerate(_ORDER)}


def scan_text(text: str, *, part: str = "") -> tuple[SecretFinding, ...]:
    """Return what was found, in the order of places; one finding a line and kind."""
    whole = Text(text)
    starts = whole.line_starts
    found: dict[tuple[int, str], SecretFinding] = {}
    for one in _candidates(whole, depth=0, budget=LARGEST_UNFOLDED):
        line = bisect_right(starts, one.start)
        finding = SecretFinding(
            line=line,
            column=one.start - starts[line - 1] + 1,
            rule=one.rule,
            kind=one.kind,
            name=one.name or "SECRET",
            certainty=one.certainty,
            part=part,
        )
        found.setdefault((line, one.kind), finding)
    return tuple(sorted(found.values(), key=lambda one: (one.line, one.column)))


def _candidates(text: Text, *, depth: int, budget: int) -> list[Candidate]:
    found = [
        *(_named(one, text.text) for one in shaped(text)),
        *handed(text),
        *placed(text),
        *assigned(text.text),
    ]
    inner = []
    for fold in unfolded(text.text, budget) if depth < _DEEPEST else ():
        budget -= len(fold.text)
        within = _candidates(Text(fold.text), depth=depth + 1, budget=budget)
        inner += [_at(one, fold.start, fold.end) for one in within]
        found = [one for one in found if not _is_guess_within(one, fold.start, fold.end)]
    return [*_settled(found), *inner]


def _at(one: Candidate, start: int, end: int) -> Candidate:
    """Return what was found in an encoded text, at the place of that text."""
    kind = one.kind if one.kind.endswith("in base64") else f"{one.kind}, in base64"
    return dataclasses.replace(one, start=start, end=end, kind=kind)


def _is_guess_within(one: Candidate, start: int, end: int) -> bool:
    """Say whether it is only randomness where a readable text stands encoded."""
    return one.rule is Rule.ENTROPY and start <= one.start and one.end <= end


def _named(one: Candidate, text: str) -> Candidate:
    """Return it under the name that it is set to, where it is."""
    name = variable_name(name_of(text, one.start), secret=text[one.start : one.end])
    return dataclasses.replace(one, name=name) if name else one


def _settled(found: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield those that no better one overlaps."""
    taken: list[tuple[int, int]] = []
    ranked = sorted(found, key=lambda one: (_RANK[one.rule], one.start, one.end))
    for one in ranked:
        at = bisect_right(taken, (one.start, one.end))
        before = at > 0 and taken[at - 1][1] > one.start
        after = at < len(taken) and taken[at][0] < one.end
        if not before and not after:
            insort(taken, (one.start, one.end))
            yield one
