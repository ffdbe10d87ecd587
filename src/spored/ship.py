"""The duty `ship`: the agent's log goes to CloudWatch Logs, line by line, each once.

What was sent is remembered by the file's inode and an offset in it, so that neither a restart nor
a rotation loses lines or sends them again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count

from spored.agent import LOG, replace_file
from spored.errand import Errand
from spored.step import Wish
from spored.voice import read

SENT = "/var/lib/spored/sent"
# CloudWatch Logs API Reference, PutLogEvents: a batch has at most 1 MiB, each event counting 26
# bytes more, and 10,000 events; ours have 60 bytes and more.
MOST_BYTES = 240_000


class Duty(Errand):
    """Sends what is new. `words` are CloudWatch Logs as `call` takes it, and the log group."""

    name = "ship"

    def wishes(self) -> Sequence[Wish]:
        """Send what is new, now and then; what was done a moment ago, at once."""
        self.ended()
        with suppress(OSError):
            there = os.stat(LOG)
            if [there.st_ino, there.st_size] != sent(SENT):
                self.begin(f"{self.agent.now * 1000:.0f}")
        return ()


def sent(memory: str) -> list[int]:
    """Return inode and offset up to which all was sent."""
    return list(json.loads(read(memory) or "[0, 0]"))


def job(
    call: Callable[..., bytes],
    instance_id: str,
    group: str,
    now_ms: str,
    *,
    log: str = LOG,
    memory: str = SENT,
) -> str:
    """Send what is new of the log.

    What CloudWatch Logs takes for an event's time is when it is sent: it refuses what is old, out
    of order or spread over days. A line says itself when it was written.
    """

    def ask(action: str, **parameters: object) -> None:
        whole = {"logGroupName": group, **parameters}
        target = {"x-amz-target": f"Logs_20140328.{action}"}
        kind = {"content-type": "application/x-amz-json-1.1"}
        try:
            call("POST /", json.dumps(whole).encode(), {**target, **kind})
        except OSError as error:
            if "AlreadyExists" not in str(error):
                raise

    def put(lines: Sequence[bytes]) -> None:
        stream = {"logStreamName": instance_id}
        texts = zip(times, (line.decode("utf-8", "replace").strip() for line in lines))
        events = [{"timestamp": time, "message": text or "?"} for time, text in texts]
        try:
            ask("PutLogEvents", **stream, logEvents=events)
        except OSError:  # as a rule since there is no such stream yet
            ask("CreateLogGroup")
            ask("CreateLogStream", **stream)
            ask("PutLogEvents", **stream, logEvents=events)

    here = sent(memory)
    replace_file(memory, json.dumps(here))  # what can't be remembered would be sent again
    times = count(int(now_ms))
    for place, lines in unsent(log, *here):
        put(lines)
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
