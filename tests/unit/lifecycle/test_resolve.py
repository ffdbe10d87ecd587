"""Which instance is meant by a word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from spawn.core.errors import NamedThingNotFound
from spawn.lifecycle.list import Listing
from spawn.lifecycle.regions import FailedRegion
from spawn.lifecycle.resolve import resolve_one, resolve_words
from tests.unit.lifecycle.builders import ID, NOW, OTHER_ID, row

THIRD_ID = "i-00000000000000003"


def test_an_id_finds_whosever_it_is() -> None:
    """Others' instances, and ended ones, are found by their id."""
    listing = Listing(instances=(row(owner="bob"), row(OTHER_ID, state="terminated")))
    assert resolve_one(ID, listing).owner == "bob"
    assert resolve_one(OTHER_ID, listing).has_ended


def test_a_name_finds_ones_own_only() -> None:
    """Somebody else's instance of that name is never meant."""
    listing = Listing(instances=(row(name="web", owner="bob"), row(OTHER_ID, name="web")))
    assert resolve_one("web", listing).id == OTHER_ID
    with pytest.raises(NamedThingNotFound, match="web"):
        resolve_one("web", Listing(instances=(row(name="web", owner="bob"),)))


def test_the_living_bearer_of_a_name_is_meant() -> None:
    """A name that was used before means the instance that lives, else the latest that lived."""
    ended = row(name="web", state="terminated", launched=NOW - timedelta(hours=9))
    later = row(THIRD_ID, name="web", state="terminated", launched=NOW - timedelta(hours=3))
    living = row(OTHER_ID, name="web", launched=NOW - timedelta(hours=5))
    assert resolve_one("web", Listing(instances=(ended, living, later))).id == OTHER_ID
    assert resolve_one("web", Listing(instances=(ended, later))).id == THIRD_ID


def test_a_name_of_several_is_not_guessed() -> None:
    """Two living instances of one name are candidates, and neither is chosen."""
    listing = Listing(instances=(row(name="web"), row(OTHER_ID, name="web", region="us-east-1")))
    with pytest.raises(NamedThingNotFound) as caught:
        resolve_one("web", listing)
    assert f"{ID} (eu-west-1)" in caught.value.why
    assert f"{OTHER_ID} (us-east-1)" in caught.value.why


def test_one_bad_word_does_not_stop_the_others() -> None:
    """What is found is found once, in order; what is not is named with what is near."""
    listing = Listing(instances=(row(name="trainer"), row(OTHER_ID, name="web")))
    found = resolve_words(["web", "trainr", ID, "trainer", OTHER_ID, THIRD_ID], listing)
    assert [one.id for one in found.found] == [OTHER_ID, ID]
    assert [(one.word, one.candidates) for one in found.unresolved] == [
        ("trainr", ("trainer",)),
        (THIRD_ID, ()),
    ]


@pytest.mark.parametrize("word", [THIRD_ID, "web"])
def test_an_unread_region_is_named(word: str) -> None:
    """What may be in a region that did not answer is not said to be nowhere."""
    unread = FailedRegion(region="ap-south-1", why="timeout")
    with pytest.raises(NamedThingNotFound) as caught:
        resolve_one(word, Listing(instances=(), failed_regions=(unread,)))
    assert "ap-south-1" in caught.value.why
    with pytest.raises(NamedThingNotFound) as caught:
        resolve_one(word, Listing(instances=()))
    assert "did not answer" not in caught.value.why


@pytest.mark.parametrize("word", ["i-0123", "i-0123456789ABCDEF0", "*", "", "i-"])
def test_what_looks_like_an_id_and_is_none_is_a_name(word: str) -> None:
    """No pattern and no part of an id finds anything."""
    with pytest.raises(NamedThingNotFound):
        resolve_one(word, Listing(instances=(row(),)))
