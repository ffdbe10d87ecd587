"""Sessions handed to a program in the plugin's place, which sees what AWS's own CLI would give."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from spawn.aws.operation import Answer, Operation
from spawn.connect.plugin import System
from spawn.connect.programs import LocalPrograms
from spawn.connect.session_manager import SessionClient, open_shell
from spawn.core.errors import AccessDenied, AccountError, AwsRefusal, SpawnError
from tests.tools.plugin import RESPONSE_VARIABLE, RecordingPlugin
from tests.unit.connect.builders import INSTANCE_ID, REGION

TOKEN = "canary-AAEAAbcd/efgh+ijkl=="
ANSWER = {
    "SessionId": "alice-0123456789abcdef0",
    "TokenValue": TOKEN,
    "StreamUrl": "wss://ssmmessages.example/v1/data-channel/alice-0123456789abcdef0",
    "ResponseMetadata": {"HTTPStatusCode": 200},
}
ENDPOINT = "https://ssm.eu-central-1.amazonaws.com"
TIMEOUT_SECONDS = 30
# A program that attaches the one that its words name as the plugin is attached.
ATTACH_AS_A_SESSION = (
    "import sys; from spawn.connect.programs import LocalPrograms; "
    "from spawn.connect.session_manager import FORWARDED; "
    "sys.exit(LocalPrograms().attach(sys.argv[1:], left_to_it=FORWARDED))"
)
DEBIAN = System(name="Linux", machine="x86_64", distribution=frozenset({"debian"}))


@dataclass
class ScriptedSessions:
    """An AWS that starts sessions, or refuses to, and remembers what it was told."""

    refusal: AwsRefusal | None = None
    unending: bool = False
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def ask(self, operation: Operation, parameters: dict[str, Any], *, region: str) -> Answer:
        raise AssertionError(f"{operation.key} is not asked")

    def do(self, operation: Operation, parameters: dict[str, Any], *, region: str) -> Answer:
        assert region == REGION
        self.told.append((operation.name, parameters))
        if operation.name == "StartSession" and self.refusal is not None:
            raise self.refusal
        if operation.name == "TerminateSession" and self.unending:
            raise AccessDenied("AWS denied ssm:TerminateSession")
        return ANSWER if operation.name == "StartSession" else {}


@pytest.fixture
def plugin(tmp_path: Path) -> RecordingPlugin:
    """A plugin that is not installed yet."""
    return RecordingPlugin(tmp_path / "programs")


def client(plugin: RecordingPlugin, aws: ScriptedSessions, *, profile: str = "") -> SessionClient:
    environment = {"PATH": str(plugin.directory), "AWS_PROFILE": "kept", "HOME": "/nowhere"}
    return SessionClient(
        writer=aws,
        programs=LocalPrograms(environment),
        region=REGION,
        endpoint_url=ENDPOINT,
        profile=profile,
        system=DEBIAN,
    )


def names(aws: ScriptedSessions) -> list[str]:
    return [name for name, _ in aws.told]


@pytest.mark.parametrize("profile", ["", "my profile"])
def test_the_plugin_gets_the_documented_arguments(plugin: RecordingPlugin, profile: str) -> None:
    """Response, region, operation, profile, request and endpoint, in the AWS CLI's order."""
    plugin.install()
    aws = ScriptedSessions()
    assert open_shell(client(plugin, aws, profile=profile), INSTANCE_ID) == 0
    *words, request, endpoint = plugin.record["words"]
    assert words == [RESPONSE_VARIABLE, REGION, "StartSession", profile]
    assert msgspec.json.decode(request) == {"Target": INSTANCE_ID}
    assert endpoint == ENDPOINT
    assert aws.told == [("StartSession", {"Target": INSTANCE_ID})]


def test_the_token_is_in_the_environment_and_nowhere_else(
    plugin: RecordingPlugin,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """No command line, log or output of any process shows what opens the session."""
    plugin.install()
    with caplog.at_level(logging.DEBUG):
        open_shell(client(plugin, ScriptedSessions()), INSTANCE_ID)
    response = msgspec.json.decode(plugin.record["response"])
    assert response == {key: ANSWER[key] for key in ("SessionId", "TokenValue", "StreamUrl")}
    assert plugin.record["shown"] == []
    written = "".join(capfd.readouterr()) + caplog.text
    assert TOKEN not in written


def test_a_session_that_the_plugin_fails_is_ended(plugin: RecordingPlugin) -> None:
    """Its exit code comes back, and the session does not wait for its time-out."""
    plugin.install(code=7)
    aws = ScriptedSessions()
    assert open_shell(client(plugin, aws), INSTANCE_ID) == 7
    assert aws.told[1:] == [("TerminateSession", {"SessionId": ANSWER["SessionId"]})]


def test_who_may_not_end_sessions_still_gets_the_exit_code(plugin: RecordingPlugin) -> None:
    """A denial of TerminateSession hides nothing of what happened."""
    plugin.install(code=7)
    assert open_shell(client(plugin, ScriptedSessions(unending=True)), INSTANCE_ID) == 7


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP])
def test_the_keyboard_belongs_to_the_plugin(number: signal.Signals) -> None:
    """Interrupt, quit and stop are for the shell on the instance: spawn itself does neither."""
    # No program of its own may be in the group: it would be stopped, and the shell wait for it.
    script = f"trap 'exit 42' {number.name[3:]}; echo ready; read never"
    with subprocess.Popen(
        [sys.executable, "-c", ATTACH_AS_A_SESSION, "sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # In a new session it would be an orphaned group, which no terminal can stop.
        process_group=0,
    ) as attached:
        assert attached.stdout is not None
        assert attached.stdout.readline() == b"ready\n"
        os.killpg(attached.pid, number)
        try:
            assert attached.wait(TIMEOUT_SECONDS) == 42
        finally:
            if attached.poll() is None:
                os.killpg(attached.pid, signal.SIGKILL)


def test_without_the_plugin_no_session_is_started(plugin: RecordingPlugin) -> None:
    """What is missing is named with the line that installs it here."""
    aws = ScriptedSessions()
    with pytest.raises(AccountError, match="not installed") as caught:
        open_shell(client(plugin, aws), INSTANCE_ID)
    assert "sudo dpkg -i session-manager-plugin.deb" in caught.value.next_command
    assert aws.told == []


@pytest.mark.parametrize("version", ["1.2.497.0", "1.2.497", "1.2.30.0", "0.9"])
def test_a_plugin_that_shows_tokens_is_refused(plugin: RecordingPlugin, version: str) -> None:
    """Up to 1.2.497.0 it takes the token from its arguments: it is never given one."""
    plugin.install(version=version)
    aws = ScriptedSessions()
    with pytest.raises(AccountError, match="too old") as caught:
        open_shell(client(plugin, aws), INSTANCE_ID)
    assert "session-manager-plugin.deb" in caught.value.next_command
    assert aws.told == []
    assert not plugin.was_started


@pytest.mark.parametrize("version", ["1.2.497.1", "1.2.536.0", "1.3", "2.0.0.0"])
def test_later_plugins_are_taken(plugin: RecordingPlugin, version: str) -> None:
    """Versions are compared as numbers, whatever the count of their parts."""
    plugin.install(version=version)
    assert open_shell(client(plugin, ScriptedSessions()), INSTANCE_ID) == 0


@pytest.mark.parametrize(("version", "code"), [("hello", 0), ("1.2.764.0", 1), ("", 0)])
def test_what_tells_no_version_is_refused(plugin: RecordingPlugin, version: str, code: int) -> None:
    """Another program under the plugin's name is not given a session."""
    plugin.install(version=version, version_code=code)
    with pytest.raises(AccountError, match="does not tell a version"):
        open_shell(client(plugin, ScriptedSessions()), INSTANCE_ID)
    assert not plugin.was_started


def test_a_plugin_that_cant_be_started_is_told(plugin: RecordingPlugin) -> None:
    """A file that is no program is an error with its reason, not a defect of ours."""
    plugin.install()
    (plugin.directory / "session-manager-plugin").chmod(0o600)
    with pytest.raises(AccountError, match="can't be started") as caught:
        open_shell(client(plugin, ScriptedSessions()), INSTANCE_ID)
    assert caught.value.why == "Permission denied"


def test_an_instance_without_its_agent_is_told(plugin: RecordingPlugin) -> None:
    """AWS's code becomes words about the instance; any other refusal stays what it is."""
    plugin.install()
    missing = AwsRefusal("AWS refused", code="TargetNotConnected", operation="ssm:StartSession")
    with pytest.raises(AccountError, match="not connected to Session Manager") as caught:
        open_shell(client(plugin, ScriptedSessions(refusal=missing)), INSTANCE_ID)
    assert caught.value.next_command == f"spawn status {INSTANCE_ID}"
    denied = AccessDenied("AWS denied ssm:StartSession")
    with pytest.raises(SpawnError) as other:
        open_shell(client(plugin, ScriptedSessions(refusal=denied)), INSTANCE_ID)
    assert other.value is denied
