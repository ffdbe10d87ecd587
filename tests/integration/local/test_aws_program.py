"""The locked `aws` program does with the embedded cloud what people do with AWS."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.integration.local.conftest import Account
from tests.tools.programs import PROGRAMS, Program


@pytest.fixture
def plain_aws(account: Account, home: Path) -> Program:
    """`aws` of a person whose environment is the cloud's."""
    environment = account.cloud.environment(home)
    return Program(path=PROGRAMS / "aws", environment=environment, directory=home)


def _out(program: Program, *words: str) -> str:
    finished = program(*words)
    assert finished.code == 0, finished.stderr
    return finished.stdout.strip()


def test_a_closed_group_in_the_usual_words(plain_aws: Program) -> None:
    """Create, authorise, revoke with the shorthand syntax; the group ends as asked."""
    group = _out(
        plain_aws,
        *("ec2", "create-security-group", "--group-name", "closed", "--description", "d"),
        *("--query", "GroupId", "--output", "text"),
    )
    rule = ("--group-id", group, "--protocol", "tcp")
    _out(
        plain_aws,
        *("ec2", "authorize-security-group-ingress", *rule),
        *("--port", "22", "--cidr", "203.0.113.10/32"),
    )
    _out(
        plain_aws,
        *("ec2", "authorize-security-group-egress", *rule, "--port", "443"),
        *("--cidr", "0.0.0.0/0"),
    )
    _out(
        plain_aws,
        *("ec2", "revoke-security-group-egress", "--group-id", group, "--ip-permissions"),
        "IpProtocol=-1,IpRanges=[{CidrIp=0.0.0.0/0}]",
    )
    query = "SecurityGroups[0].[IpPermissions[].FromPort, IpPermissionsEgress[].FromPort]"
    shown = _out(
        plain_aws,
        *("ec2", "describe-security-groups", "--group-ids", group),
        *("--query", query, "--output", "text"),
    )
    assert shown.split() == ["22", "443"]


def test_secrets_parameters_and_keys(plain_aws: Program) -> None:
    """What was put is got."""
    _out(
        plain_aws,
        *("secretsmanager", "create-secret", "--name", "app/key", "--secret-string", "one"),
    )
    _out(
        plain_aws,
        *("ssm", "put-parameter", "--name", "/app/key", "--value", "two"),
        *("--type", "SecureString"),
    )
    text = ("--output", "text", "--query")
    secret = ("secretsmanager", "get-secret-value", "--secret-id", "app/key")
    assert _out(plain_aws, *secret, *text, "SecretString") == "one"
    parameter = ("ssm", "get-parameter", "--name", "/app/key", "--with-decryption")
    assert _out(plain_aws, *parameter, *text, "Parameter.Value") == "two"
    assert _out(plain_aws, "kms", "create-key", *text, "KeyMetadata.KeyState") == "Enabled"


def test_objects_large_and_small(plain_aws: Program, home: Path) -> None:
    """A small file and one in several parts come back as they went."""
    _out(plain_aws, "s3", "mb", "s3://bucket")
    for size in (0, 5, 20_000_000):
        (home / "there").write_bytes(bytes(range(256)) * (size // 256) + b"x" * (size % 256))
        _out(plain_aws, "s3", "cp", "there", "s3://bucket/a b/+ü", "--no-progress")
        _out(plain_aws, "s3", "cp", "s3://bucket/a b/+ü", "back", "--no-progress")
        assert (home / "back").read_bytes() == (home / "there").read_bytes()


def test_a_table_is_queried(plain_aws: Program) -> None:
    """DynamoDB's table, item and query by the command line."""
    _out(
        plain_aws,
        *("dynamodb", "create-table", "--table-name", "instances"),
        *("--attribute-definitions", "AttributeName=id,AttributeType=S"),
        *("--key-schema", "AttributeName=id,KeyType=HASH", "--billing-mode", "PAY_PER_REQUEST"),
    )
    _out(
        plain_aws,
        *("dynamodb", "put-item", "--table-name", "instances"),
        *("--item", '{"id": {"S": "i-1"}}'),
    )
    count = _out(
        plain_aws,
        *("dynamodb", "query", "--table-name", "instances", "--key-condition-expression"),
        *("id = :i", "--expression-attribute-values", '{":i": {"S": "i-1"}}'),
        *("--query", "Count", "--output", "text"),
    )
    assert count == "1"


def test_prices_in_the_usual_words(plain_aws: Program) -> None:
    """A price by the documented filters, and the spot market's."""
    terms = {
        "instanceType": "t3.micro",
        "regionCode": "us-east-1",
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "capacitystatus": "Used",
        "preInstalledSw": "NA",
    }
    filters = [f"Type=TERM_MATCH,Field={key},Value={value}" for key, value in terms.items()]
    product = _out(
        plain_aws,
        *("pricing", "get-products", "--service-code", "AmazonEC2", "--region", "us-east-1"),
        *("--filters", *filters, "--query", "PriceList[]", "--output", "text"),
    )
    [offer] = json.loads(product)["terms"]["OnDemand"].values()
    [rate] = offer["priceDimensions"].values()
    assert rate["pricePerUnit"]["USD"] == "0.0104000000"
    spot = _out(
        plain_aws,
        *("ec2", "describe-spot-price-history", "--instance-types", "t3.micro"),
        *("--product-descriptions", "Linux/UNIX", "--max-items", "1"),
        *("--query", "SpotPriceHistory[].SpotPrice", "--output", "text"),
    )
    assert 0 < float(spot.split()[0]) < 0.0104


def test_ways_in_by_the_usual_words(account: Account, plain_aws: Program, home: Path) -> None:
    """A key sent to a running instance; no session with one that is not managed."""
    instance = account.launch()["InstanceId"]
    account.wait_for_state(instance, "running")
    make = ["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", str(home / "key")]
    subprocess.run(make, check=True, timeout=30)
    sent = _out(
        plain_aws,
        *("ec2-instance-connect", "send-ssh-public-key", "--instance-id", instance),
        *("--instance-os-user", "ec2-user", "--ssh-public-key", f"file://{home}/key.pub"),
        *("--query", "Success"),
    )
    assert sent == "true"
    listed = _out(
        plain_aws,
        *("ssm", "describe-instance-information", "--query", "InstanceInformationList"),
        *("--filters", f"Key=InstanceIds,Values={instance}"),
    )
    assert listed == "[]"
    refused = plain_aws("ssm", "start-session", "--target", instance)
    assert refused.code != 0
    assert f"(TargetNotConnected) when calling the StartSession operation: {instance}" in (
        refused.stderr
    )


def test_the_history_and_queues_in_the_usual_words(account: Account, plain_aws: Program) -> None:
    """A queue and a repository are made, used, and found again in CloudTrail's history.

    For SQS the program's first version takes its endpoint from nothing but its own flag.
    """
    text = ("--output", "text", "--query")
    sqs = ("sqs", "--endpoint-url", account.cloud.endpoint_url)
    url = _out(plain_aws, *sqs, "create-queue", "--queue-name", "work", *text, "QueueUrl")
    _out(plain_aws, *sqs, "send-message", "--queue-url", url, "--message-body", "hello")
    taken = _out(plain_aws, *sqs, "receive-message", "--queue-url", url, *text, "Messages[0].Body")
    assert taken == "hello"
    made = ("ecr", "create-repository", "--repository-name", "team/app")
    assert _out(plain_aws, *made, *text, "repository.repositoryName") == "team/app"
    found = _out(
        plain_aws,
        *("cloudtrail", "lookup-events", "--lookup-attributes"),
        *("AttributeKey=ReadOnly,AttributeValue=false", *text, "Events[].EventName"),
    )
    assert found.split() == ["CreateRepository", "CreateQueue"]
