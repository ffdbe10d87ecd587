"""A person who types what a page shows, from its top to its end, in one shell."""

from __future__ import annotations

import secrets
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from spawn.local import cloud as embedded
from tests.docs.blocks import Command, matches
from tests.tools.programs import clean_environment

PAGE_SECONDS = 500.0
# An output that begins so is that of a command that fails, and means to.
FAILURES = ("refused:", "error:", "not possible:", "AWS:", "done in part:")


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command said on both of its streams, and its exit code."""

    output: str
    code: int


@contextmanager
def person(home: Path) -> Iterator[dict[str, str]]:
    """The environment of somebody new, whose AWS is an embedded cloud that starts when needed."""
    # A short path: that of a Unix socket ends at 107 bytes.
    with tempfile.TemporaryDirectory(prefix="spawn-docs-") as directory:
        environment = {
            **clean_environment(home),
            "SPAWN_LOCAL": "1",
            "SPAWN_CLOUD_DIRECTORY": directory,
        }
        try:
            yield environment
        finally:
            embedded.down(Path(directory))


def typed(
    commands: Sequence[Command], *, environment: dict[str, str], directory: Path
) -> tuple[Said, ...]:
    """Type the commands into one bash; what each said. Fewer where the shell itself gave up."""
    mark = f"end of command {secrets.token_hex(8)}"
    script = "".join(f"{command.text}\nprintf '\\n{mark} %d\\n' $?\n" for command in commands)
    file = directory / "page.sh"
    file.write_text(f"exec 2>&1 </dev/null\n{script}")
    done = subprocess.run(
        ["bash", str(file)],
        env=environment,
        cwd=directory,
        stdout=subprocess.PIPE,
        text=True,
        timeout=PAGE_SECONDS,
        check=False,
    )
    pieces = done.stdout.split(f"\n{mark} ")
    outputs = [pieces[0], *(piece.partition("\n")[2] for piece in pieces[1:])]
    codes = [int(piece.partition("\n")[0]) for piece in pieces[1:]]
    return tuple(
        Said(output=output, code=code) for output, code in zip(outputs, codes, strict=False)
    )


def complaint(command: Command, said: Said) -> str:
    """Return what is wrong with what a command said, "" for nothing."""
    head = f"line {command.line}: {command.text}"
    if command.shown is not None and not matches(command.shown, said.output):
        shown = "\n".join(command.shown)
        return f"{head}\n--- the page shows\n{shown}\n--- it says\n{said.output}"
    first = next((line for line in command.shown or () if line.strip()), "")
    if (said.code != 0) != first.startswith(FAILURES):
        return f"{head}\nends with {said.code}, and says\n{said.output}"
    return ""
