"""The guides' ways in: through a bastion, and by Session Manager."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.e2e.boxes import Box, launched
from tests.e2e.conftest import Launch
from tests.tools.clouds import Cloud
from tests.tools.plugin import AGENT_POLICY, RecordingPlugin, install_relay
from tests.tools.programs import Program

pytestmark = pytest.mark.e2e


@pytest.fixture
def managed(cloud: Cloud, spawn: Program, home: Path) -> Iterator[Box]:
    """An instance whose role lets its agent connect to Session Manager."""
    policy = home / "agent.json"
    policy.write_bytes(msgspec.json.encode(AGENT_POLICY))
    with launched(spawn, cloud, "--iam-policy-file", str(policy), "--ttl", "30m") as box:
        yield box


def test_a_bastion_leads_into_a_private_subnet(launch: Launch, inner: Box) -> None:
    """`spawn connect <instance-id> --bastion <bastion-id>` opens a shell there."""
    bastion = launch("--ttl", "30m")
    done = inner.spawn("connect", inner.id, "--bastion", bastion.id, stdin="hostname; exit 3\n")
    assert (done.code, done.stdout) == (3, f"{inner.described()['PrivateDnsName'].split('.')[0]}\n")


def test_session_manager_opens_a_shell(managed: Box, tmp_path: Path) -> None:
    """`spawn connect <instance-id> --ssm` hands a session to AWS's own plugin."""
    plugin = RecordingPlugin(tmp_path / "programs")
    plugin.install(code=0)
    path = f"{plugin.directory}:{managed.spawn.environment['PATH']}"
    done = managed.spawn("connect", managed.id, "--ssm", PATH=path)
    assert done.code == 0, done.stderr
    assert plugin.record["words"][2] == "StartSession"
    assert msgspec.json.decode(plugin.record["words"][4]) == {"Target": managed.id}


def test_a_command_by_session_manager_has_its_true_exit_code(managed: Box, tmp_path: Path) -> None:
    """`spawn connect <id> --ssm -- command` is OpenSSH over a session: bytes and code are true."""
    install_relay(tmp_path / "programs", managed.address)
    path = f"{tmp_path / 'programs'}:{managed.spawn.environment['PATH']}"
    words = ("connect", managed.id, "--ssm", "--", "sh", "-c", "cat; echo err >&2; exit 7")
    done = managed.spawn(*words, stdin="through\n", PATH=path)
    assert (done.code, done.stdout) == (7, "through\n")
    assert "err" in done.stderr
