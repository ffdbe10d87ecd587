"""Asks Access Analyzer about policies that spawn has looked at, all of them at once."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from spawn.aws.access_analyzer import NOT_VALIDATED, validation_question
from spawn.aws.questions import Asker, value_of
from spawn.core.errors import AccessDenied, AwsRefusal
from spawn.lifecycle.lint_online import Compared, Looked, compare, validation_of


class Validated(msgspec.Struct, frozen=True, kw_only=True):
    """The policies that both have looked at, and why AWS did not look at the others."""

    compared: tuple[Compared, ...]
    unseen: tuple[str, ...]


def validate(asker: Asker, looked: Iterable[Looked], *, region: str) -> Validated:
    """Return what AWS says of each policy that has a text; those of AWS's own have none.

    Raises AccessDenied where the person may not ask, AwsRefusal where AWS can't be asked.
    """
    asked = [
        (
            each.linted,
            asker.ask(
                validation_question(validation_of(each.linted.kind, each.text), region=region)
            ),
        )
        for each in looked
        if each.text is not None
    ]
    compared, unseen = [], []
    for linted, answer in asked:
        try:
            found = value_of(answer())
            compared.append(compare(linted, found))
        except AwsRefusal as refusal:
            if isinstance(refusal, AccessDenied) or refusal.code != NOT_VALIDATED:
                raise
            unseen.append(f"AWS did not look at {linted.name}: {refusal.why or refusal.what}")
    return Validated(compared=tuple(compared), unseen=tuple(unseen))
