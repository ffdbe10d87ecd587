"""A key's whole life with real logins: used, rotated, trusted, pruned."""

from __future__ import annotations

from pathlib import Path

import pytest

from spawn.connect.kept_keys import held_keys
from tests.e2e.boxes import Box
from tests.e2e.conftest import Launch
from tests.tools.programs import Program

pytestmark = pytest.mark.e2e
REFUSED = 3


def assert_reachable(box: Box) -> None:
    """Log in by OpenSSH, and fail where that fails."""
    done = box.run("echo", "in")
    assert (done.code, done.stdout) == (0, "in\n"), done.stderr


def test_a_key_is_rotated_and_pruned(launch: Launch, spawn: Program, home: Path) -> None:
    """Both keys let in what each launched; the former one goes when nothing trusts it, not before.

    The two instances are reached by OpenSSH, each with the private half that its launch chose.
    """
    state = home / ".local/state/spawn"
    first = launch("--ttl", "30m")
    (before,) = held_keys(state)
    rotated = spawn("key", "rotate", "--yes", "-o", "json").document()
    assert [one["id"] for one in rotated["still_trusting"]] == [first.id]
    second = launch("--ttl", "30m")
    names = [box.described()["KeyName"] for box in (first, second)]
    assert names == [before.key.pair_name, rotated["name"]]
    assert_reachable(first)
    assert_reachable(second)
    refused = spawn("key", "prune", "--yes")
    assert refused.code == REFUSED, refused.stderr
    assert first.id in refused.stderr
    assert second.id not in refused.stderr
    assert_reachable(first)
    assert spawn("cancel", first.id, "--yes").code == 0
    pruned = spawn("key", "prune", "--yes")
    assert pruned.code == 0, pruned.stderr
    assert [one.key.pair_name for one in held_keys(state)] == [rotated["name"]]
    assert_reachable(second)
