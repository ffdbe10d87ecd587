"""Waiting for the end of a boot: it is asked over SSH where there is a way, else the console."""

from __future__ import annotations

import shlex
from dataclasses import replace

from spawn.aws.door import Reader
from spawn.connect.boot import QUESTION, BootOutcome, BootState, read_answer, read_console_boot
from spawn.connect.connect import run
from spawn.connect.console import console_output
from spawn.connect.destination import find_instance
from spawn.connect.finding import require_alive
from spawn.connect.patience import Patience, Progress, in_silence
from spawn.connect.way import Way
from spawn.core.errors import AccountError, InputError, NamedThingNotFound

_ANSWER_TIMEOUT_SECONDS = 60.0


def wait_until_ready(
    instance_id: str,
    reader: Reader,
    *,
    region: str,
    way: Way | None,
    patience: Patience,
    progress: Progress = in_silence,
) -> BootOutcome:
    """Return how the boot, and with it the user-data, ended; how far it was where time is up.

    `way` is None where there is none to the instance: then only its console tells. Raises
    AccountError for an instance that ends meanwhile, AwsRefusal where AWS can't be asked.
    """
    outcome = BootOutcome(state=BootState.UNKNOWN, why="nothing was asked")
    told = ""
    at_once = replace(patience, limit_seconds=0.0)
    for elapsed_seconds in patience.attempts():
        outcome = look_at_boot(instance_id, reader, region=region, way=way, patience=at_once)
        if outcome.is_over:
            return outcome
        _check_alive(instance_id, reader, region=region)
        doing = outcome.stage or outcome.why or outcome.state.value
        if doing != told:
            progress(f"{instance_id}: its boot goes on after {elapsed_seconds:.0f} s: {doing}")
            told = doing
    return outcome


def look_at_boot(
    instance_id: str, reader: Reader, *, region: str, way: Way | None, patience: Patience
) -> BootOutcome:
    """Return how far the boot is now; over SSH within `patience`, which may be none.

    Raises AwsRefusal where the console can't be read either.
    """
    if way is not None:
        outcome = _over_ssh(way, patience)
        if outcome.state is not BootState.UNKNOWN:
            return outcome
    return read_console_boot(console_output(reader, instance_id, region=region))


def _over_ssh(way: Way, patience: Patience) -> BootOutcome:
    question = ("sh", "-c", QUESTION)
    try:
        answer = run(way, question, timeout_seconds=_ANSWER_TIMEOUT_SECONDS, patience=patience)
    except (AccountError, InputError) as error:
        return BootOutcome(state=BootState.UNKNOWN, why=error.what)
    return read_answer(answer.stdout.decode("utf-8", "replace"))


def _check_alive(instance_id: str, reader: Reader, *, region: str) -> None:
    """Raise AccountError for an instance whose boot will never end."""
    try:
        instance = find_instance(reader, instance_id, region=region)
        require_alive(instance, region=region)
    except NamedThingNotFound:
        return  # describe-calls lag behind RunInstances
    except InputError as error:
        raise AccountError(
            f"{error.what}: it ended before its boot did",
            why=error.why,
            next_command=shlex.join(("spawn", "logs", instance_id)),
        ) from error
