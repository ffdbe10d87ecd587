"""`spawn guardrails`: what an administrator puts around spawn's users."""

from __future__ import annotations

import click

from spawn.cli.lazy import LazyGroup

COMMANDS = {
    "show": "Print guardrails in AWS's exact words.",
    "apply": "Put guardrails where they are missing.",
    "status": "Say which guardrails are there.",
}


@click.group(name="guardrails", cls=LazyGroup, package="spawn.cli.guardrails", table=COMMANDS)
def command() -> None:
    """What an administrator puts around spawn's users: boundary, policies, settings, rules."""
