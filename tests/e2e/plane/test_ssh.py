"""The real OpenSSH client works with instances as with any other server."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.plane.harness import PATIENCE_SECONDS, Plane, wait_for
from tests.e2e.plane.worlds import instance

pytestmark = pytest.mark.e2e


def test_commands_streams_and_exit_codes(plane: Plane) -> None:
    """Output, errors, input and exit code pass through unchanged, and the host key is pinned."""
    box = instance(5, public_keys=(plane.public_key,))
    plane.boot(box)
    answer = plane.ssh(box, "cat; echo to errors >&2; exit 7", "input\n" * 50_000)
    assert (answer.code, answer.output, answer.errors) == (7, "input\n" * 50_000, "to errors\n")


def test_a_terminal(plane: Plane) -> None:
    """A login with a terminal gets a login shell on one, and its exit code comes back."""
    box = instance(5, public_keys=(plane.public_key,))
    plane.boot(box)
    result = subprocess.run(
        plane.ssh_command(box, "-tt"),
        env=plane.ssh_environment() | {"TERM": "vt100"},
        input="tty; echo $TERM $AWS_REGION; shopt login_shell; exit 4\n",
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    lines = result.stdout.replace("\r", "").split("\n")
    assert result.returncode == 4
    assert {"/dev/pts/0", "vt100 us-west-2", "login_shell    \ton"} <= set(lines)


def test_logins_on_a_terminal_hear_wall(plane: Plane) -> None:
    """The machine's own `wall` and `who` find who is logged in on a terminal, until they leave."""
    box = instance(5, public_keys=(plane.public_key,))
    plane.boot(box)
    who = "who /run/utmp | cut -d' ' -f1"
    assert plane.ssh(box, who).output == ""
    with subprocess.Popen(
        plane.ssh_command(box, "-tt"),
        env=plane.ssh_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as login:
        assert login.stdin is not None
        assert login.stdout is not None
        login.stdin.write("tty | tee /tmp/tty; echo $SSH_TTY\n")
        login.stdin.flush()
        wait_for(lambda: plane.ssh(box, "cat /tmp/tty").output == "/dev/pts/0\n", "the shell")
        assert plane.ssh(box, who).output == "ec2-user\n"
        told = plane.ssh(box, "echo this instance ends in 5 minutes | wall")
        assert (told.code, told.errors) == (0, "")
        # Not `communicate`: the message has to come while the session is open.
        heard = iter(login.stdout.readline, "")
        assert any("this instance ends in 5 minutes" in line for line in heard)
        login.stdin.write("exit 3\n")
        login.stdin.close()
        assert login.wait(PATIENCE_SECONDS) == 3
    assert plane.ssh(box, who).output == ""


def test_only_the_launch_keys_of_login_users_are_admitted(plane: Plane) -> None:
    """Other keys and root are refused; a key that is added on the instance is admitted."""
    box = instance(5)
    plane.boot(box)
    assert plane.ssh(box, "true").code == 255
    known = instance(6, public_keys=(plane.public_key,))
    plane.boot(box, known)
    command = plane.ssh_command(known)
    for user, code in (("ubuntu", 0), ("admin", 0), ("root", 255), ("nobody", 255)):
        login = [*command[:-1], f"{user}@{known.interfaces[0].public_ip}", "true"]
        result = subprocess.run(login, env=plane.ssh_environment(), timeout=30, check=False)
        assert result.returncode == code, user


def test_files_are_copied(plane: Plane, tmp_path: Path) -> None:
    """scp carries a file there and back."""
    box = instance(5, public_keys=(plane.public_key,))
    plane.boot(box)
    original, returned = tmp_path / "original", tmp_path / "returned"
    original.write_bytes(bytes(range(256)) * 4000)
    *options, target = plane.ssh_command(box)[1:]
    for source, destination in (
        (str(original), f"{target}:copy"),
        (f"{target}:copy", str(returned)),
    ):
        copy = ["scp", "-q", *options, source, destination]
        subprocess.run(copy, env=plane.ssh_environment(), timeout=30, check=True)
    assert returned.read_bytes() == original.read_bytes()
    assert plane.ssh(box, "stat -c %s ~/copy").output == "1024000\n"


def test_ports_are_forwarded(plane: Plane) -> None:
    """A forwarded connection comes out on the instance (here: back at its own SSH server)."""
    box = instance(5, public_keys=(plane.public_key,))
    plane.boot(box)
    result = subprocess.run(
        plane.ssh_command(box, "-W", "127.0.0.1:22"),
        env=plane.ssh_environment(),
        input=b"",
        stdout=subprocess.PIPE,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert result.stdout.startswith(b"SSH-2.0-OpenSSH")


def test_a_command_dies_of_a_signal_as_such(plane: Plane) -> None:
    """A command that a signal killed doesn't look like one that ended."""
    box = instance(5, public_keys=(plane.public_key,))
    plane.boot(box)
    assert plane.ssh(box, f"kill -{signal.SIGKILL.value} $$").code == 255
