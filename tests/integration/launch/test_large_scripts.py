"""The bucket for large scripts is shared: made once, completed where it was not, told to nobody."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path

from tests.integration.launch.account import ACCOUNT, REGION, Account
from tests.tools.faults import Effect, Fault
from tests.tools.programs import Program
from tests.tools.proxy import Proxy

BUCKET = f"spawn-binaries-{ACCOUNT}-{REGION}"
CANARY = "canary-93b1d47f0c"
NOISE = random.Random(11)
SCRIPT = "\n".join([f"echo {CANARY}", *(f": {NOISE.getrandbits(240):x}" for _ in range(700)), ""])


def writes_to_s3(proxy: Proxy) -> list[str]:
    """The operations by which the bucket was changed."""
    calls = (one.call for one in proxy.records)
    return sorted(call.operation for call in calls if call.service == "s3" and not call.is_read)


def launch(spawn: Program, directory: Path) -> str:
    """Launch with the script; the instance's id."""
    file = directory / "script"
    file.write_text(SCRIPT)
    done = spawn("launch", "--user-data-file", str(file), "-o", "ids")
    assert done.code == 0, done.stderr
    return done.stdout.strip()


def test_a_second_launch_finds_the_bucket(
    spawn: Program, proxy: Proxy, account: Account, home: Path
) -> None:
    """Made whole by the first launch, it is only written to by the next."""
    launch(spawn, home)
    assert len(writes_to_s3(proxy)) == 6
    s3 = account.client("s3")
    assert all(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values())
    [rule] = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert rule["Expiration"]["Days"] == 35
    proxy.forget()
    launch(spawn, home)
    assert writes_to_s3(proxy) == ["PutObject"]
    assert len(s3.list_objects_v2(Bucket=BUCKET)["Contents"]) == 1


def test_a_bucket_that_was_not_finished_is_completed(
    spawn: Program, proxy: Proxy, account: Account, home: Path
) -> None:
    """Whoever may not protect it launches nothing; the next launch protects it."""
    proxy.place(Fault(effect=Effect.DENY, operation="s3:PutBucketPolicy"))
    file = home / "script"
    file.write_text(SCRIPT)
    denied = spawn("launch", "--user-data-file", str(file), "-o", "ids")
    assert denied.code == 4
    assert "s3:PutBucketPolicy" in denied.stderr
    assert account.billable() == []
    proxy.forget()
    launch(spawn, home)
    assert writes_to_s3(proxy) == ["PutBucketPolicy", "PutObject"]
    policy = json.loads(account.client("s3").get_bucket_policy(Bucket=BUCKET)["Policy"])
    assert policy["Statement"][0]["Effect"] == "Deny"
    assert [one.ends_twice_over for one in account.billable()] == [True]


def test_a_bucket_that_is_not_shown_gets_nothing(
    spawn: Program, proxy: Proxy, account: Account, home: Path
) -> None:
    """A name that another account has taken answers as a denial does: no script is put there."""
    proxy.place(Fault(effect=Effect.DENY, operation="s3:GetBucketLocation"))
    file = home / "script"
    file.write_text(SCRIPT)
    refused = spawn("launch", "--user-data-file", str(file), "-o", "ids")
    assert refused.code == 1
    assert BUCKET in refused.stderr
    assert writes_to_s3(proxy) == []
    assert account.billable() == []


def test_its_text_stays_out_of_what_is_kept(spawn: Program, account: Account, home: Path) -> None:
    """Neither user-data nor journal, cache or registry holds a line of it."""
    instance = launch(spawn, home)
    sent = account.client("ec2").describe_instance_attribute(
        InstanceId=instance, Attribute="userData"
    )
    assert len(base64.b64decode(sent["UserData"]["Value"])) <= 16_384
    kept = [file for file in home.rglob("*") if file.is_file() and file.name != "script"]
    told = [json.dumps(account.records()), *(file.read_text(errors="replace") for file in kept)]
    assert not [text for text in told if CANARY in text]
