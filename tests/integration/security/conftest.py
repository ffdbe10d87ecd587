"""A control plane of its own, emptied before each test, and a person who uses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from spawn.local import cloud as embedded
from tests.integration.launch.account import Account
from tests.tools.clouds import Cloud, running_cloud
from tests.tools.loaded import loaded_spawn
from tests.tools.programs import Program


@pytest.fixture(scope="package")
def attacked_cloud() -> Iterator[Cloud]:
    """One control plane a worker; `account` empties it."""
    with running_cloud(control_plane_only=True) as running:
        yield running


@pytest.fixture
def account(attacked_cloud: Cloud) -> Account:
    """An account where spawn has never been."""
    embedded.reset(attacked_cloud.directory)
    return Account(cloud=attacked_cloud)


@pytest.fixture
def spawn(account: Account, home: Path) -> Program:
    """The `spawn` program of one person, whose AWS is the account."""
    environment = account.cloud.environment(home)
    return loaded_spawn(environment, home)
