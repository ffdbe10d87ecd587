"""What every test has: a home of its own, and nothing of the person who runs the tests.

Programs are given a whole environment (`tests.tools.programs`); the process of the tests itself
is cleaned once, before anything is imported that could read settings.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.tools.clouds import Cloud, running_cloud
from tests.tools.loaded import loaded_spawn
from tests.tools.programs import PROGRAMS, Program, clean_environment

# Machines of continuous integration stall at times: slow is not wrong there.
settings.register_profile("default", deadline=None, print_blob=True)
settings.load_profile("default")

LONGEST_ID = 50
_nowhere = tempfile.TemporaryDirectory(prefix="spawn-test-")


def pytest_configure() -> None:
    """Clear the tests' own process of settings and credentials; give it an empty home."""
    for name in [*os.environ]:
        if name.startswith(("AWS_", "SPAWN_", "XDG_", "SSH_")) or name.lower().endswith("_proxy"):
            del os.environ[name]
    os.environ["HOME"] = _nowhere.name
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    # A session without an endpoint would lead to AWS: its https ends here, at a closed port.
    os.environ["HTTPS_PROXY"] = "http://127.0.0.1:9"


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a long text after its parameter: parallel workers need names that are always the same.

    Keys and documents made anew in each process would have others in each.
    """
    return argname if isinstance(val, str | bytes) and len(val) > LONGEST_ID else None


def pytest_unconfigure() -> None:
    """Remove the empty home."""
    _nowhere.cleanup()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home directory."""
    path = tmp_path / "home"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def bare_spawn(home: Path) -> Program:
    """The `spawn` program of a person without credentials, settings or cloud."""
    environment = clean_environment(home)
    return loaded_spawn(environment, home)


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """An embedded cloud, one for all tests of a worker: what a test makes, it names uniquely."""
    with running_cloud() as running:
        yield running


@pytest.fixture
def cloud_environment(cloud: Cloud, home: Path) -> dict[str, str]:
    """The environment of a person with an empty home, whose AWS is the embedded cloud."""
    return cloud.environment(home)


@pytest.fixture
def spawn(cloud_environment: dict[str, str], home: Path) -> Program:
    """The `spawn` program, talking to the embedded cloud as it would to AWS."""
    return loaded_spawn(cloud_environment, home)


@pytest.fixture
def aws(cloud_environment: dict[str, str], home: Path) -> Program:
    """The `aws` program of the lock file, talking to the embedded cloud."""
    return Program(path=PROGRAMS / "aws", environment=cloud_environment, directory=home)
