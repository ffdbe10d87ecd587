"""What `--filter` promises."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.errors import InputError
from spawn.lifecycle.filter_parser import DEEPEST_NESTING, FIELDS, parse_filter
from spawn.lifecycle.filters import (
    TEXT_FIELDS,
    TEXT_OPERATORS,
    TIME_FIELDS,
    TIME_OPERATORS,
    All,
    AnyOf,
    Filter,
    FromNow,
    Not,
    TextComparison,
    TimeComparison,
    matches,
)
from spawn.lifecycle.listed import ListedInstance
from tests.unit.lifecycle.builders import ID, NOW, row


def applies(text: str, found: ListedInstance | None = None, **of_row: Any) -> bool:
    return matches(parse_filter(text), found or row(**of_row), now=NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("launch_time > 2026-01-27T00:00 and owner = me", True),
        ("launch_time > 2026-01-27T11:00", False),
        ("launch_time >= 2026-01-27T11:00", True),
        ("launch_time < 2026-01-27T11:00:01Z", True),
        ("launch_time <= 2026-01-27T12:00+01:00", True),
        ("launch_time < 2026-01-27T12:00+01:00", False),
        ("launch_time = 2026-01-27T11:00", True),
        ("launch_time != 2026-01-27T11:00", False),
        ("launch_time>2026-01-27", True),
        ("launch_time > now-2h", True),
        ("launch_time > now-30m", False),
        ("expires_at < now", False),
        ("expires_at < now+1d", True),
        ("owner = alice", True),
        ("owner = Alice", False),
        ("owner != me", False),
        ("owner != bob", True),
        ('name = "web server"', True),
        ("name ~ web*", True),
        ("name ~ 'web s?rver'", True),
        ("name ~ w", False),
        ("state = running", True),
        ("region = eu-west-1 and zone = eu-west-1a and type ~ t3.*", True),
        (f"id = {ID}", True),
        ("tag:project = ml", True),
        ("tag:project != ml", False),
        ('tag:"cost centre" = 42', True),
        ("tag:absent = x", False),
        ("tag:absent != x", True),
        ("tag:absent ~ *", False),
        ("backstop = 'NO BACKSTOP' and ending = DUE", True),
        ("not owner = bob and not (state = stopped or state = stopping)", True),
        ("owner = bob or owner = alice and state = stopped", False),
        ("(owner = bob or owner = alice) and state = running", True),
        ("not not owner = me", True),
        ("name = tag:x or owner = me", True),
    ],
)
def test_a_filter_means_what_it_says(text: str, expected: bool) -> None:
    """Fields, operators, quoting, zones, precedence: each as the reference shows it."""
    found = row(name="web server", tags={"project": "ml", "cost centre": "42"})
    assert applies(text, found) is expected


def test_me_is_whoever_calls() -> None:
    """`me` follows the caller, not a name."""
    assert applies("owner = me", caller="bob", owner="bob")
    assert not applies("owner = me", caller="bob", owner="alice")


@pytest.mark.parametrize("operator", list(TIME_OPERATORS))
def test_an_unknown_end_date_is_on_no_side(operator: str) -> None:
    """An instance without a readable end date equals no time, and is before and after none."""
    assert applies(f"expires_at {operator} now", ends_in=None) is (operator == "!=")


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("", "at its end", "launch_time"),
        ("ownr = me", "character 1", "did you mean owner?"),
        ("owner = me and stat = running", "character 16", "did you mean state?"),
        ("owner me", "character 7", "one of = != ~"),
        ("owner =", "at its end", "a value is missing"),
        ("owner > bob", "character 7", "one of = != ~"),
        ("launch_time ~ 2026*", "character 13", "one of"),
        ("launch_time > yesterday", "character 15", "now-2h"),
        ("launch_time > now-2x", "character 15", "now-2h"),
        ("launch_time > now-999999d", "character 15", "now-2h"),
        ("launch_time > <leak_time>", "character 15", "a value is missing"),
        ("expires_at < 2026-02-30", "character 14", "not a time"),
        ("owner = me owner = bob", "character 12", "`and` or `or`"),
        ("(owner = me", "at its end", "not closed"),
        ("owner = me)", "character 11", "`and` or `or`"),
        ("name = 'web", "character 8", "quote"),
        ("owner ! me", "character 7", "!="),
        ("and", "character 1", "launch_time"),
        ("state = runing", "character 9", "did you mean running?"),
        ("backstop = none", "character 12", "ARMED"),
    ],
)
def test_what_cannot_be_understood_is_named(text: str, place: str, word: str) -> None:
    """An error says where it is, and what would fit there."""
    with pytest.raises(InputError) as caught:
        parse_filter(text)
    assert caught.value.what.startswith("--filter can't be understood")
    assert place in caught.value.what
    assert word in caught.value.why


@pytest.mark.parametrize("text", ["(" * 5000 + "owner = me", "not " * 400 + "owner = me"])
def test_no_filter_exhausts_the_parser(text: str) -> None:
    """Length and nesting are bounded: no input ends in a stack overflow."""
    with pytest.raises(InputError):
        parse_filter(text)


def test_the_other_flag_is_named() -> None:
    """Whoever reads a filter from elsewhere names it so."""
    with pytest.raises(InputError, match="--where"):
        parse_filter("x", flag="--where")


def test_the_deepest_filter_is_read() -> None:
    """What is nested just as deep as allowed still works."""
    assert applies("not " * (DEEPEST_NESTING - 2) + "owner = me")


times = st.one_of(
    st.datetimes(timezones=st.just(NOW.tzinfo)).map(lambda each: each.replace(microsecond=0)),
    st.integers(1, 10**6 - 1).map(lambda seconds: FromNow(timedelta(seconds=seconds))),
)
values = st.text(st.characters(exclude_characters="\"'", exclude_categories=["Cs"]))
comparisons: st.SearchStrategy[Filter] = st.one_of(
    st.builds(
        TimeComparison,
        st.sampled_from(list(TIME_FIELDS)),
        st.sampled_from(list(TIME_OPERATORS)),
        times,
    ),
    st.builds(
        TextComparison,
        st.sampled_from(["name", "owner", "region", "type", "id", "tag:cost centre"]),
        st.sampled_from(list(TEXT_OPERATORS)),
        values,
    ),
)
filters = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.tuples(inner, inner)),
        st.builds(AnyOf, st.tuples(inner, inner, inner)),
    ),
    max_leaves=8,
)


def written(wanted: Filter) -> str:
    """Write a filter down with all its parentheses."""
    match wanted:
        case TimeComparison(field=field, operator=operator, value=FromNow(offset=offset)):
            return f"{field} {operator} now+{int(offset.total_seconds())}s"
        case TimeComparison(field=field, operator=operator, value=datetime() as value):
            return f"{field} {operator} {value.strftime('%Y').zfill(4)}{value.isoformat()[4:]}"
        case TextComparison(field=field, operator=operator, value=value):
            head, _, key = field.partition(":")
            return (
                f'{head}:"{key}" {operator} "{value}"' if key else f'{field} {operator} "{value}"'
            )
        case Not(inner=inner):
            return f"not ({written(inner)})"
        case All(inner=inner):
            return f"({') and ('.join(map(written, inner))})"
        case AnyOf(inner=inner):
            return f"({') or ('.join(map(written, inner))})"
        case _:
            raise AssertionError(wanted)


@given(filters)
def test_what_is_written_down_is_read_again(wanted: Filter) -> None:
    """A filter that is written with all its parentheses is read as the same filter."""
    text = written(wanted)
    if len(text) <= 2000:
        assert parse_filter(text) == wanted


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_an_input_error(text: str) -> None:
    """No text ends in another error, and what is read can be applied."""
    try:
        wanted = parse_filter(text)
    except InputError:
        return
    assert matches(wanted, row(), now=NOW) in {True, False}


def test_every_field_is_known_to_the_language() -> None:
    """The fields that errors offer are the fields that can be compared."""
    assert set(FIELDS) == {*TIME_FIELDS, *TEXT_FIELDS}
