"""`spawn key`: the SSH key that your instances let in."""

from __future__ import annotations

import click

from spawn.cli.lazy import LazyGroup

COMMANDS = {
    "create": "Make your key, and let a region know it.",
    "list": "Show your keys, how old they are, and who trusts them.",
    "rotate": "Use another key for new launches.",
    "prune": "Remove former keys that nothing trusts.",
}


@click.group(name="key", cls=LazyGroup, package="spawn.cli.key", table=COMMANDS)
def command() -> None:
    """Your SSH key: make it, look after it, replace it."""
