"""`spawn policy can --batch`: cases in, answers out."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from spawn.cli.wiring import Wiring
from spawn.core.errors import InputError, NamedThingNotFound, PartlyDone

_STDIN = "-"


def answer_batch(wiring: Wiring, batch: str) -> int:
    """Answer each case as it comes: who writes to a pipe may choose the next one by the answer.

    Raises PartlyDone where some can't be judged, InputError where none can, NamedThingNotFound
    for a file that can't be read.
    """
    from spawn.iam.cases import answers

    judged, errors = 0, 0
    with _opened(wiring, batch) as lines:
        for answer in answers(lines):
            wiring.stdout.write(f"{answer.text.decode()}\n")
            if batch == _STDIN:
                wiring.stdout.flush()
            errors += bool(answer.error)
            judged += not answer.error
    wiring.stdout.flush()
    if errors:
        what = f"{errors} of {errors + judged} cases could not be judged"
        raise PartlyDone(what) if judged else InputError(what, why="their answers say why")
    return 0


def _opened(wiring: Wiring, batch: str) -> BinaryIO:
    if batch == _STDIN:
        return wiring.stdin.buffer
    try:
        return Path(batch).open("rb")
    except OSError as error:
        raise NamedThingNotFound(f"--batch: {batch} can't be read", why=str(error)) from error
