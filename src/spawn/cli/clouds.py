"""The embedded cloud as commands meet it: where it lies, and its failures as spawn's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spawn.cli.wiring import Wiring
from spawn.core.errors import AccountError, InputError
from spawn.local import cloud


def directory_of(wiring: Wiring) -> Path:
    """Return where this person's cloud lies."""
    return cloud.default_directory(wiring.environment)


@contextmanager
def explained() -> Iterator[None]:
    """Turn the embedded cloud's failures into errors with a next command."""
    try:
        yield
    except cloud.NotRunning as error:
        raise AccountError(
            "the embedded cloud does not run", why=str(error), next_command="spawn cloud up"
        ) from error
    except cloud.DirectoryRefused as error:
        raise InputError("the embedded cloud's directory can't be used", why=str(error)) from error
    except cloud.MachineLacks as error:
        raise AccountError(
            "this machine can't run instances: " + "; ".join(one.what for one in error.missing),
            why="calls alone are answered without them: spawn cloud up --control-plane-only",
            next_command=error.missing[0].remedy,
        ) from error
    except cloud.CloudFailed as error:
        raise AccountError(str(error), why=error.log, next_command="spawn cloud doctor") from error


def started(
    directory: Path, wiring: Wiring, *, control_plane_only: bool = False
) -> cloud.Environment:
    """Return how to reach the cloud, having started it where it did not run.

    Raises AccountError where this machine lacks what instances need, with how to get it.
    """
    with explained():
        try:
            return cloud.environment(directory, wiring.environment)
        except cloud.NotRunning:
            if wiring.is_terminal:
                wiring.say("starting the embedded cloud")
            cloud.up(directory, control_plane_only=control_plane_only)
            return cloud.environment(directory, wiring.environment)


def require_running(wiring: Wiring) -> None:
    """Raise AccountError where the cloud does not run; it is not started."""
    with explained():
        cloud.environment(directory_of(wiring), wiring.environment)


def lacking_text() -> str:
    """Return what this machine lacks to run instances, a line each with its remedy; or ""."""
    return "\n".join(f"{one.what}\n  try: {one.remedy}" for one in cloud.doctor())
