"""The commands, each loaded when it is asked for, and the border where errors become words."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from spawn.cli.lazy import LazyGroup
from spawn.cli.rendering.errors import error_text
from spawn.cli.wiring import COMPLETION_SWITCH, wiring_of
from spawn.core.directories import make_private_directory
from spawn.core.errors import AccessDenied, Defect, InputError, Interrupted, SpawnError

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
    "ssh-ca": "SSH certificates for minutes, by an authority of your own.",
    "extend": "Let an instance live longer, or end it earlier.",
    "stop": "Stop instances; their disks and end dates stay.",
    "start": "Start instances that are stopped.",
    "hibernate": "Stop instances, and keep what is in their memory.",
    "hold": "Keep an instance as evidence: nothing ends it.",
    "unhold": "Release an instance that was held.",
    "cancel": "End instances now.",
    "key": "Your SSH key: make it, look after it, replace it.",
    "cleanup": "Remove what spawn made and nothing uses any more.",
    "apply": "Carry out a plan that `spawn launch --dry-run -o json` saved.",
    "permissions": "Show what a person needs to be allowed in AWS, as a policy.",
    "policy": "See, test and shrink what may be done in AWS.",
    "secrets": "Find secrets where they don't belong.",
    "guardrails": "What an administrator puts around spawn's users.",
    "doctor": "Say what is missing for a first launch.",
    "config": "What is set where nobody says otherwise, and where it is set.",
    "completion": "Let your shell complete commands, flags, and your instances.",
    "cloud": "The embedded cloud: AWS on this machine, to try things on.",
}
# Programs start these; a person has no use for them.
HIDDEN = frozenset({"proxy"})


@click.group(
    cls=LazyGroup,
    package="spawn.cli",
    table=COMMANDS,
    hidden=HIDDEN,
    context_settings={"help_option_names": ["-h", "--help"]},
)
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
        code = _say(_with_way_out(error, arguments))
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


def _with_way_out(error: SpawnError, arguments: Sequence[str]) -> SpawnError:
    """Let a denial that knows no better lead to what the command needs."""
    if isinstance(error, AccessDenied) and not error.next_command and arguments[0] in COMMANDS:
        error.next_command = f"spawn permissions {arguments[0]}"
    return error


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
