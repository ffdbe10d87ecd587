"""The real OpenSSH client on ways with more to them: bastions, certificates, keys for a minute."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spawn.aws.operation import Answer, Operation
from spawn.connect.bastion import BastionHost, parse_bastion
from spawn.connect.connect import connect, run
from spawn.connect.destination import Login
from spawn.connect.forwarding import parse_forwarding
from spawn.connect.keys import personal_key
from spawn.connect.machine import Machine
from spawn.connect.programs import LocalPrograms
from spawn.connect.routes import Route
from spawn.connect.way import Way
from spawn.core.errors import AccessDenied, AccountError, AwsRefusal
from tests.integration.connect.server import LOOPBACK, SshServer, at_once, serving
from tests.unit.connect.builders import FakeTime, ScriptedWriter, console_text, public_key

BASTION_ID = "i-0fedcba9876543210"


@pytest.fixture
def bastion(machine: Machine) -> Iterator[SshServer]:
    """A server that leads on to others."""
    with serving(machine, instance_id=BASTION_ID, leads_on=True) as running:
        yield running


def through(bastion: Way | BastionHost, server: SshServer, way: Way | None = None) -> Way:
    """Return the way to a server that goes through a bastion."""
    return replace(way or server.way(), route=Route.BASTION, bastion=bastion)


def takes_keys(server: SshServer, *, refusal: AwsRefusal | None = None) -> ScriptedWriter:
    """Return an AWS whose EC2 Instance Connect gives keys to a server, or refuses to."""

    def answer(operation: Operation, parameters: Mapping[str, Any]) -> Answer | AwsRefusal:
        if operation.name == "GetConsoleOutput":
            return {"Output": console_text(server.public_host_key)}
        if operation.name != "SendSSHPublicKey":
            return {}
        if refusal is None:
            server.authorized.append(str(parameters["SSHPublicKey"]))
        return refusal or {"Success": True}

    return ScriptedWriter(answer)


ON_IMAGE = Login(user="ubuntu", has_instance_connect=True)


def test_a_command_runs_behind_a_bastion(server: SshServer, bastion: SshServer) -> None:
    """Both host keys are demanded, bytes pass both ways, and the exit code is the command's."""
    way = through(bastion.way(), server)
    done = run(way, ("sh", "-c", "cat; exit 7"), stdin=bytes(range(256)), patience=at_once())
    assert (done.returncode, done.stdout) == (7, bytes(range(256)))
    assert bastion.led_on == [server.port]
    assert (len(server.logins), bastion.logins) == (1, [])


def test_a_bastion_with_another_host_key_is_refused(server: SshServer, bastion: SshServer) -> None:
    """The one in between is trusted no more than the instance, and is the one that is named."""
    way = through(bastion.way(console=console_text(public_key())), server)
    with pytest.raises(AccountError, match=f"answers for {BASTION_ID}"):
        run(way, ("true",), patience=at_once())
    assert bastion.led_on == []


def test_an_instance_behind_a_bastion_must_have_its_own_key(
    server: SshServer, bastion: SshServer
) -> None:
    """A bastion that leads to another machine gains nothing by it."""
    way = through(bastion.way(), server, server.way(console=console_text(public_key())))
    with pytest.raises(AccountError, match=f"answers for {server.instance_id}"):
        run(way, ("true",), patience=at_once())
    assert server.logins == []


def test_what_a_bastion_can_not_reach_is_told_by_it(server: SshServer, machine: Machine) -> None:
    """A bastion that may not lead on, and a port where nothing listens, each say so."""
    with serving(machine, instance_id=BASTION_ID) as closed:
        with pytest.raises(AccountError) as caught:
            run(through(closed.way(), server), ("true",), patience=at_once())
        assert "the bastion" in caught.value.why
    with serving(machine, instance_id=BASTION_ID, leads_on=True) as bastion:
        (machine.state_directory / "known_hosts" / BASTION_ID).unlink()
        with socket.socket() as reserved:
            reserved.bind((LOOPBACK, 0))
            way = server.way()
            port = reserved.getsockname()[1]
            nowhere = replace(way, target=replace(way.target, port=port))
            with pytest.raises(AccountError, match=server.instance_id) as caught:
                run(through(bastion.way(), server, nowhere), ("true",), patience=at_once())
        assert str(port) in caught.value.why


def test_a_bastion_that_refuses_our_key_is_named(server: SshServer, bastion: SshServer) -> None:
    """The failure is the bastion's, and does not read like the instance's."""
    bastion.authorized.clear()
    with pytest.raises(AccountError, match=f"{BASTION_ID} does not let"):
        run(through(bastion.way(), server), ("true",), patience=at_once())


def test_a_key_for_a_minute_lets_in_alone(server: SshServer, tmp_path: Path) -> None:
    """An instance launched with somebody else's key is reached by the key that was just sent."""
    server.authorized.clear()
    scripted = takes_keys(server)
    way = server.way(key_name="not-here", login=ON_IMAGE, scripted=scripted)
    assert run(way, ("id",), patience=at_once()).returncode == 0
    assert server.logins == ["ubuntu"]
    assert [told[1]["InstanceOSUser"] for told in scripted.told] == ["ubuntu"]
    left = [path.name for path in server.machine.state_directory.rglob("*") if path.is_file()]
    assert sorted(left) == sorted(["spawn-ed25519", server.instance_id])
    assert tmp_path in server.machine.state_directory.parents


def test_both_hosts_are_given_a_key_for_a_minute(server: SshServer, bastion: SshServer) -> None:
    """Each of the two is sent a key of its own."""
    for each in (server, bastion):
        each.authorized.clear()
    ways = [
        each.way(key_name="not-here", login=ON_IMAGE, scripted=takes_keys(each))
        for each in (bastion, server)
    ]
    assert run(through(ways[0], server, ways[1]), ("true",), patience=at_once()).returncode == 0
    assert server.authorized != bastion.authorized


def test_a_denied_key_leaves_our_own(server: SshServer) -> None:
    """Without the right to send keys the launch's key is offered, and the denial is said."""
    scripted = takes_keys(server, refusal=AccessDenied("denied", why="no right to send keys"))
    told: list[str] = []
    way = server.way(login=ON_IMAGE, scripted=scripted)
    assert run(way, ("true",), patience=at_once(), progress=told.append).returncode == 0
    assert any("no right to send keys" in sentence for sentence in told)


def test_a_certificate_lets_in_alone(server: SshServer) -> None:
    """A server that knows only who signs lets the holder of a certificate in."""
    machine = server.machine
    machine.ssh_directory.mkdir()
    authority, key = (machine.ssh_directory / name for name in ("authority", "laptop"))
    for file in (authority, key):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True, timeout=30
        )
    subprocess.run(
        ["ssh-keygen", "-q", "-s", authority, "-I", "me", "-n", "ec2-user", f"{key}.pub"],
        check=True,
        timeout=30,
    )
    server.authorized[:] = [f"cert-authority {authority.with_suffix('.pub').read_text()}"]
    way = server.way(key_name="laptop")
    assert way.target.certificate_files == (key.with_name("laptop-cert.pub"),)
    assert run(way, ("true",), patience=at_once()).returncode == 0
    key.with_name("laptop-cert.pub").unlink()
    with pytest.raises(AccountError, match="does not let ec2-user in"):
        run(server.way(key_name="laptop"), ("true",), patience=at_once())


def test_a_port_in_use_is_not_the_commands_failure(server: SshServer) -> None:
    """A forwarding that can't be had is an error that names the port, and nothing is run."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        forwarding = parse_forwarding((f"{LOOPBACK}:{port}:localhost:80",), (), (), only=False)
        with pytest.raises(AccountError, match="could not be forwarded") as caught:
            connect(
                server.way(), ("true",), terminal=False, patience=at_once(), forwarding=forwarding
            )
    assert str(port) in caught.value.why
    assert server.logins == []


def test_the_way_and_what_is_offered_are_said_on_a_terminal(server: SshServer) -> None:
    """A person at a terminal is told how they get in; elsewhere stderr is the command's own."""
    told: list[str] = []
    way = server.way()
    assert connect(way, ("true",), terminal=False, patience=at_once(), progress=told.append) == 0
    assert told == []
    assert connect(way, ("true",), terminal=True, patience=at_once(), progress=told.append) == 0
    assert len(told) == 1
    assert f"directly to its public address {LOOPBACK}; offering your own key" in told[0]


def with_own_ssh(machine: Machine, bastion: SshServer) -> Machine:
    """Return the machine of a person whose ssh configuration knows the bastion as `jump`."""
    place = machine.state_directory.parent
    key = personal_key(machine.state_directory, machine.programs)
    (place / "known").write_text(
        f"[{LOOPBACK}]:{bastion.port} {bastion.public_host_key.line}\n", encoding="utf-8"
    )
    (place / "config").write_text(
        f"Host jump\n  HostName {LOOPBACK}\n  Port {bastion.port}\n"
        f'  UserKnownHostsFile "{place}/known"\n'
        f'  IdentityFile "{str(key.private_path).replace("%", "%%")}"\n',
        encoding="utf-8",
    )
    program = place / "bin" / "ssh"
    program.parent.mkdir()
    # OpenSSH takes the home directory from the user database: its own file can only be named.
    program.write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F "{place}/config" "$@"\n')
    program.chmod(0o755)
    programs = LocalPrograms({"PATH": f"{program.parent}:/usr/bin:/bin"})
    return replace(machine, programs=programs)


def test_any_host_of_the_persons_own_ssh_leads_on(server: SshServer, bastion: SshServer) -> None:
    """An alias of their configuration is a bastion; the instance is still pinned."""
    own = with_own_ssh(server.machine, bastion)
    way = replace(through(parse_bastion("ada@jump"), server), machine=own)
    assert run(way, ("echo", "there"), patience=at_once()).stdout == b"there\n"
    assert bastion.led_on == [server.port]
    server.machine.state_directory.joinpath("known_hosts", server.instance_id).unlink()
    wrong = server.way(console=console_text(public_key()))
    with pytest.raises(AccountError, match=f"answers for {server.instance_id}"):
        run(replace(way, target=wrong.target), ("true",), patience=at_once())


def test_a_host_that_is_not_reached_is_told_at_once(server: SshServer, bastion: SshServer) -> None:
    """A bastion that is silent or lets nobody in is named, and no boot is waited for."""
    own = with_own_ssh(server.machine, bastion)
    bastion.authorized.clear()
    for word, why in (("jump", "Permission denied"), (f"{LOOPBACK}:1", "refused")):
        way = replace(through(parse_bastion(word), server), machine=own)
        time = FakeTime()
        with pytest.raises(AccountError, match="could not connect") as caught:
            run(way, ("true",), patience=time.patience(300))
        assert why in caught.value.why
        assert "the bastion" in caught.value.why
        assert time.slept == []
    assert server.logins == []
