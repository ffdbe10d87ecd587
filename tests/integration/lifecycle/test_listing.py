"""What a listing asks, and what it shows of agents, on a control plane."""

from __future__ import annotations

from tests.integration.launch.account import REGION, Account
from tests.integration.lifecycle.lives import Life, user_keys
from tests.tools.programs import Program
from tests.tools.proxy import Proxy

CLOSE = {"scheduler:GetSchedule", "ec2:GetConsoleOutput", "ec2:DescribeInstanceAttribute"}


def asked(proxy: Proxy) -> set[str]:
    return {one.call.key for one in proxy.records}


def test_without_instances_of_ones_own_nothing_more_is_asked(
    account: Account, spawn: Program, proxy: Proxy
) -> None:
    """Who has none, or sees only others', waits for nothing but the listing itself."""
    assert spawn("list", "--region", REGION).code == 0
    assert not asked(proxy) & CLOSE
    theirs = Life(spawn, account, **user_keys(account, "bob"))
    proxy.forget()
    listed = spawn("list", "--region", REGION, "-o", "json")
    (row,) = listed.document()["instances"]
    assert (row["id"], row["agent"]["state"]) == (theirs.id, "NOT ASKED")
    assert not asked(proxy) & CLOSE


def test_ones_own_are_looked_at_closely_in_one_round(
    account: Account, spawn: Program, proxy: Proxy
) -> None:
    """Schedules and consoles of all of them are asked for side by side, and shown."""
    lives = [Life(spawn, account) for _ in range(2)]
    proxy.forget()
    listed = spawn("list", "--region", REGION, "-o", "json")
    assert listed.code == 0, listed.stderr
    rows = {one["id"]: one for one in listed.document()["instances"]}
    assert {rows[life.id]["agent"]["state"] for life in lives} == {"UNKNOWN"}
    consoles = [one for one in proxy.records if one.call.key == "ec2:GetConsoleOutput"]
    assert len(consoles) == 2
    assert asked(proxy) >= {"scheduler:GetSchedule"}
    assert not [one for one in proxy.records if not one.call.is_read]
    shown = spawn("list", "--region", REGION)
    assert "AGENT" in shown.stdout.splitlines()[0]


def test_a_console_that_may_not_be_read_is_unknown(account: Account, spawn: Program) -> None:
    """Without the right to look nobody says that the agent is there, nor that it is silent."""
    keys = user_keys(account, "carl", "ec2:GetConsoleOutput")
    life = Life(spawn, account, **keys)
    found = life.status()["instance"]["agent"]
    assert found["state"] == "UNKNOWN"
    assert "ec2:GetConsoleOutput" in found["why"]
