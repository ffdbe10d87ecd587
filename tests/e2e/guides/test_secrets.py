"""The guides' recipes for secrets, as they are written there, and what comes of their slips."""

import base64
import gzip
import uuid

import pytest

from tests.e2e.boxes import Box, client, launched
from tests.e2e.guides.account import Desk

pytestmark = pytest.mark.e2e

# It looks like a key, and is none.
CANARY = "sk-abc123xyz789"
# What stands between is what the guides' application would do.
APPLICATION = 'printf "%s" "$API_KEY" | wc -c; printf "%s" "$API_KEY" >/root/seen'


def stored(desk: Desk, service: str) -> str:
    """Store the secret with the guide's own command; its name, one of its own for each test."""
    name = f"/myapp/{uuid.uuid4()}"
    command = {
        "secretsmanager": f"aws secretsmanager create-secret --name {name} "
        f'--secret-string "{CANARY}"',
        "ssm": f"aws ssm put-parameter --name {name} --value {CANARY} --type SecureString",
    }
    desk.shell(command[service])
    return name


def recipe(service: str, name: str) -> str:
    """The guide's script, escaped as it is there: the instance is what runs the command."""
    command = {
        "secretsmanager": f"""aws secretsmanager get-secret-value \\
      --secret-id {name} \\
      --query SecretString \\
      --output text""",
        "ssm": f"""aws ssm get-parameter \\
      --name {name} \\
      --with-decryption \\
      --query Parameter.Value \\
      --output text""",
    }
    return f"""
    API_KEY=$({command[service]})
    export API_KEY
    {APPLICATION}
  """


@pytest.mark.parametrize("service", ["secretsmanager", "ssm"])
def test_a_recipe_works_as_it_is_written(desk: Desk, service: str) -> None:
    """With the guide's policy the script has the value; nobody who describes the instance does."""
    name = stored(desk, service)
    words = ("--iam-policy", f"{service}:ReadOnly", "--user-data", recipe(service, name))
    with launched(desk.spawn, desk.cloud, *words) as box:
        console = box.await_console("finished at", seconds=60)
        assert f"\n{len(CANARY)}\n" in console
        assert box.sh("sudo cat /root/seen") == CANARY
        assert CANARY not in console + user_data(box)


@pytest.mark.parametrize("service", ["secretsmanager", "ssm"])
def test_without_its_policy_a_recipe_says_what_to_add(desk: Desk, service: str) -> None:
    """It is told at the launch already; AWS's denial is on the console, and `logs` says what helps.

    The role is there for something else: without one, the script finds no credentials.
    """
    name = stored(desk, service)
    script = recipe(service, name)
    action = {"secretsmanager": "GetSecretValue", "ssm": "GetParameter"}[service]
    offered = f"--iam-policy {service}:ReadOnly@{name}"
    planned = desk.spawn("launch", "--user-data", script, "--dry-run")
    assert f"{offered} allows it" in planned.stdout
    assert f"--secret API_KEY={service}:{name} fetches it" in planned.stdout
    words = ("--iam-policy", "sqs:ReadOnly", "--user-data", script)
    with launched(desk.spawn, desk.cloud, *words) as box:
        console = box.await_console("finished at", seconds=60)
        assert f"is not authorized to perform: {service}:{action}" in console
        logs = desk.spawn("logs", box.id, "--region", "us-east-1", "--source", "console")
    assert f"AWS denied its role {service}:{action}" in logs.stderr
    assert offered in logs.stderr
    assert f"--secret NAME={service}:" in logs.stderr


def test_the_hardcoded_example_and_the_expanded_one_are_refused(desk: Desk) -> None:
    """Both put the secret itself into user-data; the refusal offers `--secret` in its place."""
    name = stored(desk, "secretsmanager")
    hardcoded = f"\n  export API_KEY={CANARY}\n  python app.py\n"
    expanded = desk.shell(f'printf "%s" "{recipe("secretsmanager", name)}"')
    assert CANARY in expanded
    for text in (hardcoded, expanded):
        refused = desk.spawn("launch", "--user-data", text)
        assert refused.code == 3
        assert "SECRET-IN-USER-DATA" in refused.stderr
        assert "=secretsmanager:" in refused.stderr
        assert CANARY not in refused.stderr + refused.stdout


def test_what_the_refusal_offers_works(desk: Desk) -> None:
    """`--secret` gives the same workload its key, in a file, with a role that reads it alone."""
    name = stored(desk, "secretsmanager")
    script = 'wc -c <"$API_KEY_FILE"; echo "variable: ${API_KEY-none}"\n'
    words = ("--secret", f"API_KEY=secretsmanager:{name}", "--user-data", script)
    with launched(desk.spawn, desk.cloud, *words) as box:
        console = box.await_console("finished at", seconds=60)
        assert f"\n{len(CANARY)}\n" in console
        assert "variable: none" in console
        assert CANARY not in console + user_data(box)
        iam = client(desk.cloud, "iam")
        role = box.described()["IamInstanceProfile"]["Arn"].rpartition("/")[2]
        policy = iam.get_role_policy(RoleName=role, PolicyName="spawn")["PolicyDocument"]
    (statement,) = policy["Statement"]
    assert statement["Action"] == ["secretsmanager:GetSecretValue"]
    assert f":secret:{name}-" in str(statement["Resource"])


def user_data(box: Box) -> str:
    """What whoever may describe the instance reads of its user-data, unpacked."""
    shown = client(box.cloud, "ec2").describe_instance_attribute(
        InstanceId=box.id, Attribute="userData"
    )
    return unpacked(shown["UserData"]["Value"])


def unpacked(text: str) -> str:
    """User-data as text, with base64 and gzip taken off."""
    return gzip.decompress(base64.b64decode(text)).decode()
