"""The real OpenSSH client against a real server: what is trusted, and what arrives."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spawn.connect.connect import connect, run, wait_for_ssh
from spawn.connect.keys import personal_key
from spawn.connect.machine import Machine
from spawn.connect.ssh import ssh_command
from spawn.core.errors import AccountError
from tests.integration.connect.server import ATTACH, LOOPBACK, SshServer, at_once, serving
from tests.unit.connect.builders import FakeTime, console_text, public_key

WORD = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


def test_a_pinned_host_is_connected_to(server: SshServer) -> None:
    """With its host key on the console, a command runs as the login user; output is kept apart."""
    done = server.run("sh", "-c", "cat; echo err >&2; exit 7", stdin=b"in\0put")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"in\0put", b"err\n")
    assert server.logins == ["ec2-user"]


@pytest.mark.parametrize("code", [0, 1, 130, 254, 255])
def test_every_exit_code_is_the_commands(server: SshServer, code: int) -> None:
    """Also 255, which ssh uses for itself, is passed through when the command gave it."""
    assert server.run("sh", "-c", f"exit {code}").returncode == code


@given(words=st.lists(WORD, min_size=1, max_size=5))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_word_arrives_as_given(server: SshServer, words: list[str]) -> None:
    """Spaces, quotes, dollars, newlines, nothing at all: the program there gets the same words."""
    done = server.run("printf", "%s\\0", *words)
    assert done.stdout.decode().split("\0") == [*words, ""]


def test_a_word_of_shell_syntax_stays_a_word(server: SshServer) -> None:
    """Nothing is run that was not asked for; who wants a shell there says so."""
    assert server.run("echo", "$(id)", "a | b", "-n").stdout == b"$(id) a | b -n\n"
    assert server.run("sh", "-c", "echo x | tr x y").stdout == b"y\n"


def test_a_changed_host_key_is_refused(server: SshServer) -> None:
    """A host with another key than the pinned one gets no login, and both keys are named."""
    other = public_key()
    way = server.way(console=console_text(other))
    with pytest.raises(AccountError, match="does not have its host key") as caught:
        run(way, ("true",), patience=FakeTime().patience(60))
    assert f"pinned: {other.fingerprint}" in caught.value.why
    assert f"offered: {server.public_host_key.fingerprint}" in caught.value.why
    assert server.logins == []


def test_a_pin_outlives_a_console_that_changes(server: SshServer) -> None:
    """Whatever the console shows later, the key that was pinned first is the one demanded."""
    server.run("true")
    changed = server.way(console=console_text(public_key()))
    assert run(changed, ("true",), patience=at_once()).returncode == 0
    with serving(server.machine) as impostor, pytest.raises(AccountError, match="host key"):
        run(impostor.way(), ("true",), patience=at_once())


def test_nothing_is_trusted_on_first_use(server: SshServer) -> None:
    """Without a key on the console there is no connection, and no trace in known_hosts."""
    with pytest.raises(AccountError, match="not known"):
        server.way(console="booting ...")
    assert server.logins == []
    assert not (server.machine.state_directory / "known_hosts").exists()


def test_another_kind_of_host_key_is_refused(server: SshServer) -> None:
    """A server without a key of the pinned kind is not taken at its word for another kind."""
    way = server.way(console=console_text(public_key("ssh-rsa")))
    with pytest.raises(AccountError, match="host key") as caught:
        run(way, ("true",), patience=at_once())
    assert "offered: none of that kind" in caught.value.why


def test_a_pin_that_vanishes_is_not_replaced(server: SshServer) -> None:
    """ssh itself refuses a host that it finds no key for, and writes down none."""
    way = server.way()
    way.target.known_hosts.unlink()
    with pytest.raises(AccountError, match="host key") as caught:
        run(way, ("true",), patience=at_once())
    assert "pinned: none" in caught.value.why
    assert server.logins == []
    assert not way.target.known_hosts.exists()


def test_a_key_that_is_not_admitted_is_told(server: SshServer, tmp_path: Path) -> None:
    """The error names the login user and the key that was offered."""
    other = replace(server.machine, state_directory=tmp_path / "other")
    key = personal_key(other.state_directory, other.programs)
    way = server.way()
    wrong = replace(way, target=replace(way.target, identity_files=(key.private_path,)))
    with pytest.raises(AccountError, match="does not let ec2-user in") as caught:
        run(wrong, ("true",), patience=at_once())
    assert str(key.private_path) in caught.value.why


def test_a_connection_that_breaks_is_lost(server: SshServer) -> None:
    """A server that hangs up amid a command does not look like the command's own failure."""
    with pytest.raises(AccountError, match="was lost"):
        server.run("hang-up")


def test_a_server_that_comes_up_late_is_waited_for(machine: Machine) -> None:
    """Nothing listens at first; when the server is there, the wait ends."""
    with socket.socket() as reserved, serving(machine) as server:
        reserved.bind((LOOPBACK, 0))
        way = server.way()
        closed = replace(way, target=replace(way.target, port=reserved.getsockname()[1]))
        time, told = FakeTime(), list[str]()
        with pytest.raises(AccountError, match="nothing listens"):
            wait_for_ssh(closed, patience=time.patience(3), progress=told.append)
        assert sum(time.slept) == pytest.approx(3)
        assert len(told) == 1
        wait_for_ssh(way, patience=time.patience(3))


def test_a_proxy_command_carries_the_connection(server: SshServer) -> None:
    """A company's way to an address, given as ssh's ProxyCommand, is used instead of our own."""
    way = server.way()
    script = textwrap.dedent(f"""\
        import socket, sys, threading, os
        tunnel = socket.create_connection(("{LOOPBACK}", {server.port}))
        def up():
            while data := os.read(0, 65536): tunnel.sendall(data)
        threading.Thread(target=up, daemon=True).start()
        while data := tunnel.recv(65536): os.write(1, data)
        """)
    program = server.machine.ssh_directory.parent / "tunnel.py"
    program.write_text(script)
    target = replace(way.target, address="192.0.2.1", proxy_command=f"{sys.executable} {program}")
    done = run(replace(way, target=target), ("echo", "hi"), patience=at_once())
    assert done.stdout == b"hi\n"


def test_a_shell_on_our_own_input_and_output(server: SshServer) -> None:
    """Without words the other side's shell reads our input; its code is ours."""
    way = server.way()
    assert connect(way, ("sh", "-c", "exit 5"), terminal=False, patience=at_once()) == 5
    words = ssh_command(
        way.target, (), log=server.machine.state_directory / "ssh.log", terminal=False
    )
    ended = subprocess.run(
        [sys.executable, "-c", ATTACH, *words],
        input=b"echo from there; exit 9\n",
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (9, b"from there\n")


def test_a_command_that_does_not_end_is_given_up(server: SshServer) -> None:
    """The limit holds, and it is said that the command may go on."""
    with pytest.raises(AccountError, match=r"did not end within 1\.5 s") as caught:
        run(server.way(), ("sleep", "6"), timeout_seconds=1.5, patience=at_once())
    assert "may go on" in caught.value.why
