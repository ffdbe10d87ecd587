"""What `spawn permissions` prints is all that a command needs that goes onto an instance."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.e2e.boxes import REGION, client
from tests.e2e.conftest import Launch
from tests.integration.iam.printing import printed, without
from tests.tools.clouds import Cloud
from tests.tools.programs import Finished, Program

pytestmark = pytest.mark.e2e

DENIED = "is not authorized to perform"
HERE = ("--region", REGION)
Only = Callable[..., Finished]


@pytest.fixture
def only(cloud: Cloud, spawn: Program) -> Iterator[Only]:
    """Run `spawn` as a user who may do what is printed for the command, and nothing else."""
    iam = client(cloud, "iam")
    name = f"alice-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    keys = {
        "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
    }

    def run(command: str, *words: str, lacking: str = "", **extra: str) -> Finished:
        for old in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=old)
        for number, document in enumerate(without(printed(command), lacking)):
            text = json.dumps(msgspec.to_builtins(document))
            iam.put_user_policy(UserName=name, PolicyName=f"part-{number}", PolicyDocument=text)
        done = replace(spawn, environment={**spawn.environment, **keys, **extra})(command, *words)
        assert (DENIED in done.stdout + done.stderr) is bool(lacking)
        return done

    yield run
    for old in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=old)
    iam.delete_access_key(UserName=name, AccessKeyId=made["AccessKeyId"])
    iam.delete_user(UserName=name)


@pytest.mark.parametrize("state", ["state", "another"], ids=["known-key", "sent-key"])
def test_a_shell_needs_no_more(state: str, launch: Launch, only: Only, home: Path) -> None:
    """A command runs on an instance, by the key of its launch and by one that is sent to it."""
    box = launch("--ttl", "30m")
    where = {} if state == "state" else {"XDG_STATE_HOME": str(home / state)}
    done = only("connect", box.id, *HERE, "--", "echo", "there", **where)
    assert (done.code, done.stdout) == (0, "there\n"), done.stderr


def test_without_the_right_to_send_a_key_it_is_named(
    launch: Launch, only: Only, home: Path
) -> None:
    """Where that is the only way in, the action that was denied is named."""
    box = launch("--ttl", "30m")
    action, elsewhere = "ec2-instance-connect:SendSSHPublicKey", str(home / "another")
    words = ("connect", box.id, *HERE, "--", "true")
    refused = only(*words, lacking=action, XDG_STATE_HOME=elsewhere)
    assert refused.code != 0
    assert f"{DENIED}: {action}" in refused.stderr


def test_files_and_logs_need_no_more(launch: Launch, only: Only, home: Path) -> None:
    """A file goes there and comes back, and what the boot said is read."""
    box = launch("--ttl", "30m", "--user-data", "echo said at boot", "--wait", "ready")
    (home / "sent").write_text("as it was")
    sent = only("cp", *HERE, str(home / "sent"), f"{box.id}:")
    fetched = only("cp", *HERE, f"{box.id}:sent", str(home / "fetched"))
    assert (sent.code, fetched.code) == (0, 0), sent.stderr + fetched.stderr
    assert (home / "fetched").read_text() == "as it was"
    told = only("logs", *HERE, box.id, "--of", "boot")
    assert told.code == 0, told.stderr
    assert "said at boot" in told.stdout


def test_an_errand_needs_no_more(launch: Launch, only: Only) -> None:
    """`spawn run` launches, runs, and ends what it launched."""
    owner = launch("--ttl", "30m").described()["Tags"]
    named = next(tag["Value"] for tag in owner if tag["Key"] == "owner")
    done = only("run", *HERE, "--ttl", "30m", "--tags", f"owner={named}", "--", "echo", "done")
    assert (done.code, done.stdout) == (0, "done\n"), done.stderr
