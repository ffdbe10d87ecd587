"""The shapes of ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.core.ids import digest, is_launch_id, is_resource_id, launch_id


@given(st.binary(min_size=8, max_size=8))
def test_a_launch_id_is_known_as_one(randomness: bytes) -> None:
    """Every id that can be made is recognised, and two are the same for the same bytes only."""
    made = launch_id(randomness)
    assert is_launch_id(made)
    assert bytes.fromhex(made.removeprefix("l-")) == randomness


@pytest.mark.parametrize(
    "text", ["", "l-", "l-0123456789ABCDEF", "l-0123456789abcdef\n", "i-" + 16 * "0"]
)
def test_other_texts_are_no_launch_ids(text: str) -> None:
    """An id becomes a file's name: nothing else may pass for one."""
    assert not is_launch_id(text)


def test_ids_are_made_of_eight_bytes() -> None:
    """Fewer could meet again."""
    with pytest.raises(ValueError, match="8 bytes"):
        launch_id(b"1234567")


@pytest.mark.parametrize(
    ("text", "kind", "is_one"),
    [
        ("i-0123456789abcdef0", "i", True),
        ("i-12345678", "i", True),
        ("sg-0123456789abcdef0", "i", False),
        ("i-0123456789ABCDEF0", "i", False),
        ("i-0123456789abcdef", "i", False),
        ("i-0123456789abcdef0 ", "i", False),
        ("subnet-0123456789abcdef0", "subnet", True),
        ("web-server", "i", False),
    ],
)
def test_ec2s_ids_have_two_lengths(text: str, kind: str, is_one: bool) -> None:
    """Eight or seventeen digits after the kind; everything else may be a name."""
    assert is_resource_id(text, kind) is is_one


@given(st.text(st.characters(codec="utf-8")), st.integers(1, 64))
def test_a_digest_is_short_and_stays(text: str, length: int) -> None:
    """A longer digest of the same text continues the shorter one."""
    found = digest(text, length=length)
    assert len(found) == length
    assert digest(text, length=64).startswith(found)
