"""`spawn policy lint`: files without AWS, and what a role has in it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.integration.launch.account import ACCOUNT, REGION, Account
from tests.integration.launch.conftest import account, control_plane, proxy, spawn
from tests.integration.lifecycle.lives import user_keys
from tests.tools.programs import PROGRAMS, Program, clean_environment

__all__ = ["account", "control_plane", "proxy", "spawn"]

STATEMENT = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b/*"}
BAD = json.dumps({"Version": "2012-10-17", "Statement": STATEMENT})
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}},
    }
)


@pytest.fixture
def offline(home: Path) -> Program:
    """A person's `spawn` without credentials, region or network."""
    environment = clean_environment(home)
    return Program(path=PROGRAMS / "spawn", environment=environment, directory=home)


def test_a_file_is_told_and_mended_in_place(offline: Program, home: Path) -> None:
    """Findings end with exit code 3 and stand in SARIF; mending keeps the mode, and ends with 0."""
    path = home / "p.json"
    path.write_text(BAD)
    path.chmod(0o640)
    found = offline("policy", "lint", "p.json", "-o", "sarif")
    assert found.code == 3, found.stderr
    (run,) = found.document()["runs"]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("action-resource-mismatch", "error")
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "p.json"
    assert place["region"] == {"startLine": 1, "startColumn": BAD.index('"s3:List') + 1}
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    [fix] = result["fixes"]
    [change] = fix["artifactChanges"]
    [replacement] = change["replacements"]
    region = replacement["deletedRegion"]
    assert (region["startLine"], region["endLine"]) == (1, 1)
    before, behind = BAD[: region["startColumn"] - 1], BAD[region["endColumn"] - 1 :]
    by_sarif = before + replacement["insertedContent"]["text"] + behind
    mended = offline("policy", "lint", "--fix", "p.json")
    assert mended.code == 0, mended.stdout
    assert path.read_text() == BAD.replace(
        '"arn:aws:s3:::b/*"', '["arn:aws:s3:::b/*", "arn:aws:s3:::b"]'
    )
    assert path.read_text() == by_sarif
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_pipe_is_mended_through(offline: Program) -> None:
    """With `-` the mended policy alone is on stdout, and what remains is harmless on a terminal."""
    text = BAD.replace("Version", "Sid\\u001b[2J").replace('"2012', '"2012').encode() + b"\n"
    done = subprocess.run(
        [offline.path, "policy", "lint", "--fix", "-"],
        input=text,
        env=dict(offline.environment),
        cwd=offline.directory,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 3
    assert json.loads(done.stdout)["Version"] == "2012-10-17"
    assert b"\\x1b[2J" in done.stderr
    assert b"\x1b" not in done.stderr


def test_what_a_role_has_is_told(account: Account, spawn: Program) -> None:
    """Inline and managed policies and the trust are read; what can't be read is said as well."""
    iam = account.client("iam")
    iam.create_role(RoleName="linted", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="linted", PolicyName="mine", PolicyDocument=BAD)
    managed = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam.attach_role_policy(RoleName="linted", PolicyArn=managed)
    found = spawn("policy", "lint", "linted", "--region", REGION, "-o", "json")
    assert found.code == 3, found.stderr
    rules = {
        (each["name"].partition(": ")[2], finding["rule"])
        for each in found.document()["policies"]
        for finding in each["findings"]
    }
    assert rules == {
        ("mine", "action-resource-mismatch"),
        (managed, "broad-managed-policy"),
        ("its trust policy", "public-access"),
    }
    iam.update_assume_role_policy(
        RoleName="linted", PolicyDocument=TRUST.replace('"*"', f'"{ACCOUNT}"')
    )
    iam.detach_role_policy(RoleName="linted", PolicyArn=managed)
    keys = user_keys(account, "lena", "iam:GetRolePolicy")
    role = f"arn:aws:iam::{ACCOUNT}:role/linted"
    unread = spawn("policy", "lint", role, "--region", REGION, **keys)
    assert unread.code == 4, unread.stdout
    assert "not read: iam:GetRolePolicy" in unread.stdout


def test_online_aws_is_heard_beside_spawn(account: Account, spawn: Program, home: Path) -> None:
    """What both find, what AWS alone does and what spawn alone does are told apart."""
    path = home / "p.json"
    action = {"Effect": "Allow", "Action": ["s3:GetObjekt", "s3:ListBucket"]}
    text = json.dumps({"Statement": [{**action, "Resource": "arn:aws:s3:::b/*"}]})
    path.write_text(text)
    words = ("policy", "lint", str(path), "--online", "--region", REGION)
    found = spawn(*words, "-o", "json")
    assert found.code == 3, found.stderr
    [compared] = found.document()["online"]
    assert [
        (each["aws"]["code"], [own["rule"] for own in each["own"]]) for each in compared["both"]
    ] == [
        ("MISSING_VERSION", ["missing-version"]),
        ("INVALID_ACTION", ["unknown-action"]),
    ]
    assert [each["rule"] for each in compared["only_own"]] == ["action-resource-mismatch"]
    column = text.index('"s3:GetObjekt"') + 1
    assert compared["both"][1]["aws"]["place"]["column"] == column
    told = spawn(*words)
    assert f"p.json:1:{column}: AWS as well as unknown-action: ERROR" in told.stdout
    assert "spawn alone: action-resource-mismatch (1:" in told.stdout
    right = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": right}))
    agreed = spawn(*words)
    assert agreed.code == 0, agreed.stderr
    assert "p.json: AWS finds nothing either" in agreed.stdout


def test_online_awss_findings_count(account: Account, spawn: Program, home: Path) -> None:
    """What AWS alone warns of ends with exit code 3, and stands in SARIF under AWS's code.

    A boundary grants nothing, so that spawn lets it reach far; AWS takes it for what it looks like.
    """
    path = home / "p.json"
    statement = {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": statement}))
    words = ("policy", "lint", str(path), "--kind", "boundary", "--region", REGION)
    assert spawn(*words).code == 0
    found = spawn(*words, "--online", "-o", "sarif")
    assert found.code == 3, found.stderr
    [run] = found.document()["runs"]
    [result] = run["results"]
    code = "access-analyzer/PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE"
    assert (result["ruleId"], result["level"]) == (code, "warning")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == code
    assert "AWS alone: SECURITY_WARNING" in spawn(*words, "--online").stdout


def test_online_reads_what_a_role_has(account: Account, spawn: Program) -> None:
    """Each policy is asked about as what it is; AWS's own, which nobody can mend, are not."""
    iam = account.client("iam")
    iam.create_role(RoleName="asked", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="asked", PolicyName="mine", PolicyDocument=BAD)
    managed = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam.attach_role_policy(RoleName="asked", PolicyArn=managed)
    found = spawn("policy", "lint", "asked", "--online", "--region", REGION, "-o", "json")
    assert found.code == 3, found.stderr
    names = [each["name"].partition(": ")[2] for each in found.document()["online"]]
    assert names == ["mine", "its trust policy"]
    assert all(each["only_aws"] == [] for each in found.document()["online"])


def test_online_needs_one_permission(account: Account, spawn: Program, home: Path) -> None:
    """Without it the action is named, and a file is not called right."""
    path = home / "p.json"
    path.write_text(BAD)
    keys = user_keys(account, "lena", "access-analyzer:ValidatePolicy")
    found = spawn("policy", "lint", str(path), "--online", "--region", REGION, **keys)
    assert found.code == 4, found.stdout
    assert "denies access-analyzer:ValidatePolicy" in found.stderr
