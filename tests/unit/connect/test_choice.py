"""Which route is taken to an instance, in which order, and what is said where there is none."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from spawn.aws.ec2 import GroupIdentifier, Instance, InstanceProfileReference
from spawn.aws.operation import Answer, Operation
from spawn.connect.bastion import BastionHost, parse_bastion
from spawn.connect.choice import choose_route
from spawn.connect.connect import run
from spawn.connect.destination import Login
from spawn.connect.finding import find_way
from spawn.connect.programs import Completed, ProgramMissing
from spawn.connect.routes import Choice, Route
from spawn.connect.way import NOTHING_ASKED, AskedRoute, Way
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
ENDPOINT = {
    "InstanceConnectEndpointId": "eice-0123456789abcdef0",
    "VpcId": "vpc-1",
    "SubnetId": "subnet-9",
    "State": "create-complete",
}
MANAGED = {"InstanceId": INSTANCE_ID, "PingStatus": "Online", "AgentVersion": "3.3.0.0"}
BASTION_ID = "i-0fedcba9876543210"


@dataclass
class Versions(ScriptedPrograms):
    """Tells the version of each program that is installed."""

    endings: Sequence[tuple[Completed, str]] = ()
    installed: dict[str, str] = field(default_factory=dict)

    def run(
        self, words: Sequence[str], *, stdin: bytes = b"", timeout_seconds: float | None = None
    ) -> Completed:
        """Tell it, or that there is no such program."""
        if words[0] not in self.installed:
            raise ProgramMissing(f"the program {words[0]} is not installed on this machine")
        return Completed(returncode=0, stdout=self.installed[words[0]].encode(), stderr=b"")


BOTH = {"aws": "aws-cli/2.31.0 Python/3.13", "session-manager-plugin": "1.2.707.0"}


def aws(*, endpoints: object = (), managed: object = ()) -> ScriptedWriter:
    """Return an AWS whose VPC has these endpoints, and that manages these instances."""

    def answer(operation: Operation, _: Mapping[str, Any]) -> Answer | AwsRefusal:
        answers = {
            "DescribeInstanceConnectEndpoints": ("InstanceConnectEndpoints", endpoints),
            "DescribeInstanceInformation": ("InstanceInformationList", managed),
            "GetConsoleOutput": ("Output", console_text(HOST_KEY)),
        }
        member, value = answers.get(operation.name, ("Nothing", ()))
        return value if isinstance(value, AwsRefusal) else {member: value}

    return ScriptedWriter(answer)


def private(**changed: Any) -> Instance:
    """Return an instance without a public address."""
    return instance(**{"public_ip_address": "", **changed})


def choose(
    tmp_path: Path,
    found: Instance,
    scripted: ScriptedWriter,
    *,
    asked: AskedRoute = NOTHING_ASKED,
    installed: Mapping[str, str] = BOTH,
    time: FakeTime | None = None,
    told: list[str] | None = None,
    **changed: Any,
) -> Choice:
    """Choose the route to an instance."""
    return choose_route(
        found,
        cloud(scripted, **changed),
        machine(tmp_path, Versions(installed=dict(installed)), proxy_command="company %h"),
        asked,
        patience=(time or FakeTime()).patience(300 if time else 0),
        progress=([] if told is None else told).append,
    )


def test_a_public_address_is_gone_to_directly(tmp_path: Path) -> None:
    """By the person's own proxy command, and nothing is asked of AWS."""
    scripted = aws()
    choice = choose(tmp_path, instance(), scripted)
    assert (choice.route, choice.address) == (Route.DIRECT, "198.51.100.7")
    assert choice.proxy_command == "company %h"
    assert choice.sentence == "directly to its public address 198.51.100.7"
    assert scripted.asked == []


def test_an_endpoint_comes_before_session_manager(tmp_path: Path) -> None:
    """A private address is reached by the AWS CLI's tunnel where the VPC has an endpoint."""
    choice = choose(tmp_path, private(), aws(endpoints=[ENDPOINT], managed=[MANAGED]))
    assert (choice.route, choice.address) == (Route.ENDPOINT, "10.0.0.7")
    words = shlex.split(choice.proxy_command)
    assert words[:3] == ["aws", "ec2-instance-connect", "open-tunnel"]
    assert INSTANCE_ID in words
    assert ENDPOINT["InstanceConnectEndpointId"] in choice.sentence


@pytest.mark.parametrize(
    ("endpoints", "installed", "changed", "why"),
    [
        ((), BOTH, {}, "no EC2 Instance Connect Endpoint"),
        ([ENDPOINT | {"State": "delete-in-progress"}], BOTH, {}, "no EC2 Instance Connect Endp"),
        ([ENDPOINT | {"VpcId": "vpc-2"}], BOTH, {}, "no EC2 Instance Connect Endpoint"),
        ([ENDPOINT], {**BOTH, "aws": "aws-cli/1.44.0"}, {}, "the AWS CLI here is"),
        ([ENDPOINT], BOTH, {"assume_role": "arn:aws:iam::1:role/r"}, "--assume-role"),
        (AccessDenied("denied", why="no right"), BOTH, {}, "no right"),
    ],
)
def test_session_manager_is_next(
    tmp_path: Path,
    *,
    endpoints: object,
    installed: Mapping[str, str],
    changed: Mapping[str, str],
    why: str,
) -> None:
    """Where no endpoint can be gone through, that is said, and Session Manager carries ssh."""
    told: list[str] = []
    scripted = aws(endpoints=endpoints, managed=[MANAGED])
    role = changed.get("assume_role", "")
    choice = choose(tmp_path, private(), scripted, installed=installed, told=told, assume_role=role)
    assert (choice.route, choice.address) == (Route.SESSION_MANAGER, "10.0.0.7")
    words = shlex.split(choice.proxy_command)
    assert words[:4] == ["/opt/spawn/bin/spawn", "proxy", "--ssm", INSTANCE_ID]
    assert words[words.index("--region") + 1] == REGION
    assert len(told) == 1
    assert why in told[0]


def test_where_no_way_leads_all_that_was_looked_at_is_told(tmp_path: Path) -> None:
    """Endpoint, Session Manager and the agent's own way; and a command that can be typed."""
    with pytest.raises(AccountError, match="no way leads to") as caught:
        choose(tmp_path, private(), aws())
    assert "no EC2 Instance Connect Endpoint" in caught.value.why
    assert "Session Manager does not know it" in caught.value.why
    assert caught.value.next_command


def test_a_missing_plugin_is_told_with_how_to_get_it(tmp_path: Path) -> None:
    """What is missing here is named, since the rest would work."""
    with pytest.raises(AccountError, match="no way leads to") as caught:
        choose(tmp_path, private(), aws(managed=[MANAGED]), installed={})
    assert "session-manager-plugin is not installed" in caught.value.why
    assert "session-manager" in caught.value.next_command


def test_an_agent_that_may_still_come_is_waited_for(tmp_path: Path) -> None:
    """An instance with a role boots before Session Manager knows it; one without is not awaited."""
    time, scripted, told = FakeTime(), aws(), list[str]()
    answer = scripted.answer

    def later(operation: Operation, parameters: Mapping[str, Any]) -> Answer | AwsRefusal:
        if operation.name == "DescribeInstanceInformation" and time.slept:
            return {"InstanceInformationList": [MANAGED]}
        return answer(operation, parameters)

    scripted.answer = later
    role = InstanceProfileReference(arn="arn:aws:iam::1:instance-profile/p")
    found = private(iam_instance_profile=role)
    assert choose(tmp_path, found, scripted, time=time, told=told).route is Route.SESSION_MANAGER
    assert "waiting for Session Manager" in told[0]
    time = FakeTime()
    with pytest.raises(AccountError, match="no way leads to"):
        choose(tmp_path, private(), aws(), time=time)
    assert time.slept == []


def test_session_manager_is_taken_where_it_is_asked_for(tmp_path: Path) -> None:
    """--ssm holds for public addresses, too; without the plugin nothing is begun."""
    asked = AskedRoute(session_manager=True)
    choice = choose(tmp_path, instance(), aws(managed=[MANAGED]), asked=asked, profile="work")
    assert choice.route is Route.SESSION_MANAGER
    assert shlex.split(choice.proxy_command)[-2:] == ["--profile", "work"]
    choice = choose(tmp_path, instance(), aws(managed=[MANAGED]), asked=asked, local=True)
    assert shlex.split(choice.proxy_command)[-1] == "--local"
    with pytest.raises(AccountError, match="session-manager-plugin"):
        choose(tmp_path, instance(), aws(), asked=asked, installed={})


def test_one_that_session_manager_does_not_know_is_told_before_ssh(tmp_path: Path) -> None:
    """What is missing is named at once; where that may not be looked at, it is tried."""
    asked, time = AskedRoute(session_manager=True), FakeTime()
    with pytest.raises(AccountError, match="not connected to Session Manager") as caught:
        choose(tmp_path, instance(), aws(), asked=asked, time=time)
    assert "role is missing" in caught.value.why
    assert time.slept == []
    unseen = aws(managed=AccessDenied("denied"))
    assert choose(tmp_path, instance(), unseen, asked=asked).route is Route.SESSION_MANAGER


def test_two_routes_at_once_are_refused(tmp_path: Path) -> None:
    """Nothing stands between Session Manager and the instance."""
    asked = AskedRoute(bastion=parse_bastion("jump"), session_manager=True)
    with pytest.raises(InputError, match="exclude each other"):
        choose(tmp_path, instance(), aws(), asked=asked)


def test_any_host_leads_to_the_private_address(tmp_path: Path) -> None:
    """The person's own ssh reaches the bastion, by their proxy command, and leads on from it."""
    asked = AskedRoute(bastion=parse_bastion("ada@jump:2222"))
    choice = choose(tmp_path, private(), aws(), asked=asked)
    assert (choice.route, choice.address) == (Route.BASTION, "10.0.0.7")
    assert "ada@jump:2222" in choice.sentence
    words = shlex.split(choice.proxy_command)
    assert words[:3] == ["ssh", "-o", "ProxyCommand=company %%h"]
    assert words[-4:] == ["-W", "[%h]:%p", "--", "jump"]


def bastion_way(tmp_path: Path, **changed: Any) -> Way:
    """Return the way to a bastion of ours."""
    return find_way(
        instance(instance_id=BASTION_ID, private_ip_address="10.0.0.99", **changed),
        cloud(aws()),
        machine(tmp_path, Versions()),
        login=Login(user="ubuntu"),
        now=LAUNCHED,
        patience=FakeTime().patience(0),
    )


def test_an_instance_of_ours_leads_on_with_its_own_key_and_pin(tmp_path: Path) -> None:
    """The inner ssh trusts the bastion's pinned key alone, and the outer one the instance's."""
    way = find_way(
        private(),
        cloud(aws()),
        machine(tmp_path, Versions()),
        login=Login(user="ec2-user"),
        now=LAUNCHED,
        patience=FakeTime().patience(0),
        asked=AskedRoute(bastion=bastion_way(tmp_path)),
    )
    assert way.bastion is not None
    assert way.target.address == "10.0.0.7"
    inner = shlex.split(way.target.proxy_command)
    assert inner[0] == "ssh"
    assert f"HostKeyAlias={BASTION_ID}" in inner
    assert f'UserKnownHostsFile="{tmp_path}/state/known_hosts/{BASTION_ID}"' in inner
    assert inner[-4:] == ["-W", "[10.0.0.7]:22", "--", "198.51.100.7"]
    assert inner[inner.index("-l") + 1] == "ubuntu"
    assert BASTION_ID in way.chosen


def test_a_bastion_in_another_vpc_leads_to_the_public_address(tmp_path: Path) -> None:
    """A private address means something else there."""
    asked = AskedRoute(bastion=bastion_way(tmp_path, vpc_id="vpc-2"))
    choice = choose(tmp_path, instance(), aws(), asked=asked)
    assert choice.address == "198.51.100.7"
    assert choose(tmp_path, private(), aws(), asked=asked).address == "10.0.0.7"


def test_a_bastion_that_is_set_is_for_private_addresses() -> None:
    """Whoever set one reaches public addresses without it, and it is not even looked for."""
    looked: list[str] = []

    def find() -> BastionHost:
        looked.append("looked")
        return parse_bastion("jump")

    asked = AskedRoute(to_private=find)
    assert asked.of(instance()).bastion is None
    assert looked == []
    assert asked.of(private()).bastion == parse_bastion("jump")


def test_nothing_is_its_own_bastion(tmp_path: Path) -> None:
    """The slip of naming one instance twice is told as what it is."""
    found = instance(instance_id=BASTION_ID)
    with pytest.raises(InputError, match="its own bastion"):
        choose(tmp_path, found, aws(), asked=AskedRoute(bastion=bastion_way(tmp_path)))


@dataclass
class ClosedAtOnce(Versions):
    """Has the AWS CLI; ssh's connection is closed before the other side said anything."""

    installed: dict[str, str] = field(default_factory=lambda: dict(BOTH))

    def run(
        self, words: Sequence[str], *, stdin: bytes = b"", timeout_seconds: float | None = None
    ) -> Completed:
        """Close it."""
        if words[0] != "ssh":
            return super().run(words, stdin=stdin, timeout_seconds=timeout_seconds)
        closed = "Connection closed by UNKNOWN port 65535\r\n"
        Path(words[words.index("-E") + 1]).write_text(closed, encoding="utf-8")
        return Completed(returncode=255, stdout=b"", stderr=b"awscli: no tunnel")


def test_a_tunnel_that_breaks_is_explained_by_the_groups(tmp_path: Path) -> None:
    """What AWS's program said stands beside the groups that don't admit the endpoint."""
    scripted = aws(endpoints=[ENDPOINT | {"SecurityGroupIds": ["sg-endpoint"]}])
    answer = scripted.answer

    def with_group(operation: Operation, parameters: Mapping[str, Any]) -> Answer | AwsRefusal:
        if operation.name == "DescribeSecurityGroups":
            return {"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "one"}]}
        return answer(operation, parameters)

    scripted.answer = with_group
    way = find_way(
        private(security_groups=(GroupIdentifier(group_id="sg-1"),)),
        cloud(scripted),
        machine(tmp_path, ClosedAtOnce()),
        login=Login(user="ec2-user"),
        now=LAUNCHED,
        patience=FakeTime().patience(0),
    )
    with pytest.raises(AccountError, match="through an EC2 Instance Connect Endpoint") as caught:
        run(way, ("true",), patience=FakeTime().patience(0))
    assert "awscli: no tunnel" in caught.value.why
    assert "don't admit SSH from eice-0123456789abcdef0" in caught.value.why
    assert "authorize-security-group-ingress" in caught.value.next_command
