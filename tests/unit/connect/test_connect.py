"""The workflow: finding the way, trying it, telling what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from spawn.aws.ec2 import GroupIdentifier, InstanceState, StateReason
from spawn.aws.operation import Answer, Operation
from spawn.connect.connect import connect, run, wait_for_ssh
from spawn.connect.destination import Login
from spawn.connect.explanations import NotAdmitted
from spawn.connect.finding import BOOT_SECONDS, boot_seconds_left, find_way, require_alive
from spawn.connect.outlook import Outlook
from spawn.connect.programs import Completed
from spawn.connect.way import Way
from spawn.core.errors import AccessDenied, AccountError, AwsRefusal, InputError
from tests.unit.connect.builders import (
    INSTANCE_ID,
    LAUNCHED,
    REGION,
    FakeTime,
    ScriptedPrograms,
    ScriptedWriter,
    cloud,
    console_text,
    instance,
    machine,
    public_key,
)

HOST_KEY = public_key()
LOGIN = 'Authenticated to 198.51.100.7 ([198.51.100.7]:22) using "publickey".\r\n'
MINE = "203.0.113.10"


def ended(code: int, log: str, stdout: bytes = b"") -> tuple[Completed, str]:
    """Return an ending of ssh: code, output, log."""
    return Completed(returncode=code, stdout=stdout, stderr=b""), log


REFUSED = ended(255, "ssh: connect to host 198.51.100.7 port 22: Connection refused\r\n")
SILENT = ended(255, "ssh: connect to host 198.51.100.7 port 22: Connection timed out\r\n")
WRONG_KEY = ended(255, "ec2-user@198.51.100.7: Permission denied (publickey).\r\n")
WRONG_HOST = ended(255, "Host key verification failed.\r\n")
DONE = ended(7, LOGIN, b"out")


def aws(operation: Operation, _: Mapping[str, Any]) -> Answer:
    """Answer with a console that shows the host key, a group that admits a neighbour, a route."""
    if operation.name == "GetConsoleOutput":
        return {"Output": console_text(HOST_KEY)}
    if operation.name == "DescribeRouteTables":
        routes = [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}]
        main = [{"Main": True}]
        return {
            "RouteTables": [
                {"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": main, "Routes": routes}
            ]
        }
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    ranges = [{"CidrIp": "192.0.2.0/24"}]
    group = {"GroupId": "sg-1", "GroupName": "one", "IpPermissions": [rule | {"IpRanges": ranges}]}
    return {"SecurityGroups": [group]}


def way_to(
    tmp_path: Path,
    programs: ScriptedPrograms,
    *,
    callers: tuple[str, ...] = (MINE,),
    proxy_command: str = "",
    **changed: Any,
) -> Way:
    """Find the way to the usual instance."""
    return find_way(
        instance(security_groups=(GroupIdentifier(group_id="sg-1"),), **changed),
        cloud(ScriptedWriter(aws), callers=callers),
        machine(tmp_path, programs, proxy_command=proxy_command),
        login=Login(user="ec2-user"),
        now=LAUNCHED,
        patience=FakeTime().patience(0),
    )


def failing(tmp_path: Path, *endings: tuple[Completed, str], **changed: Any) -> AccountError:
    """Return the error of a command whose ssh ends so."""
    way = way_to(tmp_path, ScriptedPrograms(endings), **changed)
    with pytest.raises(AccountError) as caught:
        run(way, ("true",), patience=FakeTime().patience(0))
    return caught.value


def test_a_command_gives_its_code_and_output(tmp_path: Path) -> None:
    """Words, input and time limit reach ssh; what the command gave comes back."""
    programs = ScriptedPrograms([DONE])
    way = way_to(tmp_path, programs)
    done = run(
        way, ("uname", "-a"), stdin=b"in", timeout_seconds=9, patience=FakeTime().patience(0)
    )
    assert (done.returncode, done.stdout) == (7, b"out")
    assert programs.started[0][-2:] == ("198.51.100.7", "uname -a")
    assert programs.stdin == [b"in"]
    assert programs.timeouts == [9]


def test_a_shell_has_the_terminal_and_its_code(tmp_path: Path) -> None:
    """Without words a shell is opened on the terminal, and its code passed through."""
    programs = ScriptedPrograms([DONE])
    way = way_to(tmp_path, programs)
    assert connect(way, terminal=True, patience=FakeTime().patience(0)) == 7
    assert programs.started[0][-1] == "198.51.100.7"
    assert "BatchMode=no" in programs.started[0]
    assert programs.stdin == [None]


def test_a_booting_instance_is_waited_for(tmp_path: Path) -> None:
    """Failures before login are tried again, each kind is told once, and the log is gone."""
    programs = ScriptedPrograms([SILENT, SILENT, REFUSED, WRONG_KEY, DONE])
    told: list[str] = []
    way = way_to(tmp_path, programs, callers=("192.0.2.77",))
    code = connect(
        way, ("x",), terminal=False, patience=FakeTime().patience(60), progress=told.append
    )
    assert code == 7
    assert len(programs.started) == 5
    assert len(told) == 3
    assert "ConnectTimeout=3" in programs.started[0]
    assert "ConnectTimeout=10" in programs.started[1]
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["known_hosts"]


@pytest.mark.parametrize(
    "ending", [WRONG_HOST, ended(255, LOGIN + "Timeout, server 198.51.100.7 not responding.\r\n")]
)
def test_what_can_not_pass_is_not_tried_again(
    tmp_path: Path, ending: tuple[Completed, str]
) -> None:
    """A wrong host stays wrong; after login a second try could do a thing twice."""
    programs = ScriptedPrograms([ending])
    with pytest.raises(AccountError):
        run(way_to(tmp_path, programs), ("x",), patience=FakeTime().patience(60))
    assert len(programs.started) == 1


def test_a_refused_key_is_given_up_before_a_boot(tmp_path: Path) -> None:
    """A wrong key does not cost the person minutes."""
    time = FakeTime()
    way = way_to(tmp_path, ScriptedPrograms([WRONG_KEY]), key_name="laptop")
    with pytest.raises(AccountError, match="does not let ec2-user in") as caught:
        wait_for_ssh(way, patience=time.patience(300))
    assert sum(time.slept) < 30
    assert "laptop" in caught.value.why


@pytest.mark.parametrize("proxy_command", ["", "nc %h %p"])
def test_a_changed_address_is_told_at_the_first_knock(tmp_path: Path, proxy_command: str) -> None:
    """Whom the groups admit, who the caller is, and the command that lets them in; no waiting."""
    programs, time = ScriptedPrograms([SILENT]), FakeTime()
    way = way_to(tmp_path, programs, proxy_command=proxy_command)
    with pytest.raises(NotAdmitted, match="no answer") as caught:
        run(way, ("true",), patience=time.patience(300))
    assert (len(programs.started), time.slept) == (1, [])
    assert MINE in caught.value.why
    assert "192.0.2.0/24" in caught.value.why
    assert ("proxy command" in caught.value.why) == bool(proxy_command)
    assert caught.value.next_command == f"spawn network allow {INSTANCE_ID}"
    assert caught.value.caller_addresses == (MINE,)
    assert (caught.value.instance_id, caught.value.region) == (INSTANCE_ID, REGION)


def test_who_gets_in_is_not_looked_up(tmp_path: Path) -> None:
    """Where the first knock is answered, neither groups nor routes nor addresses are asked for."""
    way = way_to(tmp_path, ScriptedPrograms([DONE]))
    looked: list[str] = []

    def watched() -> Outlook:
        looked.append("looked")
        return Outlook()

    run(replace(way, outlook=watched), ("true",), patience=FakeTime().patience(0))
    assert looked == []


def test_a_missing_route_is_named(tmp_path: Path) -> None:
    """A public address without a way to the internet is said to be one, with its route table."""

    def without_gateway(operation: Operation, parameters: Mapping[str, Any]) -> Answer:
        answer = aws(operation, parameters)
        if "RouteTables" in answer:
            answer = {"RouteTables": [answer["RouteTables"][0] | {"Routes": []}]}
        return answer

    programs, time = ScriptedPrograms([SILENT]), FakeTime()
    way = find_way(
        instance(security_groups=(GroupIdentifier(group_id="sg-1"),)),
        cloud(ScriptedWriter(without_gateway), callers=("192.0.2.77",)),
        machine(tmp_path, programs),
        login=Login(user="ec2-user"),
        now=LAUNCHED,
        patience=time.patience(0),
    )
    with pytest.raises(AccountError, match="no packet") as caught:
        run(way, ("true",), patience=time.patience(300))
    assert time.slept == []
    assert "rtb-1" in caught.value.why
    assert "aws ec2" in caught.value.next_command


def test_silence_of_one_who_is_admitted_points_at_the_console(tmp_path: Path) -> None:
    """Where the groups let the caller in, they are not blamed."""
    error = failing(tmp_path, SILENT, callers=("192.0.2.77",))
    assert "admit your address 192.0.2.77" in error.why
    assert error.next_command.startswith("aws ec2 get-console-output")


def test_silence_that_can_not_be_explained_is_not(tmp_path: Path) -> None:
    """Without the caller's address the groups prove nothing."""
    error = failing(tmp_path, SILENT, callers=())
    assert error.next_command == f"spawn status {INSTANCE_ID}"
    assert "not among" not in error.why


def test_a_wrong_host_key_names_both(tmp_path: Path) -> None:
    """The pinned key, the offered one and what the console shows stand side by side."""
    offered = public_key().fingerprint
    log = f"ED25519 key sent by the remote host is\n{offered}.\r\nHost key verification failed.\r\n"
    error = failing(tmp_path, ended(255, log))
    assert f"pinned: {HOST_KEY.fingerprint}" in error.why
    assert f"offered: {offered}" in error.why
    assert f"its console: {HOST_KEY.fingerprint}" in error.why


def test_other_failures_keep_sshs_words(tmp_path: Path) -> None:
    """What has no explanation of its own is told as ssh tells it."""
    assert "Connection refused" in failing(tmp_path, REFUSED).why


def test_no_words_are_no_command(tmp_path: Path) -> None:
    """A command without words would be a shell that nobody asked for."""
    way = way_to(tmp_path, ScriptedPrograms([DONE]))
    with pytest.raises(InputError):
        run(way, (), patience=FakeTime().patience(0))


def test_the_key_of_the_instance_is_offered(tmp_path: Path) -> None:
    """A named key pair's file is found; without one it is said that ssh's own keys are tried."""
    (tmp_path / "ssh").mkdir()
    key = tmp_path / "ssh" / "laptop.pem"
    key.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    way = way_to(tmp_path, ScriptedPrograms([DONE]), key_name="laptop")
    assert way.target.identity_files == (key,)
    assert way_to(tmp_path, ScriptedPrograms([DONE]), key_name="other").target.identity_files == ()


@pytest.mark.parametrize(
    ("changed", "words", "command"),
    [
        ({"state": InstanceState(name="stopped")}, "is stopped", "start-instances"),
        ({"state": InstanceState(name="terminated")}, "is terminated", "spawn list"),
        ({"state": InstanceState(name="shutting-down")}, "is shutting-down", "spawn list"),
    ],
)
def test_what_can_not_be_connected_to_is_told(
    changed: dict[str, Any], words: str, command: str
) -> None:
    """Each reason for which there is nothing to connect to has its own words and next command."""
    with pytest.raises(InputError, match=words) as caught:
        require_alive(instance(**changed), region=REGION)
    assert command in caught.value.next_command


def test_why_an_instance_ended_is_told() -> None:
    """AWS's own reason is passed on."""
    gone = instance(
        state=InstanceState(name="terminated"),
        state_reason=StateReason(code="x", message="Client.InstanceInitiatedShutdown"),
    )
    with pytest.raises(InputError) as caught:
        require_alive(gone, region=REGION)
    assert caught.value.why == "Client.InstanceInitiatedShutdown"


def test_a_boot_is_waited_for_while_it_may_last() -> None:
    """Just launched: the whole time; launched long ago: none."""
    assert boot_seconds_left(instance(), LAUNCHED) == BOOT_SECONDS
    assert boot_seconds_left(instance(), LAUNCHED + timedelta(seconds=100)) == BOOT_SECONDS - 100
    assert boot_seconds_left(instance(), LAUNCHED + timedelta(days=1)) == 0


def test_what_aws_refuses_does_not_hide_the_failure(tmp_path: Path) -> None:
    """A denied look at the groups leaves ssh's own words."""
    scripted = ScriptedWriter(aws)
    way = find_way(
        instance(),
        cloud(scripted, callers=(MINE,)),
        machine(tmp_path, ScriptedPrograms([SILENT])),
        login=Login(user="ec2-user"),
        now=LAUNCHED,
        patience=FakeTime().patience(0),
    )
    for refusal in (AccessDenied("denied"), AwsRefusal("refused", code="Oops")):
        scripted.answer = lambda *_, refusal=refusal: refusal
        with pytest.raises(AccountError) as caught:
            run(way, ("x",), patience=FakeTime().patience(0))
        assert "Connection timed out" in caught.value.why
