"""`spawn secrets`: what keeps secrets out of scripts and files."""

from __future__ import annotations

import click

from spawn.cli.lazy import LazyGroup

COMMANDS: dict[str, str] = {
    "scan": "Find secrets in scripts and files, before they go anywhere.",
}


@click.group(name="secrets", cls=LazyGroup, package="spawn.cli.secrets", table=COMMANDS)
def command() -> None:
    """Keep secrets out of scripts, files and user-data."""
