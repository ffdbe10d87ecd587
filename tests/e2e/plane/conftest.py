"""A plane for each test; its start takes about a second."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.plane.harness import Plane, running_plane


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Plane]:
    """A data plane with an empty world."""
    with running_plane(tmp_path) as running:
        yield running
