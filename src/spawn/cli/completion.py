"""`spawn completion`, and the answer to a shell that asks what a word could become."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import termios
from contextlib import suppress
from types import FrameType
from typing import ClassVar

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    split_arg_string,
)

from spawn.cli.wiring import COMPLETION_SWITCH, Wiring

PROGRAM = "spawn"
# Whoever presses TAB waits for it: later than this, no answer is better than one.
LIMIT_SECONDS = 2.0

# Not click's own: that sets three global variables of the person's shell at each TAB, lets values
# be expanded, and breaks words where bash does, so that nothing completes after `--region=`.
# Bash before 4.4 knows no `nosort`, before 4 no `compopt`: they then do without.
_BASH = """\
%(complete_func)s() {
    local kind value
    COMPREPLY=()
    while IFS=, read -r kind value; do
        case $kind in
            plain)
                COMPREPLY+=("$value")
                [[ $value == *: ]] && compopt -o nospace 2>/dev/null
                ;;
            dir | file) compopt -o default 2>/dev/null ;;
        esac
    done < <(env COMP_LINE="${COMP_LINE:0:COMP_POINT}" %(complete_var)s=bash_complete \
"$1" 2>/dev/null)
    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s 2>/dev/null ||
    complete -F %(complete_func)s %(prog_name)s
"""


class BashCompletion(BashComplete):
    """Bash, asked for the line up to the cursor, whose words are found here."""

    source_template: ClassVar[str] = _BASH

    def source(self) -> str:
        """Return the script, without starting a bash to see how old it is."""
        return ShellComplete.source(self)

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the whole words, and the one that is being written."""
        return words_of(os.environ["COMP_LINE"])

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Write an item on a line of its own."""
        return f"{item.type},{item.value}"


SHELLS: dict[str, type[ShellComplete]] = {
    "bash": BashCompletion,
    "zsh": ZshComplete,
    "fish": FishComplete,
}


def words_of(line: str) -> tuple[list[str], str]:
    """Return a command line's words after the program's name, the last one apart.

    The last one is what the cursor stands behind: "" where that is a blank.
    """
    # A mark shows where it ends: without, a blank at the end of a line would not be seen.
    mark = "\x1f"
    *whole, last = split_arg_string(line + mark)
    return whole[1:], last.removesuffix(mark)


def answer(root: click.Command, wiring: Wiring) -> int:
    """Say what could stand at the cursor; whatever goes wrong, nothing is said instead."""
    _leave_the_terminal()
    _end_in_time()
    shell = wiring.environment[COMPLETION_SWITCH].removesuffix("_complete")
    try:
        asked = SHELLS[shell](root, {"obj": wiring}, PROGRAM, COMPLETION_SWITCH)
        text = asked.complete()
    except (Exception, KeyboardInterrupt):  # noqa: BLE001  the last border: a TAB shows no error
        return 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    if text:
        wiring.show(text)
    return 0


def _leave_the_terminal() -> None:
    """Neither warnings nor a question for a one-time password may run into the line being typed."""
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for descriptor in (sys.stdin.fileno(), sys.stderr.fileno()):
        os.dup2(nothing, descriptor)
    if os.getsid(0) == os.getpid():
        return  # for a session's leader, giving up the terminal would hang up on all the others
    with suppress(OSError):
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
        fcntl.ioctl(terminal, termios.TIOCNOTTY)
        os.close(terminal)


def _end_in_time() -> None:
    """End the process after the limit, even while threads of it wait for AWS."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        os._exit(1)

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_SECONDS)


@click.command(name="completion")
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_obj
def command(wiring: Wiring, /, *, shell: str) -> int:
    """Print what makes a shell complete spawn's commands, flags, and your instances.

    For bash, add to ~/.bashrc: eval "$(spawn completion bash)"

    For zsh, add to ~/.zshrc after compinit: eval "$(spawn completion zsh)"

    For fish, once: spawn completion fish > ~/.config/fish/completions/spawn.fish

    Names and ids are your own living instances, of the region that you work in or that --region
    before the cursor says. Where AWS does not answer at once, nothing is offered.
    """
    wiring.show(SHELLS[shell](click.Command(PROGRAM), {}, PROGRAM, COMPLETION_SWITCH).source())
    return 0
