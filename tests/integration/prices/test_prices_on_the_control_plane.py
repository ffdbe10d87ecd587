"""Prices asked over HTTP as a launch asks them, of a list that holds what AWS's holds."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from spawn.aws.door import ReadingDoor
from spawn.aws.questions import Asker
from spawn.aws.session import Session
from spawn.prices.cache import FilePriceCache
from spawn.prices.facts import PriceFacts, ask_prices
from spawn.prices.hourly import HourlyPrice, hourly_price
from spawn.prices.lookups import WantedPrices
from spawn.prices.rates import Platform
from spawn.prices.volumes import Volume
from tests.tools.clouds import Cloud, running_cloud
from tests.tools.sessions import session_at

REGION = "eu-west-1"
NOW = datetime.now(UTC)
ROOT = Volume(volume_type="gp3", size_gib=8)


@pytest.fixture(scope="module")
def control_plane() -> Iterator[Cloud]:
    """The calls of an embedded cloud, without instances."""
    with running_cloud(control_plane_only=True) as running:
        yield running


@pytest.fixture
def session(control_plane: Cloud, tmp_path: Path) -> Session:
    """A person's way to the cloud."""
    access = control_plane.access.variables
    keys = (access["AWS_ACCESS_KEY_ID"], access["AWS_SECRET_ACCESS_KEY"])
    return session_at(control_plane.endpoint_url, tmp_path / "config", region=REGION, keys=keys)


def look_up(session: Session, directory: Path, wanted: WantedPrices) -> PriceFacts:
    cache = FilePriceCache(
        directory=directory,
        endpoint=session.endpoint("pricing", "us-east-1"),
        region=wanted.region,
    )
    with ThreadPoolExecutor() as pool:
        return ask_prices(Asker(ReadingDoor(session), pool), wanted, cache)()


def price_of(
    facts: PriceFacts, *volumes: Volume, platform: str = "Linux/UNIX", spot: bool = False
) -> HourlyPrice:
    return hourly_price(
        facts,
        instance_type="t3.micro",
        zone=f"{REGION}a",
        platform=platform,
        volumes=volumes or (ROOT,),
        public_ipv4=True,
        spot=spot,
    )


def wanted(*, spot: bool = False, region: str = REGION) -> WantedPrices:
    return WantedPrices(
        partition="aws",
        region=region,
        instance_types=("t3.micro", "m7g.large"),
        platforms=(Platform.LINUX, Platform.WINDOWS),
        spot=spot,
        now=NOW,
    )


def test_a_launch_has_its_price(session: Session, tmp_path: Path) -> None:
    """Machine, disk and address are found in the list of the region that is launched into."""
    facts = look_up(session, tmp_path, wanted())
    price = price_of(facts)
    assert price.unknown == ()
    assert price.instance == Decimal("0.01144")
    assert price.volumes == Decimal("0.088") * 8 / 730
    assert price.public_ipv4 == Decimal("0.005")
    windows = price_of(facts, platform="Windows").instance
    assert windows is not None
    assert windows > price.instance


@pytest.mark.parametrize(
    "volume",
    [
        Volume(volume_type="gp2", size_gib=100),
        Volume(volume_type="gp3", size_gib=100, iops=6000, throughput_mibps=500),
        Volume(volume_type="io1", size_gib=100, iops=1000),
        Volume(volume_type="io2", size_gib=100, iops=70_000),
        Volume(volume_type="st1", size_gib=500),
        Volume(volume_type="sc1", size_gib=500),
    ],
    ids=str,
)
def test_disks_of_every_type_have_a_price(session: Session, tmp_path: Path, volume: Volume) -> None:
    """One question brings the rates of all types, with their performance."""
    assert price_of(look_up(session, tmp_path, wanted()), volume).unknown == ()


def test_spare_capacity_costs_less(session: Session, tmp_path: Path) -> None:
    """The price of the zone is found in the history, and is below the one on demand."""
    spot = price_of(look_up(session, tmp_path, wanted(spot=True)), spot=True)
    on_demand = price_of(look_up(session, tmp_path, wanted()))
    assert spot.unknown == ()
    assert spot.instance is not None
    assert on_demand.instance is not None
    assert 0 < spot.instance < on_demand.instance


def test_the_kept_answer_is_the_answer(session: Session, tmp_path: Path) -> None:
    """With the file of the first time, a price list that is gone is not missed."""
    first = look_up(session, tmp_path, wanted())
    endpoint = session.endpoint("pricing", "us-east-1")
    nobody = session_at("http://127.0.0.1:9", tmp_path / "nobody", region=REGION)
    cache = FilePriceCache(directory=tmp_path, endpoint=endpoint, region=REGION)
    with ThreadPoolExecutor() as pool:
        again = ask_prices(Asker(ReadingDoor(nobody), pool), wanted(), cache)()
    assert price_of(again) == price_of(first)


def test_a_price_list_that_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    """It is asked once a question and given up within seconds; the price is unknown for that."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        session = session_at(url, tmp_path / "config", region=REGION)
        session.endpoint("pricing", "us-east-1")
        begun = datetime.now(UTC)
        price = price_of(look_up(session, tmp_path, wanted()))
        assert datetime.now(UTC) - begun < timedelta(seconds=10)
    assert price.total is None
    assert price.unknown == ("no answer from AWS to pricing:GetProducts",)
