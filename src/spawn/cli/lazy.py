"""A group of commands, each in a module of its own that is loaded when the command is called."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from spawn.core.errors import InputError


class LazyGroup(click.Group):
    """Knows its commands by a table of what each does, so that `--help` loads none of them.

    A command lies in the module of its name within `package`, as `command`. `hidden` ones are
    called by programs; a person has no use for them.
    """

    def __init__(
        self,
        *args: Any,
        package: str,
        table: Mapping[str, str],
        hidden: frozenset[str] = frozenset(),
        **words: Any,
    ) -> None:
        super().__init__(*args, **words)
        self._package, self._table, self._hidden = package, table, hidden

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the command's module, and return its command."""
        if cmd_name not in self._table and cmd_name not in self._hidden:
            return None
        command = import_module(f"{self._package}.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first argument names, or say which it may have meant."""
        known = {*self._table, *self._hidden}
        if args and args[0] not in known and not args[0].startswith("-"):
            near = get_close_matches(args[0], self._table, n=1)
            meant = f"{ctx.command_path} {near[0]}" if near else ctx.command_path
            raise InputError(
                f"there is no command {args[0]!r}",
                why=f"did you mean {near[0]!r}?" if near else "",
                next_command=f"{meant} --help",
            )
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Offer commands and flags without loading any command."""
        commands = (
            CompletionItem(name, help=says)
            for name, says in self._table.items()
            if name.startswith(incomplete)
        )
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without loading any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._table.items()))
