"""Programs of this machine, started for real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from spawn.connect.programs import Completed, LocalPrograms
from spawn.core.errors import AccountError
from tests.integration.connect.server import ATTACH

TIMEOUT_SECONDS = 30


def test_a_program_is_given_input_and_gives_code_and_output() -> None:
    """Input, both outputs and the code are kept apart, byte for byte."""
    done = LocalPrograms().run(("sh", "-c", "cat; printf e >&2; exit 3"), stdin=b"\xff\0")
    assert done == Completed(returncode=3, stdout=b"\xff\0", stderr=b"e")


def test_a_program_that_a_signal_ended_has_a_shells_code() -> None:
    """137 is what every shell says of a program that was killed."""
    assert LocalPrograms().run(("sh", "-c", "kill -9 $$")).returncode == 137
    assert LocalPrograms().attach(("sh", "-c", "kill -15 $$")) == 143


def test_a_program_that_takes_too_long_is_ended() -> None:
    """The limit is kept, and told apart from everything else."""
    with pytest.raises(TimeoutError, match=r"sleep took longer than 0\.2 s"):
        LocalPrograms().run(("sleep", "20"), timeout_seconds=0.2)


def test_a_missing_program_is_told() -> None:
    """Where OpenSSH is not installed, the error says what to install."""
    for start in (LocalPrograms().run, LocalPrograms().attach):
        with pytest.raises(AccountError, match="not installed") as caught:
            start(("no-such-program-anywhere",))
        assert "openssh-client" in caught.value.next_command


def test_the_attached_program_decides_what_an_interrupt_means() -> None:
    """Ctrl-C reaches it as it would without us, and its own exit code comes back."""
    script = "trap 'exit 42' INT; echo ready; while :; do sleep 0.1; done"
    with subprocess.Popen(
        [sys.executable, "-c", ATTACH, "sh", "-c", script],
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as attached:
        assert attached.stdout is not None
        assert attached.stdout.readline() == b"ready\n"
        os.killpg(attached.pid, signal.SIGINT)
        try:
            assert attached.wait(TIMEOUT_SECONDS) == 42
        finally:
            if attached.poll() is None:
                os.killpg(attached.pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_attached_program_ends_with_us(number: signal.Signals) -> None:
    """Whoever ends us alone ends it, too: an ssh left behind would keep its ports open."""
    script = f"trap 'echo told; exit 43' {number.name[3:]}; echo ready; while :; do sleep 0.1; done"
    with subprocess.Popen(
        [sys.executable, "-c", ATTACH, "sh", "-c", script],
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as attached:
        assert attached.stdout is not None
        assert attached.stdout.readline() == b"ready\n"
        attached.send_signal(number)
        try:
            assert attached.wait(TIMEOUT_SECONDS) == 43
            assert attached.stdout.readline() == b"told\n"
        finally:
            if attached.poll() is None:
                os.killpg(attached.pid, signal.SIGKILL)
