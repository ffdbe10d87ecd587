"""Keys of EC2 Instance Connect reach the data plane, and leave it at their end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spawn.local.control import account
from spawn.local.control.engine import Engine
from spawn.local.control.instance_connect import end_of, live_keys
from spawn.local.control.memory import Memory
from spawn.local.control.moto_app import MotoApp
from spawn.local.world import EphemeralKey, World

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_key_ends_alone() -> None:
    """At its end a key goes, a later one of the same instance stays, and no instance is empty."""
    early = EphemeralKey(user="u", key="k1", until="2026-01-01T12:01:00Z")
    late = EphemeralKey(user="u", key="k2", until="2026-01-01T12:01:30Z")
    keys = {"i-1": (early, late), "i-2": (early,)}
    assert end_of(early) == NOON + timedelta(minutes=1)
    assert live_keys(keys, NOON) == keys
    assert live_keys(keys, end_of(early)) == {"i-1": (late,)}
    assert live_keys(keys, end_of(late)) == {}


class _Plane:
    """A data plane that keeps the last world it was sent."""

    def __init__(self) -> None:
        self.world: World | None = None

    def send(self, world: World) -> None:
        self.world = world

    def close(self) -> None:
        self.world = None


@pytest.fixture
def instance_id() -> Iterator[str]:
    """One instance in an account of its own."""
    account.forget_everything()
    backend: Any = account.ec2("us-east-1")
    nic = {"DeviceIndex": 0, "SubnetId": backend.describe_subnets()[0].id}
    launched = backend.run_instances(
        "ami-1", 1, None, [], is_instance_type_default=True, nics=[nic], region_name="us-east-1"
    )
    yield launched.instances[0].id
    account.forget_everything()


def test_the_data_plane_has_a_key_until_its_end(instance_id: str, tmp_path: Path) -> None:
    """The world holds what was sent; at the key's end the clock is due, and takes it out."""
    key = EphemeralKey(user="u", key="ssh-ed25519 AAAA", until="2026-01-01T12:01:00Z")
    clock = [NOON]
    engine = Engine(memory=Memory(), moto=MotoApp(), now=lambda: clock[0], console=tmp_path)
    plane = _Plane()
    engine.connect(plane, lambda: None)
    engine.memory.ssh_keys[instance_id] = (key,)
    engine.publish()
    assert plane.world is not None
    assert [i.ssh_keys for i in plane.world.instances] == [(key,)]
    assert engine.next_due() == end_of(key)
    clock[0] = end_of(key)
    engine.tidy()
    assert [i.ssh_keys for i in plane.world.instances] == [()]
    assert engine.next_due() is None
