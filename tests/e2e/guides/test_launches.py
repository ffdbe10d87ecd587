"""Every launch of the user guides, as it is written there, makes what it says."""

from typing import Any

import pytest

from tests.e2e.boxes import launched
from tests.e2e.guides.account import Desk, facts_of

pytestmark = pytest.mark.e2e

INSTALL_LOG_AGENT = """
  # the log agent, from the distribution's packages
  sudo yum install -y amazon-cloudwatch-agent

  sudo /opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl \\
    -a fetch-config \\
    -m ec2 \\
    -s \\
    -c file:/opt/aws/amazon-cloudwatch-agent/etc/config.json
"""
TRUST_USER_CA = """
  echo '{ca}' | sudo tee -a /etc/ssh/ca-keys.pub
  echo 'TrustedUserCAKeys /etc/ssh/ca-keys.pub' | sudo tee -a /etc/ssh/sshd_config
  sudo systemctl restart sshd
"""
PASSWORD_BY_NAME = """
  export DATABASE_PASSWORD=$DB_PASSWORD
  python app.py
"""

# A name, the words after `spawn launch`, and what is so of the instance then.
LAUNCHES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "a policy file": (
        ("--iam-policy-file", "{policy}"),
        {
            "actions": frozenset(
                {"s3:GetObject", "s3:PutObject", "dynamodb:PutItem", "dynamodb:GetItem"}
            )
        },
    ),
    "write-only templates": (
        ("--iam-policy", "s3:WriteOnly,logs:WriteOnly"),
        {
            "actions": frozenset(
                {
                    "s3:PutObject",
                    "logs:CreateLogGroup",
                    "logs:CreateLogStream",
                    "logs:PutLogEvents",
                }
            )
        },
    ),
    "one's own group": (("--security-groups", "{group}"), {"groups": ["{group}"], "public": True}),
    "a private subnet": (
        ("--subnet", "{private}", "--no-public-ip", "--security-groups", "{group}"),
        {"subnet": "{private}", "public": False, "groups": ["{group}"]},
    ),
    "encrypted volumes": (("--encrypt-volumes",), {"encrypted": True}),
    "a customer key": (
        ("--encrypt-volumes", "--kms-key-id", "{kms}"),
        {"encrypted": True, "kms": "{kms}"},
    ),
    "a customer key by its ARN": (
        ("--encrypt-volumes", "--kms-key-id", "arn:aws:kms:us-east-1:123456789012:key/{kms}"),
        {"encrypted": True, "kms": "{kms}"},
    ),
    "a log agent": (("--user-data", INSTALL_LOG_AGENT), {"public": True}),
    "a certificate authority for SSH": (("--user-data", TRUST_USER_CA), {"public": True}),
    "a password by its name": (("--user-data", PASSWORD_BY_NAME), {"public": True}),
    "another key pair": (("--key-pair", "{key_pair}"), {"key_pair": "{key_pair}"}),
    "tokens and hops": (
        ("--metadata-options", "HttpTokens=required,HttpPutResponseHopLimit=1"),
        {"tokens": "required", "hops": 1},
    ),
    "tokens": (("--metadata-options", "HttpTokens=required"), {"tokens": "required"}),
    "HIPAA": (
        (
            *("--encrypt-volumes", "--kms-key-id", "{kms}", "--iam-policy", "s3:ReadOnly@phi"),
            *("--no-public-ip", "--subnet", "{private}"),
            *("--tags", "compliance=hipaa,data-class=phi"),
        ),
        {
            "encrypted": True,
            "kms": "{kms}",
            "public": False,
            "subnet": "{private}",
            "actions": frozenset({"s3:GetObject", "s3:ListBucket"}),
        },
    ),
    "PCI DSS": (
        (
            *("--vpc", "{vpc}", "--subnet", "{private}", "--security-groups", "{group}"),
            *("--encrypt-volumes", "--tags", "compliance=pci-dss,cardholder-data=yes"),
        ),
        {"vpc": "{vpc}", "subnet": "{private}", "groups": ["{group}"], "encrypted": True},
    ),
}


@pytest.mark.parametrize("name", LAUNCHES)
def test_a_launch_makes_what_it_says(desk: Desk, name: str) -> None:
    """The instance is, read back from AWS, what the flags ask for."""
    words, expected = LAUNCHES[name]
    with launched(desk.spawn, desk.cloud, *desk.filled(words)) as box:
        facts = facts_of(box)
    for what, value in expected.items():
        assert facts[what] == _filled(desk, value), what


def test_read_only_templates_read(desk: Desk) -> None:
    """Two read-only templates together allow reading, and nothing that writes."""
    words = ("--iam-policy", "s3:ReadOnly,dynamodb:ReadOnly")
    with launched(desk.spawn, desk.cloud, *words) as box:
        actions = facts_of(box)["actions"]
    assert {"s3:GetObject", "s3:ListBucket", "dynamodb:GetItem"} <= actions
    assert {"dynamodb:Query", "dynamodb:Scan"} <= actions
    assert not [one for one in actions if "Put" in one or "Delete" in one or "*" in one]


def test_tags_reach_instance_and_registry(desk: Desk) -> None:
    """The tags of a launch are the instance's, and the registry's index finds it by its owner."""
    tags = "owner=alice,project=ml-research,classification=internal,data-class=confidential"
    with launched(desk.spawn, desk.cloud, "--tags", tags) as box:
        assert {"owner": "alice", "data-class": "confidential"}.items() <= facts_of(box)[
            "tags"
        ].items()
        found = desk.aws(
            *("dynamodb", "query", "--table-name", "spawn-instances", "--index-name", "tag-index"),
            "--key-condition-expression",
            "tag_key = :key AND tag_value = :value",
            "--expression-attribute-values",
            '{":key": {"S": "owner"}, ":value": {"S": "alice"}}',
            *("--query", "Items[].instance_id.S", "--output", "json"),
        )
        assert box.id in found.document()


def _filled(desk: Desk, value: object) -> object:
    match value:
        case str():
            return desk.filled([value])[0]
        case list():
            return list(desk.filled(value))
        case _:
            return value
