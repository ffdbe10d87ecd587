"""The file of the last days' prices: private, whole or not there, and never believed when odd."""

import json
import stat
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from spawn.prices.cache import FilePriceCache
from spawn.prices.facts import CachedRates

ANSWERS = {
    "volumes": CachedRates(
        seen_at=datetime(2026, 11, 22, tzinfo=UTC), rates={"EBS:VolumeUsage.gp3": Decimal("0.088")}
    )
}


def cache_in(directory: Path, *, endpoint: str = "https://a", region: str = "r") -> FilePriceCache:
    return FilePriceCache(directory=directory / "cache", endpoint=endpoint, region=region)


def odd(seen_at: str, usd: str) -> bytes:
    answers = {"volumes": {"seen_at": seen_at, "rates": {"EBS:VolumeUsage.gp3": usd}}}
    return json.dumps({"version": 1, "answers": answers}).encode()


def test_a_sound_file_of_that_shape_is_read(tmp_path: Path) -> None:
    """The odd files below differ from one that serves by one value each."""
    cache = cache_in(tmp_path)
    cache.keep({})
    cache.file.path.write_bytes(odd("2026-11-22T00:00:00Z", "0.088"))
    assert cache.recall() == ANSWERS


def test_what_is_kept_is_recalled_to_the_last_digit(tmp_path: Path) -> None:
    """Prices come back as the decimals that they were."""
    cache_in(tmp_path).keep(ANSWERS)
    assert cache_in(tmp_path).recall() == ANSWERS


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """The file is its owner's alone, in a directory of the same kind, with no draft beside it."""
    cache = cache_in(tmp_path)
    cache.keep(ANSWERS)
    cache.keep(ANSWERS)
    assert stat.S_IMODE(cache.file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.directory.stat().st_mode) == 0o700
    assert list(cache.directory.iterdir()) == [cache.file.path]


@pytest.mark.parametrize("other", [{"endpoint": "https://b"}, {"region": "s"}])
def test_another_aws_does_not_price_this_one(tmp_path: Path, other: dict[str, str]) -> None:
    """What one endpoint said of one region is kept apart from every other."""
    cache_in(tmp_path).keep(ANSWERS)
    assert cache_in(tmp_path, **other).recall() == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\x00",
        b"[]",
        b'{"version": 1}',
        b'{"version": 2, "answers": {}}',
        odd("2026-11-22T00:00:00Z", "x"),
        odd("2026-11-22T00:00:00Z", "NaN"),
        odd("2026-11-22T00:00:00Z", "-1"),
        odd("2026-11-22T00:00:00Z", "1E+400"),
        odd("2026-11-22T00:00:00", "1"),
        odd("yesterday", "1"),
    ],
)
def test_a_spoilt_file_is_an_empty_one(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in the file, it is either sound or as good as missing."""
    cache = cache_in(tmp_path)
    cache.keep(ANSWERS)
    cache.file.path.write_bytes(content)
    assert cache.recall() == {}
    cache.keep(ANSWERS)
    assert cache.recall() == ANSWERS


def test_a_disk_that_refuses_does_not_stop_a_launch(tmp_path: Path) -> None:
    """Where nothing can be written nothing is kept, and nothing is raised."""
    (tmp_path / "cache").write_text("a file where the directory should be")
    cache_in(tmp_path).keep(ANSWERS)
    assert cache_in(tmp_path).recall() == {}


def test_a_refused_replacement_leaves_no_draft(tmp_path: Path) -> None:
    """Where the file's place is taken by a directory, no half-done file stays behind."""
    cache = cache_in(tmp_path)
    cache.file.path.mkdir(parents=True)
    cache.keep(ANSWERS)
    assert list(cache.directory.iterdir()) == [cache.file.path]
