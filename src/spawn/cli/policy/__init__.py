"""`spawn policy`: what policies allow, whether they are right, and how small they could be."""

from __future__ import annotations

import click

from spawn.cli.lazy import LazyGroup

COMMANDS: dict[str, str] = {
    "install": "Make the roles that others' launches use: for administrators.",
    "can": "Whether somebody may do something, and by which statement.",
}


@click.group(name="policy", cls=LazyGroup, package="spawn.cli.policy", table=COMMANDS)
def command() -> None:
    """See, test and shrink what instances, roles and people may do in AWS."""
