"""A person who has moved: no packet of theirs gets through until `spawn network allow`."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from spawn.local.client import ControlClient
from spawn.local.files import read_cloud_file
from tests.e2e.boxes import HOME_ADDRESS, PATIENCE_SECONDS, REGION, Box
from tests.e2e.conftest import Launch
from tests.e2e.test_reach import is_answered
from tests.tools.clouds import Cloud

pytestmark = pytest.mark.e2e

HOTEL_ADDRESS = "203.0.113.99"


@contextmanager
def being_at(cloud: Cloud, address: str) -> Iterator[None]:
    """The person is somewhere else, and is home again at the end."""
    described = read_cloud_file(cloud.directory)
    assert described is not None
    control = ControlClient(described)
    control.set_switches({"caller_address": address})
    try:
        yield
    finally:
        control.set_switches({"caller_address": HOME_ADDRESS})


@contextmanager
def conversation(box: Box) -> Iterator["subprocess.Popen[bytes]"]:
    """A `cat` on the instance, connected to from home."""
    process = subprocess.Popen(
        [str(box.spawn.path), *box.connect_words("cat")],
        env={**box.spawn.environment, "SPAWN_CLOUD_SOURCE": HOME_ADDRESS},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def echo(process: "subprocess.Popen[bytes]", text: bytes) -> bytes:
    """Say something; what comes back, nothing where nothing does in time."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(text)
    process.stdin.flush()
    ready, _, _ = select.select([process.stdout], [], [], PATIENCE_SECONDS)
    return process.stdout.readline() if ready else b""


def test_a_moved_person_is_let_in_at_once(launch: Launch, cloud: Cloud) -> None:
    """From a hotel nothing answers until its address is allowed; home is then shut out.

    A connection that was open before goes on, as the summary says.
    """
    box = launch()
    with conversation(box) as talk:
        assert echo(talk, b"before\n") == b"before\n"
        with being_at(cloud, HOTEL_ADDRESS):
            assert not is_answered(box, HOTEL_ADDRESS)
            noticed = box.run("true", source=HOTEL_ADDRESS)
            assert noticed.code == 1
            assert f"spawn network allow {box.id}" in noticed.stderr
            allowed = box.spawn("network", "allow", box.id, "--region", REGION, "--yes")
            assert allowed.code == 0, allowed.stderr
            assert "stay open until they end" in allowed.stdout
            assert is_answered(box, HOTEL_ADDRESS)
            assert box.run("true", source=HOTEL_ADDRESS).code == 0
        assert not is_answered(box, HOME_ADDRESS)
        assert echo(talk, b"after\n") == b"after\n"


def at_a_terminal(box: Box, *words: str, answer: str) -> tuple[int, bytes, str]:
    """Connect at a terminal and answer its question: exit code, stdout, the terminal's text."""
    terminal, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(box.spawn.path), *box.connect_words(*words)],
        env={**box.spawn.environment, "SPAWN_CLOUD_SOURCE": HOTEL_ADDRESS},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        seen = read_until(terminal, "[y/N]")
        os.write(terminal, f"{answer}\n".encode())
        out, _ = process.communicate(timeout=3 * PATIENCE_SECONDS)
        seen += read_until(terminal, "no more of it")
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    return process.returncode, out, seen


def read_until(terminal: int, text: str) -> str:
    """Read what a terminal shows until it shows a text, nothing comes any more, or it is late."""
    seen = ""
    deadline = time.monotonic() + 2 * PATIENCE_SECONDS
    while text not in seen and time.monotonic() < deadline:
        ready, _, _ = select.select([terminal], [], [], 1.0)
        if not ready:
            continue
        try:
            seen += os.read(terminal, 4096).decode(errors="replace")
        except OSError:  # all who wrote to it have ended
            break
    return seen


def test_connect_offers_it_at_a_terminal(launch: Launch, cloud: Cloud) -> None:
    """A no leaves all as it is; a yes lets the person's address in, and the command runs."""
    box = launch()
    with being_at(cloud, HOTEL_ADDRESS):
        code, out, seen = at_a_terminal(box, "echo", "hello", answer="n")
        assert (code, out) == (1, b"")
        assert f"Let {HOTEL_ADDRESS}/32 reach {box.id} over SSH?" in seen
        assert not is_answered(box, HOTEL_ADDRESS)
        code, out, seen = at_a_terminal(box, "echo", "hello", answer="y")
        assert (code, out) == (0, b"hello\n"), seen
        assert is_answered(box, HOTEL_ADDRESS)
