"""The words that lead ssh through AWS's own programs, and where to get these."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.aws.ec2_endpoints import ConnectEndpoint
from spawn.aws.operation import Answer
from spawn.aws.questions import Known, answer_of
from spawn.aws.ssm import managed_question, started_session
from spawn.connect.endpoint_tunnel import check_aws_cli, tunnel_command, tunnel_endpoint
from spawn.connect.plugin import System, install_command
from spawn.connect.programs import Completed, ProgramMissing
from spawn.connect.session_manager import proxy_command, quoted_for_ssh
from spawn.core.errors import AccountError, InputError
from tests.unit.connect.builders import INSTANCE_ID, REGION, ScriptedReader

VPC, SUBNET = "vpc-1", "subnet-1"


def answering(answer: Answer) -> ScriptedReader:
    """Return an AWS that has one answer."""
    return ScriptedReader(lambda _operation, _parameters: answer)


def expanded(command: str) -> list[str]:
    """Read a proxy command as ssh does (percent_expand), and then its shell."""
    return shlex.split(command.replace("%%", "%"))


def test_the_proxy_is_spawn_itself() -> None:
    """Every setting of the connection reaches the program that ssh starts."""
    command = proxy_command(
        INSTANCE_ID,
        program=("/opt/my tools/spawn",),
        region=REGION,
        profile="100%",
        assume_role="arn:aws:iam::123456789012:role/ops",
        local=True,
        port=2222,
    )
    assert expanded(command) == [
        *("/opt/my tools/spawn", "proxy", "--ssm", INSTANCE_ID, "--region", REGION),
        *("--port", "2222", "--profile", "100%"),
        *("--assume-role", "arn:aws:iam::123456789012:role/ops", "--local"),
    ]


def test_what_was_not_asked_is_not_passed_on() -> None:
    """Without profile, role and switch the proxy follows its environment, as we do."""
    command = proxy_command(INSTANCE_ID, program=("spawn",), region=REGION)
    assert command == f"spawn proxy --ssm {INSTANCE_ID} --region {REGION} --port 22"


@given(st.lists(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))), min_size=1))
def test_words_survive_ssh_and_its_shell(words: list[str]) -> None:
    """Whatever a path or profile holds arrives as it was, and no lone % is left for ssh."""
    printable = [word for word in words if word.isprintable()]
    quoted = quoted_for_ssh(printable)
    assert "%" not in quoted.replace("%%", "")
    assert expanded(quoted) == printable


@pytest.mark.parametrize("word", ["a\nProxyUseFdpass yes", "\x1b[2J", "a\0b"])
def test_control_characters_are_refused(word: str) -> None:
    """A line break would begin an option of its own in an ssh configuration."""
    with pytest.raises(InputError, match="control characters"):
        quoted_for_ssh(["spawn", word])


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        (("Linux", "x86_64", {"ubuntu", "debian"}), "ubuntu_64bit/session-manager-plugin.deb"),
        (("Linux", "aarch64", {"debian"}), "ubuntu_arm64/session-manager-plugin.deb"),
        (("Linux", "x86_64", {"amzn", "fedora"}), "linux_64bit/session-manager-plugin.rpm"),
        (("Linux", "aarch64", {"amzn"}), "linux_arm64/session-manager-plugin.rpm"),
        (("Darwin", "arm64", set()), "mac_arm64/session-manager-plugin.pkg"),
        (("Darwin", "x86_64", set()), "mac/session-manager-plugin.pkg"),
        (("Linux", "x86_64", {"arch"}), "docs.aws.amazon.com"),
    ],
)
def test_the_plugin_is_installed_as_the_system_does(
    system: tuple[str, str, set[str]], expected: str
) -> None:
    """Each system gets its own package for its own processor; an unknown one AWS's page."""
    name, machine, distribution = system
    line = install_command(System(name=name, machine=machine, distribution=frozenset(distribution)))
    assert expected in line


def test_a_session_shows_no_token() -> None:
    """Printed by mistake, or in a traceback, it does not open the door."""
    session = started_session({"SessionId": "alice-1", "TokenValue": "canary", "StreamUrl": "wss:"})
    assert session.token_value == "canary"
    assert "canary" not in f"{session} {session!r} {session.__rich_repr__()}"


def test_whether_an_instance_is_managed() -> None:
    """Known and online, known and lost, or never heard of: three different things."""
    question = managed_question(INSTANCE_ID, region=REGION)
    for status, online in (("Online", True), ("ConnectionLost", False)):
        shown = {"InstanceId": INSTANCE_ID, "PingStatus": status, "AgentVersion": "3.3.1.0"}
        reader = answering({"InstanceInformationList": [shown]})
        fact = answer_of(reader, question)
        assert isinstance(fact, Known)
        assert fact.value is not None
        assert fact.value.is_online is online
        assert [parameters for _, parameters, _ in reader.asked] == [
            {"Filters": [{"Key": "InstanceIds", "Values": [INSTANCE_ID]}]}
        ]
    assert answer_of(answering({"InstanceInformationList": []}), question) == Known(None)


def tunnel(number: int, subnet_id: str, state: str = "create-complete") -> ConnectEndpoint:
    return ConnectEndpoint(
        instance_connect_endpoint_id=f"eice-{number}",
        vpc_id=VPC,
        subnet_id=subnet_id,
        state=state,
    )


def test_the_nearest_open_endpoint_is_taken() -> None:
    """One in the instance's own subnet first; none that is being made or deleted."""
    far, near = tunnel(1, "subnet-2"), tunnel(2, SUBNET)
    assert tunnel_endpoint([far, near], vpc_id=VPC, subnet_id=SUBNET) == near
    closed = tunnel(3, SUBNET, "delete-in-progress")
    assert tunnel_endpoint([closed, far], vpc_id=VPC, subnet_id=SUBNET) == far
    assert tunnel_endpoint([closed], vpc_id=VPC, subnet_id=SUBNET) is None
    assert tunnel_endpoint([near], vpc_id="vpc-other", subnet_id=SUBNET) is None
    changing = tunnel(4, SUBNET, "update-in-progress")
    assert tunnel_endpoint([changing], vpc_id=VPC, subnet_id=SUBNET) == changing


def test_the_tunnel_is_the_aws_clis() -> None:
    """The command is `aws ec2-instance-connect open-tunnel`, with the endpoint that was found."""
    command = tunnel_command(INSTANCE_ID, "eice-1", region=REGION, profile="a b", port=2222)
    assert expanded(command) == [
        *("aws", "ec2-instance-connect", "open-tunnel", "--instance-id", INSTANCE_ID),
        *("--instance-connect-endpoint-id", "eice-1", "--remote-port", "2222"),
        *("--region", REGION, "--profile", "a b"),
    ]


class VersionOnly:
    """A machine whose one program tells a version, or that has none."""

    def __init__(self, said: bytes | None, *, on_stderr: bool = False) -> None:
        self.said = said
        self.on_stderr = on_stderr

    def run(self, words: object, **_: object) -> Completed:
        if self.said is None:
            raise ProgramMissing("aws is not installed")
        out, err = (b"", self.said) if self.on_stderr else (self.said, b"")
        return Completed(returncode=0, stdout=out, stderr=err)

    attach = replace = run


@pytest.mark.parametrize(
    "said",
    [
        b"aws-cli/1.46.3 Python/3.11.7 Linux/6.18 botocore/1.43.62\n",
        b"aws-cli/2.11.27 Python/3.11.3 Linux/6.18 exe/x86_64\n",
        b"something else\n",
        None,
    ],
)
def test_an_aws_cli_without_tunnels_is_refused(said: bytes | None) -> None:
    """Version 1 has no such command, nor have those before 2.12.0."""
    with pytest.raises(AccountError) as caught:
        check_aws_cli(VersionOnly(said))  # type: ignore[arg-type]
    assert "2.12.0 or later" in caught.value.why
    assert "getting-started-install" in caught.value.next_command


@pytest.mark.parametrize("on_stderr", [False, True])
def test_an_aws_cli_with_tunnels_is_taken(on_stderr: bool) -> None:
    """From 2.12.0 on, compared as numbers, wherever it writes its version."""
    for version in (b"2.12.0", b"2.100.1", b"3.0.0"):
        said = b"aws-cli/" + version + b" Python/3.11.3\n"
        check_aws_cli(VersionOnly(said, on_stderr=on_stderr))  # type: ignore[arg-type]
