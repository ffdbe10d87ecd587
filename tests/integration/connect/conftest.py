"""An SSH server on loopback for a real OpenSSH client, and an EC2 that knows key pairs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spawn.connect.machine import Machine
from spawn.connect.programs import LocalPrograms
from tests.integration.connect.server import SshServer, serving


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with nothing on it but its programs; its paths hold a space and a percent sign."""
    return Machine(
        state_directory=tmp_path / "my 100% state",
        ssh_directory=tmp_path / "ssh",
        programs=LocalPrograms(),
        aws_programs=LocalPrograms(),
        now=lambda: datetime.now(UTC),
        randomness=os.urandom,
    )


@pytest.fixture
def server(machine: Machine) -> Iterator[SshServer]:
    """A server that admits the machine's own key."""
    with serving(machine) as running:
        yield running
