"""What user-data holds reaches the instance, and no file, table or stream of spawn's."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

from tests.integration.launch.account import Account
from tests.tools.programs import Program

CANARY = "canary-5f2b91c7e3"


def test_only_the_instance_is_told(account: Account, spawn: Program, home: Path) -> None:
    """Journal, cache, registry and both streams are searched; none of them holds it."""
    launched = spawn("launch", "--user-data", f"echo {CANARY}", "-o", "json")
    assert launched.code == 0, launched.stderr
    (instance,) = account.billable()
    sent = account.client("ec2").describe_instance_attribute(
        InstanceId=instance.instance_id, Attribute="userData"
    )
    assert CANARY.encode() in gzip.decompress(base64.b64decode(sent["UserData"]["Value"]))
    kept = [file for file in home.rglob("*") if file.is_file()]
    assert any(file.suffix == ".jsonl" for file in kept)
    told = [launched.stdout, launched.stderr, json.dumps(account.records())]
    told += [file.read_text(errors="replace") for file in kept]
    assert not [text for text in told if CANARY in text]


def test_what_is_kept_is_the_persons_own(spawn: Program, home: Path) -> None:
    """Files that spawn keeps are readable by nobody else, directories neither."""
    assert spawn("launch", "-o", "ids").code == 0
    for directory in (home / ".local" / "state" / "spawn", home / ".cache" / "spawn"):
        for path in (directory, *directory.rglob("*")):
            is_public = path.name.endswith(".pub")
            allowed = 0o700 if path.is_dir() else 0o644 if is_public else 0o600
            assert path.stat().st_mode & 0o777 & ~allowed == 0, path
