"""The key for a minute: to whom it is sent, when again, and what happens where it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from spawn.aws.ec2 import InstanceMetadata
from spawn.connect.destination import Login
from spawn.connect.instance_connect import EphemeralKey, sender
from spawn.connect.programs import LocalPrograms
from spawn.connect.publickey import PublicKey
from spawn.core.errors import AccessDenied, AwsRefusal
from tests.unit.connect.builders import (
    INSTANCE_ID,
    REGION,
    FakeTime,
    ScriptedWriter,
    instance,
    public_key,
)

TAKES_KEYS = Login(user="ubuntu", has_instance_connect=True)


def test_it_is_sent_for_the_one_who_logs_in() -> None:
    """The instance, the login user and the public half; nothing else leaves this machine."""
    writer, key = ScriptedWriter(lambda *_: {}), public_key()
    send = sender(instance(), writer, region=REGION, login=TAKES_KEYS)
    assert send is not None
    send(key)
    parameters = {
        "InstanceId": INSTANCE_ID,
        "InstanceOSUser": "ubuntu",
        "SSHPublicKey": key.line,
    }
    assert writer.told == [("ec2-instance-connect:SendSSHPublicKey", parameters, REGION)]


@pytest.mark.parametrize(
    ("login", "endpoint"),
    [(Login(user="admin"), "enabled"), (TAKES_KEYS, "disabled")],
)
def test_it_is_not_sent_where_nobody_reads_it(login: Login, endpoint: str) -> None:
    """An image without the package, or an instance without metadata, is spared the call."""
    found = instance(metadata_options=InstanceMetadata(http_endpoint=endpoint))
    assert sender(found, ScriptedWriter(lambda *_: {}), region=REGION, login=login) is None


def ephemeral(
    tmp_path: Path, time: FakeTime, sent: list[PublicKey], said: list[str], *refusals: AwsRefusal
) -> EphemeralKey:
    """Return a key whose first sendings are refused so."""
    left = list(refusals)

    def send(key: PublicKey) -> None:
        sent.append(key)
        if left:
            raise left.pop(0)

    return EphemeralKey(
        send=send,
        scratch=tmp_path,
        programs=LocalPrograms(),
        clock=lambda: time.now,
        say=said.append,
    )


def test_it_is_made_once_and_sent_again_before_it_ends(tmp_path: Path) -> None:
    """Tries within its life use what was sent; a later one sends the same key anew."""
    time, sent = FakeTime(), list[PublicKey]()
    key = ephemeral(tmp_path, time, sent, [])
    first = key.offered()
    assert first is not None
    assert first.stat().st_mode & 0o077 == 0
    time.now += 40
    assert key.offered() == first
    assert len(sent) == 1
    time.now += 20
    assert key.offered() == first
    assert sent == [sent[0], sent[0]]


def test_a_denial_is_said_once_and_not_asked_for_again(tmp_path: Path) -> None:
    """Whoever may not send keys gets in by their own, and is not held up at each try."""
    sent, said = list[PublicKey](), list[str]()
    denied = AccessDenied("denied", why="ec2-instance-connect:SendSSHPublicKey is missing")
    key = ephemeral(tmp_path, FakeTime(), sent, said, denied)
    assert (key.offered(), key.offered()) == (None, None)
    assert len(sent) == 1
    assert len(said) == 1
    assert "SendSSHPublicKey is missing" in said[0]


def test_a_booting_instance_is_sent_it_again(tmp_path: Path) -> None:
    """What passes by itself is said once and tried at the next try."""
    sent, said = list[PublicKey](), list[str]()
    booting = AwsRefusal("not yet", why="pending", code="EC2InstanceStateInvalidException")
    key = ephemeral(tmp_path, FakeTime(), sent, said, booting, booting)
    assert [key.offered() is None for _ in range(3)] == [True, True, False]
    assert len(said) == 1
