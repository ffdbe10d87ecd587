"""A plane for each test; its start takes about a second."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spawn.local.requirements import missing_requirements
from tests.e2e.plane.harness import Plane, running_plane


@pytest.fixture(autouse=True, scope="session")
def able_machine() -> None:
    """Fail, with what is missing and how to get it, where instances can't run."""
    missing = missing_requirements()
    if missing:
        pytest.fail("\n".join(f"{each.what}: {each.remedy}" for each in missing))


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Plane]:
    """A data plane with an empty world."""
    with running_plane(tmp_path) as running:
        yield running
