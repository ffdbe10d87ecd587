"""The corpus: each case a text, and the line that holds a secret, 0 for none."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.unit.secrets.corpus import clean, idioms, tokens
from tests.unit.secrets.corpus.making import Maker

_BEFORE = "#!/bin/sh\nset -e\n"
_AFTER = "\necho done\n"
# A token stands beside its usual name, in a header, in a file, and where nothing tells of it.
_CONTEXTS = (
    "export {name}={token}",
    "fetch --from '{token}' https://files.internal/app",
    '{{"value": "{token}", "region": "eu-west-1"}}',
)
# What is known by its name alone, since its form is that of any digest or id.
_NAMED = frozenset(
    {"HEROKU_API_KEY", "TWILIO_AUTH_TOKEN", "DD_API_KEY", "DD_APP_KEY", "VAULT_LEGACY_TOKEN"}
)
_FIRST_FIELD = re.compile(r"<(q(?::\w+)?|p|uuid|[\w-]+:\w+)>")
_REFERENCE = "$DB_PASSWORD"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One text. `secret` is what must never be repeated, "" where there is none."""

    text: str
    line: int
    row: str
    secret: str = ""


def positives(*, held_back: bool = False) -> tuple[Case, ...]:
    """Return every text with a secret in it."""
    forms = tokens.HELD_BACK if held_back else tokens.TOKENS
    rows = idioms.HELD_BACK if held_back else idioms.IDIOMS
    made = [*_of_tokens(forms), *(_of_idiom(row) for row in rows)]
    return tuple(made)


def negatives(*, held_back: bool = False) -> tuple[Case, ...]:
    """Return every text without a secret, references in the place of secrets among them."""
    rows = clean.HELD_BACK if held_back else clean.CLEAN
    told = idioms.HELD_BACK if held_back else idioms.IDIOMS
    cases = [_clean(row) for row in rows]
    cases += [
        _clean(row.replace("'<p>'", "<p>").replace("<p>", _REFERENCE))
        for row in told
        if "<p>" in row
    ]
    return tuple(cases)


def _of_tokens(forms: tuple[tuple[str, str], ...]) -> Iterator[Case]:
    for name, form in forms:
        contexts = _CONTEXTS[:1] if name in _NAMED else _CONTEXTS
        for context in contexts:
            token = Maker(f"{name}{form}{context}").fill(form)
            if "\n" in token and context is not _CONTEXTS[0]:
                continue
            text = token if "\n" in token else context.format(name=name, token=token)
            yield Case(text=_BEFORE + text + _AFTER, line=3, row=form, secret=token)


def _of_idiom(row: str) -> Case:
    maker = Maker(row)
    first = _FIRST_FIELD.search(row)
    assert first is not None, row
    before, field = row[: first.start()], first[1]
    secret = maker.fill(f"<{field}>") if not field.startswith("q") else _encoded(field, maker)
    text = maker.fill(row.replace(f"<{field}>", secret))
    body = text if text.startswith("#cloud-config") else _BEFORE + text + _AFTER
    line = before.count("\n") + (1 if body is text else 3)
    return Case(text=body, line=line, row=row, secret=secret)


def _encoded(field: str, maker: Maker) -> str:
    inner = {
        "q": "ci:<p>",
        "q:env": "DB_USER=app\nDB_HOST=db.internal\nDB_PASSWORD=<p>\n",
        "q:pem": "<pem:RSA >",
    }[field]
    return base64.b64encode(maker.fill(inner).encode()).decode()


def _clean(row: str) -> Case:
    maker = Maker(row)
    pem = maker.fill("-----BEGIN CERTIFICATE-----\n<b64:48>\n-----END CERTIFICATE-----\n")
    text = maker.fill(row.replace("<cert64>", base64.b64encode(pem.encode()).decode()))
    body = text if text.startswith("#cloud-config") else _BEFORE + text + _AFTER
    return Case(text=body, line=0, row=row)
