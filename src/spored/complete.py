"""Completion: the work says that it is done, by `spored complete` or by a file; the machine ends.

Root may say so, and whoever can log in: not the account of a service that was broken into.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from spored.ordering import Order
from spored.step import Do, Said, Wish

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spored.agent import Agent

# Everybody may put a file there; nobody may see or remove another's.
DROP, DROP_MODE = "/run/spored/complete", 0o1733
FIRST_LOGIN_ID = 1000  # login.defs(5), UID_MIN
LONGEST_STATUS, LONGEST_MESSAGE, LARGEST_BYTES = 32, 160, 4096
# A look comes every few seconds; after a longer gap the machine slept, and wakes to be used.
GAP_SECONDS = 120


class Duty:
    """Looks for what was said, at each tick, until something was.

    `words` are the file that stands for completion ("" for none), the delay until the end in
    seconds, and what each ending that can be ordered means.
    """

    def __init__(self, agent: Agent, words: Mapping[str, Any]) -> None:
        self._agent, self._file, self._delay = agent, words["file"], float(words["delay"])
        self._means = Order(agent, "spawn:on-complete", words["able"].__getitem__)
        self._at, self._looked, self._since = 0.0, agent.now, 0.0
        with suppress(FileExistsError):
            os.mkdir(DROP)
        os.chmod(DROP, DROP_MODE)

    def wishes(self) -> Sequence[Wish]:
        """Want the end that is ordered, a while after it was said."""
        now = self._agent.now
        if now > self._looked + GAP_SECONDS:
            self._at, self._since = 0.0, time.time()
        self._looked = now
        means = self._means.now()
        if not self._at:
            since = max(self._since, time.time() - time.clock_gettime(time.CLOCK_BOOTTIME))
            paths = [self._file, *(entry.path for entry in os.scandir(DROP))]
            for said in [text for path in paths if (text := said_in(path, since)) is not None][:1]:
                self._at = now
                self._agent.say(Said("completed", bounded(said), aloud=True))
        return [Wish("its work is done", means)] if 0 < self._at <= now - self._delay else ()

    def act(self, deed: Do) -> None:
        """Do nothing."""


def said_in(path: str, since: float) -> str | None:
    """Return what a file says; None for no file, one of before `since`, or a stranger's."""
    with suppress(OSError):
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            found = os.fstat(file)
            is_theirs = 0 < found.st_uid < FIRST_LOGIN_ID
            if stat.S_ISREG(found.st_mode) and found.st_mtime > since and not is_theirs:
                return os.read(file, LARGEST_BYTES).decode("utf-8", "replace")
        finally:
            os.close(file)
    return None


def bounded(said: str) -> str:
    """Return status and message as one short line of JSON; what is no JSON is the message."""
    try:
        words = dict(json.loads(said))
    except (ValueError, TypeError):
        words = {"message": said.strip()}
    status, message = str(words.get("status", "done")), str(words.get("message", ""))
    return json.dumps({"status": status[:LONGEST_STATUS], "message": message[:LONGEST_MESSAGE]})


def main(arguments: Sequence[str]) -> None:
    """Say that the work is done: `spored complete [--status STATUS] [--message MESSAGE]`."""
    words = dict(zip(arguments[::2], arguments[1::2]))
    if len(arguments) % 2 or words.keys() - {"--status", "--message"}:
        sys.exit("usage: spored complete [--status STATUS] [--message MESSAGE]")
    said = json.dumps({flag[2:]: value for flag, value in words.items()})
    try:
        with open(f"{DROP}/{os.getpid()}", "x") as file:
            file.write(said)
    except OSError as error:
        sys.exit(f"spored: {error.strerror}: was this machine launched with --on-complete?")
