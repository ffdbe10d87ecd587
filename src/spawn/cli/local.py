"""The `--local` switch: this process, and what it starts, uses the embedded cloud."""

from __future__ import annotations

import os

from spawn.cli.wiring import Wiring
from spawn.core.errors import InputError


def enter_embedded_cloud(wiring: Wiring, *, profile: str | None) -> None:
    """Start the cloud where it does not run, and set the environment to it.

    Raises InputError for a profile, which would lead elsewhere, and AccountError where the cloud
    does not start.
    """
    if profile is not None:
        raise InputError(
            "--profile and --local exclude each other", why="the embedded cloud has its own keys"
        )
    from spawn.cli.clouds import directory_of, started

    environment = started(directory_of(wiring), wiring)
    for name in environment.unset:
        os.environ.pop(name, None)
    os.environ.update(environment.variables)
