"""The duty `ship`: the agent's log goes to CloudWatch Logs, line by line, each once.

What was sent is remembered by the file's inode and an offset in it, so that neither a restart nor
a rotation loses lines or sends them again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from typing import Any

from spored.agent import LOG, replace_file
from spored.errand import Errand
from spored.instants import parse_instant
from spored.step import Wish
from spored.voice import read

SENT = "/var/lib/spored/sent"
# CloudWatch Logs API Reference, PutLogEvents: a batch has at most 1 MiB, each event counting 26
# bytes more, and 10,000 events; ours have 60 bytes and more. It spans 24 hours at the most.
MOST_BYTES, DAY_MS = 240_000, 86_400_000


class Duty(Errand):
    """Sends what is new. `words` are CloudWatch Logs as `call` takes it, and the log group."""

    name = "ship"

    def wishes(self) -> Sequence[Wish]:
        """Send what is new, now and then; what was done a moment ago, at once."""
        self.ended()
        with suppress(OSError):
            there = os.stat(LOG)
            if [there.st_ino, there.st_size] != sent(SENT):
                self.begin()
        return ()


def sent(memory: str) -> list[int]:
    """Return inode and offset up to which all was sent."""
    return list(json.loads(read(memory) or "[0, 0]"))


def job(
    call: Callable[..., bytes], instance_id: str, group: str, *, log: str = LOG, memory: str = SENT
) -> str:
    """Send what is new of the log."""

    def ask(action: str, **parameters: object) -> None:
        whole = {"logGroupName": group, **parameters}
        target = {"x-amz-target": f"Logs_20140328.{action}"}
        kind = {"content-type": "application/x-amz-json-1.1"}
        try:
            call("POST /", json.dumps(whole).encode(), {**target, **kind})
        except OSError as error:
            if "AlreadyExists" not in str(error):
                raise

    def put(events: Sequence[dict[str, Any]]) -> None:
        stream = {"logStreamName": instance_id}
        try:
            ask("PutLogEvents", **stream, logEvents=events)
        except OSError:  # as a rule since there is no such stream yet
            ask("CreateLogGroup")
            ask("CreateLogStream", **stream)
            ask("PutLogEvents", **stream, logEvents=events)

    here = sent(memory)
    replace_file(memory, json.dumps(here))  # what can't be remembered would be sent again
    when = itemgetter("timestamp")
    for place, lines in unsent(log, *here):
        for _, day in groupby(map(event, lines), lambda one: when(one) // DAY_MS):
            put(sorted(day, key=when))
        replace_file(memory, json.dumps(place))
    return f"ship: to {group}"


def unsent(log: str, inode: int, offset: int) -> Iterator[tuple[list[int], list[bytes]]]:
    """Yield what is to be remembered once the next lines are sent, and these.

    What is left of a file that was rotated comes first.
    """
    for path in (f"{log}.1", log):
        with suppress(FileNotFoundError), open(path, "rb") as file:
            there = os.fstat(file.fileno())
            if there.st_ino == inode and there.st_size >= offset:
                file.seek(offset)
            elif path != log:
                continue
            while lines := file.readlines(MOST_BYTES):
                yield [there.st_ino, file.tell()], lines


def event(line: bytes) -> dict[str, Any]:
    """Return a line as PutLogEvents takes it. Its time stands where `json` wrote it."""
    try:
        moment = parse_instant(line[10:30].decode())
    except ValueError:  # a full disk has cut the line
        moment = time.time()
    text = line.decode("utf-8", "replace").strip()
    return {"timestamp": int(moment) * 1000, "message": text or "?"}
