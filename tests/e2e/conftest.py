"""Instances for the tests of this directory, ended when the tests are done with them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.e2e.boxes import Box, client, launched
from tests.tools.clouds import Cloud
from tests.tools.programs import PROGRAMS, Program

Launch = Callable[..., Box]


@pytest.fixture
def launch(cloud: Cloud, spawn: Program) -> Iterator[Launch]:
    """`spawn launch` with the given words; whatever it launches ends with the test."""
    with ExitStack() as running:
        yield lambda *words: running.enter_context(launched(spawn, cloud, *words))


@pytest.fixture(scope="module")
def box(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """One instance for those tests of a module that leave it as it is."""
    home = tmp_path_factory.mktemp("box") / "home"
    environment = cloud.environment(home)
    spawn = Program(path=PROGRAMS / "spawn", environment=environment, directory=home)
    with launched(spawn, cloud, "--ttl", "30m") as running:
        yield running


@pytest.fixture
def ec2(cloud: Cloud) -> Any:
    """A client of EC2."""
    return client(cloud, "ec2")
