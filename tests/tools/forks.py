"""A process as a state that can be gone back to: work is done in a copy of it, and leaves nothing.

`in_a_copy` forks, works in the child, and brings home what came of it: whatever the work changed
in memory is gone with the child. A `Copy` is a child that stays, to be copied in its turn. Both ask
for a process of one thread: a lock that another thread holds would stay locked in the copy.

    with Serving("tests.integration.iam.scenes", home) as scenes:
        scenes.ask(scene=0, removed=["ec2:RunInstances"])      each request answered from a copy
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from tests.tools.programs import clean_environment

T = TypeVar("T")

REPOSITORY = Path(__file__).resolve().parents[2]
ENDS_WITHIN_SECONDS = 60.0
# This process's ends of its copies' channels: a copy that kept them would keep the others alive.
_channels: list[Connection] = []


class CopyFailed(Exception):
    """What was to be done in a copy failed; the text is the trace of it."""


def in_a_copy(work: Callable[[], T]) -> T:
    """Do the work in a copy of this process; what it returned, which must pickle.

    Raises CopyFailed.
    """
    channel, process_id = _forked(lambda channel: _tell(channel, work))
    try:
        return cast("T", _told(channel))
    finally:
        channel.close()
        os.waitpid(process_id, 0)


class Copy:
    """A copy of this process that stays: `begin` is its start, and returns what answers requests.

    Each answer is found in a copy of the copy, so that all requests meet what `begin` left.
    """

    def __init__(self, begin: Callable[[], Callable[[Any], Any]]) -> None:
        self._channel, self._process_id = _forked(lambda channel: _answer_all(channel, begin))
        _channels.append(self._channel)

    def ask(self, request: Any) -> Any:
        """Return the answer. Raises CopyFailed."""
        self._channel.send(request)
        return _told(self._channel)

    def close(self) -> None:
        """End it, and wait for that."""
        _channels.remove(self._channel)
        self._channel.close()
        os.waitpid(self._process_id, 0)


def _forked(work: Callable[[Connection], None]) -> tuple[Connection, int]:
    alone = [thread.name for thread in threading.enumerate()]
    if len(alone) > 1:
        raise CopyFailed(f"other threads run, whose locks a copy would inherit: {alone}")
    ours, theirs = multiprocessing.Pipe()
    process_id = os.fork()
    if process_id == 0:
        ours.close()
        for channel in _channels:
            channel.close()
        _channels.clear()
        work(theirs)
        os._exit(0)  # without what an ordinary end would clear up: that is the parent's
    theirs.close()
    return ours, process_id


def _tell(channel: Connection, work: Callable[[], Any]) -> None:
    try:
        channel.send((True, work()))
    except BaseException:  # noqa: BLE001  the copy ends here, and whoever asked raises it
        channel.send((False, traceback.format_exc()))


def _told(channel: Connection) -> Any:
    try:
        done, result = channel.recv()
    except EOFError as error:
        raise CopyFailed("the copy ended without a word") from error
    if not done:
        raise CopyFailed(result)
    return result


def _answer_all(channel: Connection, begin: Callable[[], Callable[[Any], Any]]) -> None:
    """Answer until nobody can ask any more. A start that failed is the answer to each request."""
    trace = ""
    try:
        answer = begin()
    except BaseException:  # noqa: BLE001
        trace = traceback.format_exc()
    while True:
        try:
            request = channel.recv()
        except EOFError:
            return
        if trace:
            channel.send((False, trace))
            continue
        _tell(channel, lambda request=request: in_a_copy(lambda: answer(request)))  # type: ignore[misc]


class Serving:
    """A module of the tests that serves requests in a process of its own, while in `with`."""

    def __init__(self, module: str, home: Path) -> None:
        self._process = subprocess.Popen(
            (sys.executable, "-m", module, str(home)),
            env=clean_environment(home),
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **request: Any) -> Any:
        """Send a request, return the answer. Raises CopyFailed with what went wrong there."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise CopyFailed("the server is gone")
        answer = json.loads(line)
        if "error" in answer:
            raise CopyFailed(answer["error"])
        return answer["answer"]

    def __enter__(self) -> Self:
        """Return it; it runs already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the program, which takes the end of its input for that."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=ENDS_WITHIN_SECONDS)
        self._process.stdout.close()


def serve(answer: Callable[[dict[str, Any]], Any]) -> None:
    """Answer the requests of a `Serving` to their end; what is printed meanwhile goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            told = {"answer": answer(json.loads(line))}
        except CopyFailed as error:
            told = {"error": str(error)}
        answers.write(json.dumps(told) + "\n")
        answers.flush()
