"""Values of every kind: read, written, read again; and what is none of its kind."""

from __future__ import annotations

import tomllib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.errors import InputError
from spawn.settings.statements import read_toml
from spawn.settings.values import Kind, Value, as_text, as_toml, from_text, from_toml

WORD = st.text(st.characters(codec="utf-8", exclude_characters=",="), min_size=1).filter(
    lambda text: text == text.strip()
)
AMOUNTS = st.decimals(Decimal("0.000001"), Decimal(9_999_999), places=6)
VALUES: dict[Kind, st.SearchStrategy[Value]] = {
    Kind.TEXT: st.text(st.characters(codec="utf-8")),
    Kind.PATH: st.text(st.characters(codec="utf-8")),
    Kind.CONTENT: st.text(st.characters(codec="utf-8")),
    Kind.TEXTS: st.lists(WORD, min_size=1).map(tuple),
    Kind.INTEGER: st.integers(0, 10**19),
    Kind.AMOUNT: AMOUNTS,
    Kind.BOOLEAN: st.booleans(),
    Kind.PAIRS: st.dictionaries(WORD, WORD, min_size=1),
}
OF_A_KIND = st.sampled_from(Kind).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind]))


@given(OF_A_KIND)
def test_a_value_survives_toml(case: tuple[Kind, Value]) -> None:
    """What is written to a file is read from it again, whatever characters it holds."""
    kind, value = case
    raw = read_toml(f"key = {as_toml(value)}")["key"]
    assert from_toml(kind, raw, place="key") == value
    tomllib.loads(f"key = {as_toml(value)} # a comment")


@given(OF_A_KIND)
def test_a_value_survives_a_flag(case: tuple[Kind, Value]) -> None:
    """What is written as a flag or a variable takes it is read as the same."""
    kind, value = case
    assert from_text(kind, as_text(value), place="key") == value


@pytest.mark.parametrize(
    ("kind", "toml"),
    [
        (Kind.TEXT, "1"),
        (Kind.TEXT, "true"),
        (Kind.TEXT, "1979-05-27"),
        (Kind.TEXT, '["a"]'),
        (Kind.TEXTS, "[1]"),
        (Kind.TEXTS, '[["a"]]'),
        (Kind.TEXTS, "{}"),
        (Kind.INTEGER, '"1"'),
        (Kind.INTEGER, "true"),
        (Kind.INTEGER, "1.0"),
        (Kind.AMOUNT, "true"),
        (Kind.AMOUNT, "0"),
        (Kind.AMOUNT, "-1"),
        (Kind.AMOUNT, "nan"),
        (Kind.AMOUNT, "inf"),
        (Kind.AMOUNT, "1e999999999"),
        (Kind.AMOUNT, "1e-999999999"),
        (Kind.BOOLEAN, "1"),
        (Kind.BOOLEAN, '"true"'),
        (Kind.PAIRS, '["a=b"]'),
        (Kind.PAIRS, "{ a = true }"),
        (Kind.PAIRS, "{ a = { b = 1 } }"),
        (Kind.PAIRS, '{ a = "b,c=d" }'),
        (Kind.PAIRS, '{ "a,b" = "c" }'),
        (Kind.PAIRS, '{ "a=b" = "c" }'),
        (Kind.PAIRS, '{ "" = "c" }'),
    ],
)
def test_another_kind_is_refused(kind: Kind, toml: str) -> None:
    """The error begins with the place, and says what to write."""
    with pytest.raises(InputError) as refused:
        from_toml(kind, read_toml(f"key = {toml}")["key"], place="spawn.toml line 1: key")
    assert refused.value.what.startswith("spawn.toml line 1: key")
    assert refused.value.why


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.INTEGER, "one"),
        (Kind.INTEGER, "-1"),
        (Kind.INTEGER, "٣"),
        (Kind.INTEGER, "9" * 5000),
        (Kind.AMOUNT, "much"),
        (Kind.AMOUNT, "1e5"),
        (Kind.BOOLEAN, "maybe"),
        (Kind.PAIRS, "a"),
        (Kind.PAIRS, "=b"),
        (Kind.PAIRS, "a=b,a=c"),
    ],
)
def test_a_text_of_another_kind_is_refused(kind: Kind, text: str) -> None:
    """A flag's or a variable's text that means nothing is refused with what to write."""
    with pytest.raises(InputError, match="SPAWN_KEY") as refused:
        from_text(kind, text, place="SPAWN_KEY")
    assert refused.value.why


@pytest.mark.parametrize("text", ["true", "TRUE", "yes", "on", "1"])
def test_switches_are_said_in_several_words(text: str) -> None:
    """An environment says yes as other programs' variables do."""
    assert from_text(Kind.BOOLEAN, text, place="X") is True
    opposite = {"true": "false", "yes": "no", "on": "off", "1": "0"}[text.casefold()]
    assert from_text(Kind.BOOLEAN, opposite, place="X") is False


def test_text_that_utf_8_can_not_hold_is_not_written() -> None:
    """A lone surrogate, as undecodable arguments become, can't be put into a file."""
    with pytest.raises(InputError, match="not UTF-8"):
        as_toml("\udcff")
