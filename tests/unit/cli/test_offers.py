"""What a TAB offers of instances: words that a shell takes for themselves, and one's own only."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.cli.completion import words_of
from spawn.cli.offers import Offer, OfferCache, offers_of
from spawn.core.tags import Tag
from spawn.lifecycle.listed import BackstopState, Ending, ListedInstance

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = ("$(reboot)", "`reboot`", "a b", "it's", "a;b", "-rf", "~root", "*", "a\nb", "x=1", "a:b")


def row(number: int, name: str = "", **changed: object) -> ListedInstance:
    """Return an instance of the caller's, running, launched on its own."""
    fields: dict[str, object] = {
        "id": f"i-{number:017x}",
        "name": name,
        "region": "us-east-1",
        "zone": "us-east-1a",
        "state": "running",
        "type": "t3.micro",
        "owner": "me",
        "is_mine": True,
        "is_made_by_spawn": True,
        "launched_at": NOW,
        "expires_at": NOW + timedelta(hours=1),
        "ending": Ending.DUE,
        "backstop": BackstopState.ARMED,
        "private_ip": "",
        "public_ip": "",
        "level": "standard",
        "hold": None,
        "tags": {Tag.LAUNCH_ID.value: f"l-{number:016x}"},
    }
    return ListedInstance(**{**fields, **changed})  # type: ignore[arg-type]


def words(*rows: ListedInstance) -> list[str]:
    """Return the words that are offered."""
    return [offer.word for offer in offers_of(rows)]


def test_names_come_before_ids() -> None:
    """Both are offered, what is easier to read first, each with the other beside it."""
    offers = offers_of([row(1, "web"), row(2)])
    assert [offer.word for offer in offers] == ["web", row(1).id, row(2).id]
    assert offers[0].says == f"{row(1).id}, running, t3.micro, us-east-1a"
    assert offers[1].says.startswith("web, ")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_never_offered(name: str) -> None:
    """What a shell would expand, split or take for a flag can be chosen by its id only."""
    offers = offers_of([row(1, name)])
    assert [offer.word for offer in offers] == [row(1).id]
    assert name not in offers[0].says


@given(name=st.text(max_size=20))
def test_whatever_is_offered_is_one_plain_word(name: str) -> None:
    """Quoting would change nothing in it, and it begins with no dash."""
    for offer in offers_of([row(1, name)]):
        assert shlex.quote(offer.word) == offer.word
        assert not offer.word.startswith("-")
        assert offer.says.isprintable()


@pytest.mark.parametrize(
    "changed",
    [{"is_mine": False}, {"is_made_by_spawn": False}, {"state": "terminated"}],
    ids=lambda each: next(iter(each)),
)
def test_only_own_living_instances_are_offered(changed: dict[str, object]) -> None:
    """Neither a colleague's, nor what only bears our tags, nor what has ended."""
    assert words(row(1, "web", **changed)) == []


def test_a_name_is_offered_only_where_it_means_one() -> None:
    """Of two launches with one name neither has it; one that looks like an id means that id."""
    assert words(row(1, "web"), row(2, "web")) == [row(1).id, row(2).id]
    assert words(row(1, row(9).id)) == [row(1).id]
    launch = {Tag.LAUNCH_ID.value: "l-0000000000000001"}
    numbered = words(row(1, "web", tags=launch), row(2, "web", index=1, tags=launch))
    assert numbered[:2] == ["web.0", "web.1"]


@given(
    whole=st.lists(st.text(st.characters(exclude_characters="\x00\x1f"), min_size=1), max_size=4)
)
def test_the_words_of_a_line_are_found(whole: list[str]) -> None:
    """As the shell would read them, and after a blank a new one begins."""
    line = shlex.join(["spawn", *whole])
    assert words_of(f"{line} ") == (whole, "")
    *first, last = ["spawn", *whole]
    assert words_of(line) == (first[1:], last if whole else "spawn")


@pytest.mark.parametrize(
    ("line", "args", "incomplete"),
    [
        ('spawn connect "we', ["connect"], "we"),
        ("spawn status --region=us-", ["status"], "--region=us-"),
        ("spawn cp a web:/e", ["cp", "a"], "web:/e"),
    ],
)
def test_an_unfinished_word_is_whole(line: str, args: list[str], incomplete: str) -> None:
    """Open quotes, `=` and `:` don't break it, as they do bash's own words."""
    assert words_of(line) == (args, incomplete)


def cache_at(directory: Path, **changed: str) -> OfferCache:
    """Return a cache of one key, endpoint and region."""
    fields = {"access_key_id": "AKIA1", "endpoint": "https://one", "region": "us-east-1"}
    return OfferCache(directory=directory, **{**fields, **changed})


def test_offers_are_kept_for_seconds(tmp_path: Path) -> None:
    """In a file for nobody else, and what comes from the future is not believed."""
    kept = (Offer(word="web", says="running"),)
    cache = cache_at(tmp_path / "cache")
    cache.keep(kept, NOW)
    assert cache.recall(NOW + timedelta(seconds=3)) == kept
    assert cache.recall(NOW + timedelta(seconds=30)) is None
    assert cache.recall(NOW - timedelta(seconds=1)) is None
    assert cache.file.path.stat().st_mode & 0o777 == 0o600
    assert cache.file.path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("field", ["access_key_id", "endpoint", "region"])
def test_another_account_has_offers_of_its_own(field: str, tmp_path: Path) -> None:
    """Another key, endpoint or region never sees what was kept for this one."""
    cache_at(tmp_path).keep((Offer(word="web", says=""),), NOW)
    assert cache_at(tmp_path, **{field: "other"}).recall(NOW) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b'{"seen_at":"2026-03-01T12:00:00Z","offers":[{"word":"$(reboot)","says":""}]}',
        b'{"seen_at":"2026-03-01T12:00:00","offers":[]}',
    ],
)
def test_a_spoilt_file_offers_nothing(content: bytes, tmp_path: Path) -> None:
    """Whatever stands in it, AWS is asked again."""
    cache = cache_at(tmp_path)
    cache.file.path.write_bytes(content)
    assert cache.recall(NOW) is None
