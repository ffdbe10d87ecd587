"""A cloud of the control plane alone, emptied before each test, with a proxy in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from spawn.local import cloud as embedded
from tests.integration.launch.account import Account
from tests.tools.clouds import Cloud, running_cloud
from tests.tools.loaded import loaded_spawn
from tests.tools.programs import Program
from tests.tools.proxy import Proxy


@pytest.fixture(scope="session")
def control_plane() -> Iterator[Cloud]:
    """One control plane a worker; `account` empties it."""
    with running_cloud(control_plane_only=True) as running:
        yield running


@pytest.fixture
def account(control_plane: Cloud) -> Account:
    """An account where spawn has never been."""
    embedded.reset(control_plane.directory)
    return Account(cloud=control_plane)


@pytest.fixture
def proxy(account: Account) -> Iterator[Proxy]:
    """What stands between `spawn` and the account: it counts, delays and breaks."""
    with Proxy(account.cloud.endpoint_url) as running:
        yield running


@pytest.fixture
def spawn(account: Account, proxy: Proxy, home: Path) -> Program:
    """The `spawn` program of one person, whose AWS is the account behind the proxy."""
    environment = account.cloud.environment(home) | {"AWS_ENDPOINT_URL": proxy.url}
    return loaded_spawn(environment, home)
