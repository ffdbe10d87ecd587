"""`spawn proxy`, as ssh starts it, against the embedded cloud: a session, and the plugin in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.tools.clouds import Cloud
from tests.tools.plugin import AGENT_POLICY, RESPONSE_VARIABLE, RecordingPlugin
from tests.tools.programs import Program


@pytest.fixture
def managed(spawn: Program, home: Path) -> Iterator[str]:
    """The id of an instance whose agent is connected to Session Manager."""
    policy = home / "agent.json"
    policy.write_bytes(msgspec.json.encode(AGENT_POLICY))
    launched = spawn("launch", "--iam-policy-file", str(policy), "--yes", "-o", "ids")
    assert launched.code == 0, launched.stderr
    instance_id = launched.stdout.strip()
    try:
        yield instance_id
    finally:
        spawn("cancel", instance_id, "--yes")


def test_ssh_s_bytes_go_through_the_plugin(
    spawn: Program, cloud: Cloud, managed: str, tmp_path: Path
) -> None:
    """The plugin takes spawn's place, input and output, and is told what AWS's CLI tells it."""
    plugin = RecordingPlugin(tmp_path / "programs")
    plugin.install(echoes=True, code=3)
    region = cloud.access.variables["AWS_DEFAULT_REGION"]
    path = f"{plugin.directory}:{spawn.environment['PATH']}"
    done = spawn(
        *("proxy", "--ssm", managed, "--region", region, "--port", "2222"),
        stdin="SSH-2.0-test\n",
        PATH=path,
    )
    assert (done.code, done.stdout, done.stderr) == (3, "SSH-2.0-test\n", "")
    *words, request, endpoint = plugin.record["words"]
    assert words == [RESPONSE_VARIABLE, region, "StartSession", ""]
    assert msgspec.json.decode(request) == {
        "Target": managed,
        "DocumentName": "AWS-StartSSHSession",
        "Parameters": {"portNumber": ["2222"]},
    }
    assert endpoint == cloud.endpoint_url
    response = msgspec.json.decode(plugin.record["response"])
    assert sorted(response) == ["SessionId", "StreamUrl", "TokenValue"]
    assert plugin.record["shown"] == []


def test_an_instance_without_an_agent_is_told(spawn: Program, cloud: Cloud, tmp_path: Path) -> None:
    """No such instance, or none that Session Manager knows: words on stderr, nothing for ssh."""
    plugin = RecordingPlugin(tmp_path / "programs")
    plugin.install()
    region = cloud.access.variables["AWS_DEFAULT_REGION"]
    path = f"{plugin.directory}:{spawn.environment['PATH']}"
    done = spawn("proxy", "--ssm", "i-0123456789abcdef0", "--region", region, PATH=path)
    assert (done.code, done.stdout) == (1, "")
    assert "is not connected to Session Manager" in done.stderr
    assert not plugin.was_started
