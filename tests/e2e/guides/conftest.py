"""One desk for each module of the guides' commands."""

from pathlib import Path

import pytest

from tests.e2e.guides.account import Desk, furnished
from tests.tools.clouds import Cloud
from tests.tools.programs import PROGRAMS, Program


@pytest.fixture(scope="module")
def desk(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A person at work, with all that the guides' placeholders stand for."""
    home: Path = tmp_path_factory.mktemp("desk") / "home"
    environment = cloud.environment(home)
    spawn, aws = (
        Program(path=PROGRAMS / name, environment=environment, directory=home)
        for name in ("spawn", "aws")
    )
    return furnished(cloud, spawn, aws, home)
