"""What a launch costs is said before it, limits it, and is never what keeps it from working."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest

from tests.integration.launch.account import REGION, Account
from tests.tools.faults import Effect, Fault
from tests.tools.programs import Program
from tests.tools.proxy import Proxy

REFUSED = 3
GET_PRODUCTS = "pricing:GetProducts"
FOR_EVER = 1_000
# So long nobody waits for a price.
PATIENCE_SECONDS = 40.0
HERE = ("--region", REGION)
TAG = "spawn:usd-per-hour"


def asked(proxy: Proxy) -> int:
    """Count the questions that the price list was asked."""
    return sum(one.call.key == GET_PRODUCTS for one in proxy.records)


def wrote(proxy: Proxy) -> bool:
    """Say whether anything was asked that is no mere look."""
    return any(not one.call.is_read for one in proxy.records)


def price_line(stdout: str) -> str:
    """Return what a plan says of the price."""
    return next(line for line in stdout.split("\n") if line.startswith("price"))


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        (Effect.DENY, "AWS denied pricing:GetProducts"),
        (Effect.GARBLE, "can't be understood"),
        (Effect.CUT, "no answer from AWS to pricing:GetProducts"),
    ],
)
def test_without_a_price_a_launch_works_and_says_so(
    effect: Effect, reason: str, *, account: Account, spawn: Program, proxy: Proxy
) -> None:
    """Denied, answered by something else, or silent: no price is guessed, and none is shown."""
    over = threading.Event()

    def be_silent() -> None:
        over.wait(PATIENCE_SECONDS)

    hook = be_silent if effect is Effect.CUT else None
    proxy.place(Fault(effect=effect, operation=GET_PRODUCTS, times=FOR_EVER, hook=hook))
    launched = spawn("launch")
    over.set()
    assert launched.code == 0, launched.stderr
    assert "unknown" in price_line(launched.stdout)
    assert reason in price_line(launched.stdout)
    (instance,) = account.billable()
    (row,) = spawn("list", *HERE, "-o", "json").document()["instances"]
    assert row["id"] == instance.instance_id
    assert row["usd_so_far"] is None
    assert TAG not in row["tags"]


def test_a_price_is_asked_once_and_limits_the_launch(spawn: Program, proxy: Proxy) -> None:
    """The list is asked by the first plan alone; what costs more than --max-cost is refused."""
    words = ("launch", "--ttl", "10h", "--dry-run")
    first = spawn(*words)
    assert first.code == 0, first.stderr
    assert "until its end date" in price_line(first.stdout)
    assert asked(proxy) == 3  # the machine, disks of all types, the address
    proxy.forget()
    assert price_line(spawn(*words).stdout) == price_line(first.stdout)
    # $0.0104 for the machine, $0.08 * 8 / 730 for its disk and $0.005 for its address, an hour.
    assert spawn(*words, "--max-cost", "0.17").code == 0
    refused = spawn("launch", "--ttl", "10h", "--max-cost", "0.16")
    assert refused.code == REFUSED, refused.stderr
    assert "--max-cost" in refused.stderr
    assert "--ttl 9h49m" in refused.stderr
    assert asked(proxy) == 0
    assert not wrote(proxy)


def test_an_unknown_price_may_be_any(spawn: Program, proxy: Proxy) -> None:
    """With --max-cost, what can't be known is refused, however much is allowed."""
    proxy.place(Fault(effect=Effect.DENY, operation=GET_PRODUCTS, times=FOR_EVER))
    refused = spawn("launch", "--max-cost", "1000")
    assert refused.code == REFUSED, refused.stderr
    assert "--max-cost" in refused.stderr
    assert "AWS denied pricing:GetProducts" in refused.stderr
    assert not wrote(proxy)


def test_the_cost_so_far_is_shown(account: Account, spawn: Program) -> None:
    """By the price of the launch, in list and status; what somebody else wrote there, is not."""
    launched = spawn("launch", "--name", "box", "-o", "ids")
    assert launched.code == 0, launched.stderr
    instance_id = launched.stdout.strip()
    (row,) = spawn("list", *HERE, "-o", "json").document()["instances"]
    # A minute is billed at the least.
    assert Decimal(row["usd_so_far"]) >= Decimal(row["tags"][TAG]) / 60 > 0
    shown = spawn("status", instance_id, *HERE)
    assert "so far, $0.0163 an hour while it runs" in shown.stdout, shown.stderr
    garbled = [{"Key": TAG, "Value": "1e9"}]
    account.client("ec2").create_tags(Resources=[instance_id], Tags=garbled)
    heading, line = spawn("list", *HERE).stdout.strip().split("\n")[:2]
    cost = heading.index("COST")
    assert line[cost:].split()[0] == "-"
    assert "not known" in spawn("status", instance_id, *HERE).stdout
