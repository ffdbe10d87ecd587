"""The commands, each loaded when it is asked for, and the border where errors become words."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from spawn.cli.rendering.errors import error_text
from spawn.cli.wiring import COMPLETION_SWITCH, wiring_of
from spawn.core.directories import make_private_directory
from spawn.core.errors import Defect, InputError, Interrupted, SpawnError

# Name, then what `spawn --help` says of it: known without loading the command.
COMMANDS = {
    "launch": "Launch an instance that ends by itself.",
    "list": "List spawn's instances, in every region.",
    "status": "Show one instance: its state, its end, its posture.",
    "connect": "Open a shell on an instance, or run a command there.",
    "network": "Change who may reach an instance.",
    "run": "Launch an instance, run a command there, fetch its results, and end it.",
    "cp": "Copy files to an instance, or from it.",
    "logs": "Show what an instance's boot and its user-data print.",
    "ssh-config": "Let plain ssh, scp, rsync and editors reach instances by name.",
    "extend": "Let an instance live longer, or end it earlier.",
    "stop": "Stop instances; their disks and end dates stay.",
    "start": "Start instances that are stopped.",
    "hibernate": "Stop instances, and keep what is in their memory.",
    "hold": "Keep an instance as evidence: nothing ends it.",
    "unhold": "Release an instance that was held.",
    "cancel": "End instances now.",
    "cleanup": "Remove what spawn made and nothing uses any more.",
    "apply": "Carry out a plan that `spawn launch --dry-run -o json` saved.",
    "config": "What is set where nobody says otherwise, and where it is set.",
    "completion": "Let your shell complete commands, flags, and your instances.",
    "cloud": "The embedded cloud: AWS on this machine, to try things on.",
}
# Programs start these; a person has no use for them.
HIDDEN = frozenset({"proxy"})


class Commands(click.Group):
    """A group whose commands lie in modules of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the command's module, and return its command."""
        if cmd_name not in COMMANDS and cmd_name not in HIDDEN:
            return None
        command = import_module(f"spawn.cli.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first argument names, or say which it may have meant."""
        known = {*COMMANDS, *HIDDEN}
        if args and args[0] not in known and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            raise InputError(
                f"there is no command {args[0]!r}",
                why=f"did you mean {near[0]!r}?" if near else "",
                next_command=f"spawn {near[0]} --help" if near else "spawn --help",
            )
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Offer commands and flags without loading any command."""
        commands = (
            CompletionItem(name, help=says)
            for name, says in COMMANDS.items()
            if name.startswith(incomplete)
        )
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without loading any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="spawn", message="spawn %(version)s")
def root() -> None:
    """Launch EC2 machines that are safe by default and end by themselves."""


def run(arguments: Sequence[str]) -> int:
    """Run one command; return its exit code, having said on stderr what went wrong."""
    wiring = wiring_of(sys.stdout, sys.stderr, sys.stdin)
    if COMPLETION_SWITCH in wiring.environment:
        from spawn.cli.completion import answer

        return answer(root, wiring)
    try:
        result = root.main(list(arguments), prog_name="spawn", standalone_mode=False, obj=wiring)
    except SpawnError as error:
        code = _say(error)
    except click.exceptions.Exit as exit_:
        code = exit_.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(f"{error.format_message()}\n")
        code = InputError.exit_code
    except click.UsageError as error:
        code = _say(_usage_error(error))
    except (KeyboardInterrupt, click.Abort):
        sys.stderr.write("interrupted\n")
        code = Interrupted.exit_code
    except BrokenPipeError:
        code = 0  # whoever read us had enough
    except Exception as error:  # noqa: BLE001  the last border: a person never sees a traceback
        code = _say(_defect(error, wiring.paths.state))
    else:
        code = result if isinstance(result, int) else 0
    return code


def _say(error: SpawnError) -> int:
    sys.stderr.write(error_text(error))
    return error.exit_code


def _usage_error(error: click.UsageError) -> InputError:
    path = error.ctx.command_path if error.ctx else "spawn"
    message = error.format_message().rstrip(".")
    return InputError(message[:1].lower() + message[1:], next_command=f"{path} --help")


def _defect(error: Exception, state: Path) -> Defect:
    """Keep the traceback in a file of the person's own, and say where: it may hold secrets."""
    record = state / "defects" / "last.txt"
    try:
        make_private_directory(record.parent)
        record.touch(mode=0o600, exist_ok=True)
        record.write_text("".join(traceback.format_exception(error)), errors="backslashreplace")
        where = f"what led to it is kept in {record}"
    except OSError as refusal:
        where = f"what led to it could not be kept in {record}: {refusal.strerror}"
    return Defect(
        f"spawn failed where it should not: {type(error).__name__}",
        why=f"this is a mistake in spawn; {where}",
        next_command="spawn list",
    )
