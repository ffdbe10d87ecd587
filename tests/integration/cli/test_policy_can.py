"""`spawn policy can`: one question of a file or a role, and many of a pipe."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.integration.launch.account import ACCOUNT, REGION, Account
from tests.integration.launch.conftest import account, control_plane, proxy, spawn
from tests.integration.lifecycle.lives import Life, user_keys
from tests.tools.programs import PROGRAMS, Program, clean_environment

__all__ = ["account", "control_plane", "proxy", "spawn"]

READ = {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture
def offline(home: Path) -> Program:
    """A person's `spawn` without credentials, region or network."""
    home.joinpath("p.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": READ}))
    environment = clean_environment(home)
    return Program(path=PROGRAMS / "spawn", environment=environment, directory=home)


def test_a_file_is_judged_without_aws(offline: Program) -> None:
    """The exit code tells the decision, and the words which statement made it."""
    allowed = offline("policy", "can", "p.json", "s3:GetObject", "arn:aws:s3:::b/x")
    assert allowed.code == 0, allowed.stderr
    assert "p.json, statement 1 (Read)" in allowed.stdout
    denied = offline("policy", "can", "p.json", "s3:PutObject", "arn:aws:s3:::b/x", "-o", "json")
    assert (denied.code, denied.document()["decision"]) == (3, "implicitDeny")
    unread = offline("policy", "can", "--batch", "missing.jsonl")
    assert unread.code == 5


def test_policies_beside_are_judged_with_it(offline: Program, home: Path) -> None:
    """A boundary, a session and an organisation's levels stand in files, each under its flag."""
    home.joinpath("all.json").write_text(json.dumps({"Statement": {**READ, "Action": "s3:*"}}))
    home.joinpath("none.json").write_text(json.dumps({"Statement": {**READ, "Action": "sqs:*"}}))
    words = ("policy", "can", "p.json", "s3:GetObject", "arn:aws:s3:::b/x", "-o", "json")
    wide = ("--boundary", "all.json", "--session-policy", "all.json", "--scp", "all.json")
    assert offline(*words, *wide, "--scp", "none.json,all.json").code == 0
    for flag, kind in (("boundary", "boundary"), ("session-policy", "session"), ("scp", "scp")):
        denied = offline(*words, f"--{flag}", "none.json")
        assert (denied.code, denied.document()["kind"]) == (3, kind)
        assert offline(*words, f"--{flag}", "missing.json").code == 5
        assert offline("policy", "can", "--batch", "-", f"--{flag}", "all.json").code == 2


def test_a_pipe_is_answered_line_by_line(offline: Program) -> None:
    """Each answer is there before the next question is asked; a bad line makes exit code 6."""
    good = {"id": "a", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/x"}
    case = {**good, "identity": [{"Statement": READ}]}
    with subprocess.Popen(
        [offline.path, "policy", "can", "--batch", "-"],
        env=dict(offline.environment),
        cwd=offline.directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line, expected in ((json.dumps(case), "allowed"), ("{", None)):
            process.stdin.write(f"{line}\n".encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline()).get("decision") == expected
        process.stdin.close()
        assert process.wait(timeout=30) == 6


def test_the_role_of_an_instance_is_judged(account: Account, spawn: Program) -> None:
    """Its policies are read from the account, and it asks as the instance's session does."""
    life = Life(spawn, account, "--iam-policy", "s3:ReadOnly@my-bucket", "--region", REGION)
    words = ("policy", "can", life.id, "s3:GetObject", "arn:aws:s3:::my-bucket/x")
    found = spawn(*words, "--region", REGION, "-o", "json")
    assert found.code == 0, found.stderr
    assert found.document()["principal"].endswith(f"/{life.id}")
    other = spawn(*words[:-1], "arn:aws:s3:::other/x", "--region", REGION)
    assert other.code == 3


def test_what_may_not_be_read_is_not_taken_for_allowed(account: Account, spawn: Program) -> None:
    """A policy behind a denial makes the answer unknown, with its own exit code."""
    iam = account.client("iam")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=TRUST)
    document = json.dumps({"Version": "2012-10-17", "Statement": READ})
    iam.put_role_policy(RoleName="worker", PolicyName="a", PolicyDocument=document)
    keys = user_keys(account, "carl", "iam:GetRolePolicy")
    words = ("policy", "can", f"arn:aws:iam::{ACCOUNT}:role/worker", "s3:GetObject")
    found = spawn(*words, "arn:aws:s3:::b/x", "--region", REGION, **keys)
    assert found.code == 4, found.stdout
    assert "UNKNOWN" in found.stdout
    assert "iam:GetRolePolicy" in found.stdout


def test_online_the_simulator_decides(account: Account, spawn: Program, home: Path) -> None:
    """Of a file and a user AWS's answer is shown, beside spawn's, and makes the exit code."""
    home.joinpath("p.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": READ}))
    words = ("s3:GetObject", "arn:aws:s3:::b/x", "--region", REGION, "--online")
    agreed = spawn("policy", "can", str(home / "p.json"), *words, "-o", "json")
    assert agreed.code == 0, agreed.stderr
    found = agreed.document()
    assert (found["decision"], found["own"], found["differs"]) == ("allowed", "allowed", False)
    assert found["online"]["matched"] == ["PolicyInputList.1 (IAM Policy)"]
    user_keys(account, "carl")
    account.set_switches(
        service_control_policies=[[{"Statement": {**READ, "Action": "iam:*", "Resource": "*"}}]]
    )
    told = spawn("policy", "can", "carl", *words)
    assert told.code == 3, told.stderr
    assert "DENIED (implicitDeny), says AWS" in told.stdout
    assert "ALLOWED (allowed)" in told.stdout
    assert "the organisation's policies don't allow it; spawn: allowed" in told.stdout
    home.joinpath("none.json").write_text(json.dumps({"Statement": {**READ, "Action": "sqs:*"}}))
    bounds = ("--boundary", str(home / "none.json"))
    bounded = spawn("policy", "can", str(home / "p.json"), *words, *bounds)
    assert bounded.code == 3, bounded.stderr
    assert "DENIED (implicitDeny), says AWS" in bounded.stdout
    both = spawn("policy", "can", "--batch", "-", "--online")
    assert both.code == 2
