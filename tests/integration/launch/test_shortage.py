"""Where AWS has too little of something, it is tried elsewhere, in order, and told."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from tests.integration.launch.account import Account
from tests.tools.programs import Program, run
from tests.tools.proxy import Proxy
from tests.tools.terminal import terminal

FAILED, PARTLY = 1, 6
RUN = "ec2:RunInstances"
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1f")
# botocore's standard mode waits up to 20 s before it repeats what it takes for a passing fault.
SECONDS_FOR_TEN = 10.0


def injected(code: str, **where: str) -> dict[str, Any]:
    """An error that the next launch which is meant gets."""
    return {"operation": RUN, "code": code, "message": "placed by a test", **where}


def tries(proxy: Proxy) -> int:
    """Count how often RunInstances was sent."""
    return sum(one.call.key == RUN for one in proxy.records)


def assert_nothing_is_left(account: Account) -> None:
    """Fail for an instance that costs, or a backstop of one that is gone."""
    assert account.billable() == []
    assert account.client("scheduler").list_schedules()["Schedules"] == []


def test_alternatives_are_tried_in_order_and_shown(
    account: Account, spawn: Program, proxy: Proxy
) -> None:
    """Capacity, a quota and a lack in one zone lead on; on a terminal each try stands in a line."""
    account.set_switches(
        no_capacity=[{"instance_type": "t3.micro", "zone": ZONES[0]}],
        errors=[
            injected("VcpuLimitExceeded", instance_type="t3.micro", zone=ZONES[1]),
            injected("Unsupported", instance_type="t3.small", zone=ZONES[0]),
        ],
    )
    words = ("launch", "--instance-type", "t3.micro,t3.small", "--az", ",".join(ZONES[:2]))
    program = (str(spawn.path), *words)
    with terminal(program, environment=spawn.environment, directory=spawn.directory) as shown:
        assert shown.finish() == 0, shown.text
    lines = [line.strip() for line in shown.text.split("\n")]
    marked = [line for line in lines if line.startswith(("✗", "→", "✓ t3"))]
    (instance,) = account.billable()
    assert marked == [
        f"✗ launch t3.micro in {ZONES[0]}: InsufficientInstanceCapacity",
        f"→ else t3.micro in {ZONES[1]}",
        f"✗ t3.micro in {ZONES[1]}: VcpuLimitExceeded",
        f"→ else t3.small in {ZONES[0]}",
        f"✗ t3.small in {ZONES[0]}: Unsupported",
        f"→ else t3.small in {ZONES[1]}",
        f"✓ t3.small in {ZONES[1]} ({instance.instance_id})",
    ]
    assert tries(proxy) == 4
    assert instance.ends_twice_over
    (launch,) = (one for one in account.records() if one["record"]["S"] == "LAUNCH")
    assert launch["instance_type"]["S"] == "t3.small"


def test_ten_tries_take_seconds(account: Account, spawn: Program, proxy: Proxy) -> None:
    """EC2 tells of a shortage as of a fault of its own; each place is asked once all the same."""
    account.set_switches(no_capacity=[{}])
    refused = spawn("launch", "--instance-type", "t3.micro,t3.small")
    assert refused.code == FAILED, refused.stderr
    spans = [one.span for one in proxy.records if one.call.key == RUN]
    assert len(spans) == 2 * len(ZONES)
    assert spans[-1].end_seconds - spans[0].start_seconds < SECONDS_FOR_TEN
    places = [f"{kind} in {zone}" for kind in ("t3.micro", "t3.small") for zone in ZONES]
    found = [refused.stderr.index(place) for place in places]
    assert found == sorted(found)
    assert "nothing had been launched" in refused.stderr
    assert_nothing_is_left(account)


@pytest.mark.parametrize(
    ("code", "words", "remedy"),
    [
        ("VcpuLimitExceeded", (), "--service-code ec2 --quota-code L-1216C47A"),
        ("MaxSpotInstanceCountExceeded", ("--spot",), "--quota-code L-34B43A08"),
        (None, ("--spot", "--spot-max-price", "0.0001"), "describe-spot-price-history"),
        ("InsufficientInstanceCapacity", (), "describe-instance-type-offerings"),
    ],
)
def test_what_is_lacking_is_told_with_what_to_type(
    code: str | None,
    words: tuple[str, ...],
    remedy: str,
    *,
    account: Account,
    spawn: Program,
    proxy: Proxy,
) -> None:
    """A quota, a price that is too low, a zone without capacity: each has its own next command."""
    if code is not None:
        account.set_switches(errors=[injected(code)])
    refused = spawn("launch", "--az", ZONES[0], *words)
    assert refused.code == FAILED, refused.stderr
    assert tries(proxy) == 1
    assert f"t3.micro in {ZONES[0]}: " in refused.stderr
    assert (code or "SpotMaxPriceTooLow") in refused.stderr
    typed = next_command(refused.stderr)
    assert remedy in typed
    if "service-quotas" not in typed:  # which the embedded cloud does not have
        asked = run(
            tuple(shlex.split(typed)), environment=spawn.environment, directory=spawn.directory
        )
        assert asked.code == 0, asked.stderr
    assert_nothing_is_left(account)


def next_command(stderr: str) -> str:
    """Return what an error says to type."""
    return stderr.rpartition("  try: ")[2].strip()


def test_some_of_several_are_kept_where_they_are_enough(account: Account, spawn: Program) -> None:
    """With room for three of five, and two enough, three run, each with end and record."""
    account.set_switches(no_capacity=[{"left": 3}])
    launched = spawn("launch", "--count", "5", "--min-count", "2", "-o", "ids")
    assert launched.code == PARTLY, launched.stderr
    assert "3 of 5 instances run" in launched.stderr
    running = account.billable()
    assert {one.instance_id for one in running} == {*launched.stdout.split()}
    assert len(running) == 3
    assert all(one.ends_twice_over for one in running)
    recorded = [one for one in account.records() if one["record"]["S"] == "LAUNCH"]
    assert {one["instance_id"]["S"] for one in recorded} == {*launched.stdout.split()}


def test_all_of_several_or_none(account: Account, spawn: Program, proxy: Proxy) -> None:
    """Where all are wanted, the first place with room for all has them, or none is launched."""
    account.set_switches(no_capacity=[{"zone": ZONES[0], "left": 2}])
    words = ("launch", "--count", "3", "-o", "ids", "--az")
    refused = spawn(*words, ZONES[0])
    assert refused.code == FAILED, refused.stderr
    assert "3 instances can't be had now" in refused.stderr
    assert "--min-count" in refused.stderr
    assert_nothing_is_left(account)
    proxy.forget()
    launched = spawn(*words, ",".join(ZONES[:2]))
    assert launched.code == 0, launched.stderr
    assert tries(proxy) == 2
    assert len(account.billable()) == 3
