"""What issuers build into their tokens tells a made-up one from a real one."""

from __future__ import annotations

import pytest

from spawn.secrets.scan import scan_text
from tests.unit.secrets.corpus.making import Maker

FORMS = {
    "GitHub token": "ghp_<crc:30>",
    "npm token": "npm_<crc:30>",
    "PyPI token": "pypi-<macaroon:pypi>",
    "age secret key": "<age>",
    "JSON web token": "<jwt>",
}


@pytest.mark.parametrize(("kind", "form"), FORMS.items(), ids=FORMS)
def test_a_false_one_is_told(kind: str, form: str) -> None:
    """One character changed where it counts, and the token is no longer taken for one."""
    token = Maker(kind).fill(form)
    at = 12 if kind == "PyPI token" else 6
    other = "Q" if token[at] != "Q" else "P"
    false = f"{token[:at]}{other}{token[at + 1 :]}"
    assert [found.kind for found in scan_text(f"send {token} on")] == [kind]
    assert scan_text(f"send {false} on") == ()


@pytest.mark.parametrize("form", ["ghp_<crc:30>", "<age>"])
def test_a_false_one_is_judged_by_its_name(form: str) -> None:
    """Where a variable is called a token, what is no known token is a literal all the same."""
    token = Maker(form).fill(form)
    (found,) = scan_text(f"SERVICE_TOKEN={token[:-1]}")
    assert found.kind == "literal value of SERVICE_TOKEN"
