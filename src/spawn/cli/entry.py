"""What the `spawn` program starts: as little as can be, since every command waits for it."""

from __future__ import annotations

import sys

from spawn import __version__


def main() -> None:
    """Run the command that the program's arguments name, and exit with its code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        print(f"spawn {__version__}")
        return
    from spawn.cli.root import run

    sys.exit(run(arguments))
