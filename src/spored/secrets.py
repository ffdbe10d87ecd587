"""Secrets: what came of them, told and waited for; whoever needs them is started with them.

spored secrets status          what is there, and since when
spored secrets refresh         fetches them again, as root (`deliver`)
spored secrets exec -- CMD     waits for them and becomes CMD, which finds them by $NAME_FILE
spored secrets FILE            the same for a script, without its first line: it leads here
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from spored.agent import ORDERS
from spored.imds import is_restricted
from spored.instants import format_instant
from spored.step import Do, Said, Wish
from spored.voice import console, read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spored.agent import Agent

# `deliver` puts them there, a file each.
PLACE, STATE = "/run/spored/secrets", "/run/spored/secrets.json"
SCRIPT = "/var/lib/spored/script"
WAITING, READY, FAILED = "waiting", "ready", "failed"
# `deliver` gives up before, and says why. This is for one that was killed.
PATIENCE_SECONDS, PAUSE_SECONDS = 480, 0.2
# What is said is said again: a console keeps the last 64 KiB, most of which is the workload's.
SAY_AGAIN_SECONDS = 600
UNCONFIGURED = 78  # sysexits.h, EX_CONFIG
NAME = re.compile("[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)


class Duty:
    """Tells what came of them, in the log, on the console and in the agent's notes."""

    def __init__(self, agent: Agent, _words: object) -> None:
        self._agent, self._said, self._at = agent, "", 0.0

    def wishes(self) -> Sequence[Wish]:
        """Want nothing; say it where it is news, and again after a while."""
        words, now = ": ".join(filter(None, state())), time.monotonic()
        if words != self._said:
            self._agent.notes["secrets"] = words
            self._agent.say(Said("secrets", words))
            self._agent.beat_at = 0.0  # for `spored status`
        elif now >= self._at + SAY_AGAIN_SECONDS:
            console(f"secrets: {words}")
        else:
            return ()
        self._said, self._at = words, now
        return ()

    def act(self, deed: Do) -> None:
        """Do nothing."""


def state() -> tuple[str, str]:
    """Return how it stands with them, and why."""
    is_now, why = json.loads(read(STATE) or f'["{WAITING}", ""]')
    return is_now, why


def told() -> Sequence[Mapping[str, Any]]:
    """Return those that were asked for."""
    return list(json.loads(read(ORDERS))["secrets"]["secrets"])


def main(words: Sequence[str]) -> None:
    """Do one of the above."""
    verb, *others = words or [""]
    if verb in ("load", "refresh"):
        import_module("spored.deliver").main(words)
    elif verb == "status":
        tell()
    elif verb == "exec" and others[:1] == ["--"] and others[1:]:
        become(others[1:])
    elif "/" in verb:
        become([persons_script(verb)])
    else:
        sys.exit("usage: spored secrets status | refresh | exec -- COMMAND...")


def tell() -> None:
    """Print what is there; exit code 1 where that is not all, or others reach metadata."""
    is_now, why = state()
    print(f"{is_now}: {why}" if why else is_now)  # noqa: T201
    for secret in told():
        path = f"{PLACE}/{secret['name']}"
        try:
            since = f"since {format_instant(os.stat(path).st_mtime)}"
        except OSError as error:
            since = error.strerror or "not there"
        print(f"{path} {since}")  # noqa: T201
    is_kept = is_restricted()
    print("metadata: root and the user of the secrets" if is_kept else "metadata: OPEN TO OTHERS")  # noqa: T201
    sys.exit(is_now != READY or not is_kept)


def persons_script(path: str) -> str:
    """Put the script where it is found without its first line; the file is its owner's alone."""
    with open(path, "rb") as file:
        file.readline()
        text = file.read()
    with open(os.open(SCRIPT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o700), "wb") as file:
        file.write(text)
    return SCRIPT


def become(words: Sequence[str]) -> NoReturn:
    """Become a program once all secrets are there, and never with some of them.

    It finds each by the variable NAME_FILE; those that were asked for so are in variables as well.
    """
    wait(words[0], PATIENCE_SECONDS)
    for secret in told():
        name = secret["name"]
        os.environ[f"{name}_FILE"] = path = f"{PLACE}/{name}"
        if secret["env"]:
            try:
                with open(path, "rb") as file:
                    os.environb[name.encode()] = file.read()
            except OSError as error:
                refuse(words[0], f"{path}: {error.strerror}")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and so would the program
    try:
        os.execvp(words[0], [*words])  # noqa: S606  no shell of ours
    except OSError as error:
        print(f"spored: {words[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201
        sys.exit(127 if isinstance(error, FileNotFoundError) else 126)  # as shells have it


def wait(program: str, patience: float) -> None:
    """Wait until they are there, so many seconds; end this process where they will not be."""
    until = time.monotonic() + patience
    is_now, why = state()
    while is_now == WAITING:
        if time.monotonic() > until:
            refuse(program, f"nothing was heard of them for {patience:.0f} seconds")
        time.sleep(PAUSE_SECONDS)
        is_now, why = state()
    if is_now == FAILED:
        refuse(program, why)


def refuse(program: str, why: str) -> NoReturn:
    """Say why a program is not started."""
    print(f"spored: {program} is not started, it lacks secrets: {why}", file=sys.stderr)  # noqa: T201
    sys.exit(UNCONFIGURED)
