"""`spawn policy`: what policies allow, whether they are right, and how small they could be."""

from __future__ import annotations

import click

from spawn.cli.lazy import LazyGroup

COMMANDS: dict[str, str] = {
    "list": "The templates that --iam-policy takes.",
    "show": "What policies say, to the letter and in words.",
    "lint": "Whether policies are right, and what to write instead.",
    "can": "Whether somebody may do something, and by which statement.",
    "diff": "What one policy allows that another does not.",
    "rightsize": "The smallest policy that would have sufficed.",
    "install": "Make the roles that others' launches use: for administrators.",
}


@click.group(name="policy", cls=LazyGroup, package="spawn.cli.policy", table=COMMANDS)
def command() -> None:
    """See, test and shrink what instances, roles and people may do in AWS."""
