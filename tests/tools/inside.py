"""Runs `spawn` inside the tests' own process: nothing has to start, so that many runs are cheap.

What only a process of its own shows (signals, the terminal, what is loaded) is not for this.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass

from spawn.cli.root import run
from tests.tools.programs import Finished


@dataclass(frozen=True, kw_only=True)
class Inside:
    """`spawn` with the whole environment of a person."""

    environment: Mapping[str, str]

    def __call__(self, *words: str, **extra: str) -> Finished:
        """Run it to its end; `extra` is added to the environment."""
        stdout, stderr = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2))
        with (
            _environment({**self.environment, **extra}),
            _no_input(),
            redirect_stdout(stdout),
            redirect_stderr(stderr),
        ):
            code = run(words)
        return Finished(code=code, stdout=_text(stdout), stderr=_text(stderr))


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _no_input() -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.StringIO()
    try:
        yield
    finally:
        sys.stdin = before
