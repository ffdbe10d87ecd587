"""`spawn run`: an instance for one command, gone when the command is over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spawn.cli.asking import asked_launch
from spawn.cli.launch_options import launch_options
from spawn.cli.options import account_options
from spawn.cli.running import Errand, run_errand
from spawn.cli.wiring import Wiring
from spawn.core.errors import InputError


@click.command(name="run", context_settings={"ignore_unknown_options": False})
@click.argument("words", metavar="-- COMMAND…", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option(
    "--copy",
    "source",
    metavar="DIR",
    help="Copy this directory there first, and run the command in it.",
)
@click.option(
    "--fetch",
    multiple=True,
    metavar="PATH",
    help="Bring this back from there afterwards: a file or a directory, relative to where it ran.",
)
@click.option(
    "--into", metavar="DIR", default=".", show_default=True, help="Where to put what is fetched."
)
@click.option("--keep", is_flag=True, help="Don't end the instance: its end date will.")
@launch_options
@account_options
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    words: tuple[str, ...],
    source: str | None,
    fetch: tuple[str, ...],
    into: str,
    keep: bool,
    **_asked: Any,
) -> int:
    """Launch an instance, run a command there, and end it; the exit code is the command's.

    What the command writes comes here as it comes, and nothing else goes to standard output. The
    words after -- reach the instance exactly as they are; for the shell's own syntax say
    -- sh -c '…'. With --user-data the command runs once that has ended well.
    """
    wiring: Wiring = context.obj
    if source is not None and not Path(source).is_dir():
        raise InputError(f"--copy {source} is not a directory", why="write . for this one")
    errand = Errand(
        words=words,
        source=None if source is None else Path(source),
        fetch=fetch,
        into=Path(into),
        keeps_instance=keep,
    )
    return run_errand(wiring, asked_launch(context), errand)
