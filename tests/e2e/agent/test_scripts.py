"""A script that user-data has no room for runs all the same, and no other one in its place."""

from __future__ import annotations

import hashlib
import random
import shlex
from collections.abc import Iterator

import pytest

from tests.e2e.boxes import REGION, client
from tests.e2e.conftest import Launch
from tests.tools.clouds import Cloud

pytestmark = pytest.mark.e2e

BUCKET = f"spawn-binaries-123456789012-{REGION}"


def large(*lines: str) -> str:
    """Return a script of these lines, too random to be compressed, and so too large."""
    noise = random.Random(lines[0])
    return "\n".join([*lines, *(f": {noise.getrandbits(240):x}" for _ in range(700)), ""])


def test_a_large_script_runs(launch: Launch, cloud: Cloud) -> None:
    """Fetched by the role that is made for it, it runs as any other: its words, its exit code."""
    script = large("#!/bin/bash", "echo large one began", "yes | head -n 1", "trap 'exit 7' EXIT")
    box = launch("--ttl", "30m", "--user-data", script)
    console = box.await_console("finished at")
    assert "large one began" in console
    assert "Broken pipe" not in console
    assert "large one began" in box.sh("sudo cat /var/log/cloud-init-output.log")
    assert "exit code: 7" in box.sh("sudo grep -ai 'exit code' /var/log/cloud-init.log").lower()
    assert box.sh("sudo stat -c %a:%U /var/lib/spored/user-data") == "700:root\n"
    user_data = client(cloud, "ec2").describe_instance_attribute(
        InstanceId=box.id, Attribute="userData"
    )
    assert len(user_data["UserData"]["Value"]) < 16_384 * 4 / 3
    s3 = client(cloud, "s3")
    [found] = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert found["Key"] == f"user-data/{hashlib.sha256(script.encode()).hexdigest()}"
    assert all(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values())


def test_another_script_in_its_place_is_not_run(launch: Launch, cloud: Cloud) -> None:
    """Whoever may write to the bucket can't have an instance run anything: it says so and fails."""
    script = large("#!/bin/sh", "echo the true one")
    s3 = client(cloud, "s3")
    key = f"user-data/{hashlib.sha256(script.encode()).hexdigest()}"
    box = launch("--ttl", "30m", "--user-data", f"{script}")
    box.await_console("finished at")
    s3.put_object(Bucket=BUCKET, Key=key, Body=script.replace("true", "evil").encode())
    again = box.run("sudo", *fetching(box.sh("sudo cat /var/lib/cloud/instance/scripts/part-002")))
    assert again.code == 1
    assert "is not what was staged: it is not run" in again.stderr
    assert "evil" not in again.stdout


def fetching(script: str) -> Iterator[str]:
    """Yield the words of the command that stands in user-data."""
    yield from shlex.split(script.splitlines()[1])[1:]
