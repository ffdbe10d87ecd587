"""What the guides warn of is refused by default, with the reason and the way on."""

import uuid

import pytest

from tests.e2e.boxes import client, launched
from tests.e2e.guides.account import Desk
from tests.tools.programs import Finished, run

pytestmark = pytest.mark.e2e

# It looks like a key, and is none.
CANARY = "sk-abc123xyz789"
SECRET_IN_USER_DATA = f"""
  export API_KEY={CANARY}
  python app.py
"""
BROAD = ("--iam-policy", "s3:FullAccess,dynamodb:FullAccess")


def script_of(command: str) -> str:
    """A script that reads a secret by a command, as the guides write it."""
    return f"""
    API_KEY=$({command})
    export API_KEY
    python app.py
  """


def instances(desk: Desk) -> set[str]:
    """The ids of all instances there have ever been."""
    found = client(desk.cloud, "ec2").describe_instances()["Reservations"]
    return {each["InstanceId"] for one in found for each in one["Instances"]}


@pytest.mark.parametrize(
    ("words", "control", "evidence"),
    [
        (BROAD, "IAM-WILDCARD", "every action of dynamodb"),
        (("--iam-policy", "s3:FullAccess"), "IAM-WILDCARD", "every action of s3"),
        (("--user-data", SECRET_IN_USER_DATA), "SECRET-IN-USER-DATA", "API_KEY"),
    ],
    ids=["all of two services", "all of one", "a secret"],
)
def test_it_is_refused(desk: Desk, words: tuple[str, ...], control: str, evidence: str) -> None:
    """Exit code 3, the control, what it saw, what to write instead; and nothing is made."""
    before = instances(desk)
    refused = desk.spawn("launch", *words)
    assert refused.code == 3
    assert control in refused.stderr
    assert evidence in refused.stderr
    assert f"--allow {control} --reason" in refused.stderr
    assert CANARY not in refused.stderr + refused.stdout
    assert instances(desk) == before


@pytest.mark.parametrize("service", ["secretsmanager", "ssm"])
def test_a_secret_that_the_laptop_read_is_refused(desk: Desk, service: str) -> None:
    """In double quotes the shell here runs the command: the secret itself is what arrives."""
    name, command = _stored(desk, service)
    line = f'spawn launch --iam-policy {service}:ReadOnly --user-data "{script_of(command)}"'
    refused = _typed(desk, line)
    assert refused.code == 3
    assert "SECRET-IN-USER-DATA" in refused.stderr
    assert "your own shell" in refused.stderr
    assert CANARY not in refused.stderr + refused.stdout
    # With the dollar sign escaped, as the other guide has it, the instance is what runs it.
    accepted = _typed(desk, f"{line.replace('$(', chr(92) + '$(')} -o ids")
    assert accepted.code == 0, accepted.stderr
    ended = desk.spawn("cancel", accepted.stdout.strip(), "--yes", "--region", "us-east-1")
    assert ended.code == 0, ended.stderr
    assert name in command


def test_open_warns_instead(desk: Desk) -> None:
    """At the level `open` the same launch is made, and the control's finding is a warning."""
    with launched(desk.spawn, desk.cloud, *BROAD, "--security", "open") as box:
        findings = {each["control"]: each for each in box.document["instances"][0]["findings"]}
    assert findings["IAM-WILDCARD"]["disposition"] == "warned"


def test_a_waiver_lets_one_control_pass(desk: Desk) -> None:
    """With its id and a reason a control is waived for this launch, and the record says so."""
    reason = f"a test key {uuid.uuid4()}"
    words = ("--user-data", SECRET_IN_USER_DATA, "--allow", "SECRET-IN-USER-DATA")
    missing = desk.spawn("launch", *words)
    assert missing.code == 2
    assert "--reason" in missing.stderr
    with launched(desk.spawn, desk.cloud, *words, "--reason", reason) as box:
        findings = {each["control"]: each for each in box.document["instances"][0]["findings"]}
        waived = findings["SECRET-IN-USER-DATA"]
        assert (waived["disposition"], waived["waiver"]["reason"]) == ("waived", reason)
        key = {"instance_id": {"S": box.id}, "record": {"S": "LAUNCH"}}
        item = client(desk.cloud, "dynamodb").get_item(TableName="spawn-instances", Key=key)
    assert reason in str(item["Item"])
    assert CANARY not in str(item["Item"])


def _stored(desk: Desk, service: str) -> tuple[str, str]:
    """Store the secret as the guides do; its name, and the command that reads it."""
    name = f"/myapp/{uuid.uuid4()}"
    if service == "ssm":
        words = ("ssm", "put-parameter", "--name", name, "--value", CANARY)
        stored = desk.aws(*words, "--type", "SecureString")
        command = (
            f"aws ssm get-parameter --name {name} --with-decryption --query Parameter.Value"
            " --output text"
        )
    else:
        words = ("secretsmanager", "create-secret", "--name", name, "--secret-string", CANARY)
        stored = desk.aws(*words)
        command = (
            f"aws secretsmanager get-secret-value --secret-id {name} --query SecretString"
            " --output text"
        )
    assert stored.code == 0, stored.stderr
    return name, command


def _typed(desk: Desk, line: str) -> Finished:
    return run(("/bin/sh", "-c", line), environment=desk.spawn.environment, directory=desk.home)
