"""What `spawn permissions` prints is what a command needs; with less, the command says so."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spawn.aws.door import WritingDoor
from spawn.aws.perform import Performer
from spawn.aws.questions import Asker
from spawn.cli.wiring import SystemClock
from spawn.iam.permissions.commands import ADMINISTRATION, NEEDS
from spawn.iam.permissions.policy import Variant
from spawn.lifecycle.account_facts import read_account
from spawn.lifecycle.cleanup import cleanup, plan_cleanup
from spawn.lifecycle.leftover import CleanupScope
from tests.integration.iam.conftest import Person, printed, without
from tests.integration.launch.account import ACCOUNT, REGION, Account
from tests.tools.sessions import session_at

MakePerson = Callable[[str], Person]
FINDS = 3
DENIED = "is not authorized to perform"
BUCKET = "s3:ReadOnly@my-bucket"
NOISE = random.Random(5)
# Longer than user-data, however well it is packed.
SCRIPT = "#!/bin/sh\n" + "".join(f": {NOISE.getrandbits(240):x}\n" for _ in range(700))
# Only where an instance really runs (`tests/e2e/test_no_drift.py`), or something is broken, is
# there cause for these: the tests of connections, of names in DNS, of networks and of backstops
# call each of them.
OF_OTHER_TESTS = frozenset(
    {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "ec2-instance-connect:SendSSHPublicKey",
        "ec2:DescribeManagedPrefixLists",
        "ec2:GetManagedPrefixListEntries",
        "ec2:RevokeSecurityGroupEgress",
        "logs:FilterLogEvents",
        "route53:ChangeResourceRecordSets",
        "ssm:DescribeInstanceInformation",
        "ssm:StartSession",
        "ssm:TerminateSession",
        "sts:DecodeAuthorizationMessage",
    }
)


class Story:
    """A person whose every command is allowed what is printed for it, and nothing else."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.called: set[str] = set()

    def __call__(self, command: str, *words: str, code: int = 0) -> str:
        """Run a command under its own policy; what it printed. `code` is what it ends with."""
        self.person.may(*printed(command))
        finished, calls = self.person(*command.split(), *words)
        assert finished.code == code, finished.stderr
        assert DENIED not in finished.stdout + finished.stderr
        assert calls <= {need.operation for need in NEEDS[command]}, command
        self.called |= calls
        return finished.stdout.strip()


@pytest.fixture
def alice(person: MakePerson) -> Person:
    return person("alice")


def remove_all(person: Person, config: Path) -> int:
    """Clean up as the person would in two days; how much was removed."""
    keys = (person.keys["AWS_ACCESS_KEY_ID"], person.keys["AWS_SECRET_ACCESS_KEY"])
    session = session_at(person.proxy.url, config, region=REGION, keys=keys)
    door = WritingDoor(session)
    with ThreadPoolExecutor(max_workers=16) as pool:
        facts = read_account(Asker(door, pool), (REGION,), home_region=REGION)
        scope = CleanupScope(
            owner=person.name, now=datetime.now(UTC) + timedelta(days=2), home_region=REGION
        )
        plan = plan_cleanup(facts, scope)
    removals = cleanup(plan, Performer(writer=door, clock=SystemClock()))
    assert [one for one in removals if not one.removed] == []
    return len(removals)


def hosted_zone(account: Account) -> str:
    """Make one; its id."""
    route53 = account.client("route53")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="once")
    return str(zone["HostedZone"]["Id"]).rpartition("/")[2]


def stored(account: Account, key: str) -> tuple[str, ...]:
    """Keep a secret and a parameter; the words of a launch that is given them."""
    account.client("secretsmanager").create_secret(Name="db", SecretString="x", KmsKeyId=key)
    account.client("ssm").put_parameter(Name="/token", Value="x", Type="SecureString")
    return ("--secret", "DB=secretsmanager:db", "--secret", "TOKEN=ssm:/token")


def words_of_a_day(
    plain: str, rich: str, sleeper: str, secrets: tuple[str, ...]
) -> tuple[tuple[str, ...], ...]:
    """Commands for three instances, in an order in which each has something to do."""
    return (
        ("list",),
        ("status", rich),
        ("network allow", plain, "--from", "203.0.113.99/32", "--yes"),
        ("extend", plain, "1h", "--no-wait", "--yes"),
        ("stop", plain, "--yes"),
        ("start", plain, "--yes"),
        ("hibernate", sleeper, "--yes"),
        ("hold", rich, "--reason", "odd"),
        ("unhold", rich, "--reason", "harmless", "--yes"),
        ("logs", plain, "--source", "console"),
        ("ssh-config",),
        ("config", "show", "--organisation"),
        ("doctor",),
        ("ssh-ca init", "--kms", "--yes"),
        ("ssh-ca sign",),
        ("ssh-ca revoke", "5", "--yes"),
        ("ssh-ca status",),
        ("policy show", rich),
        ("policy lint", rich, "--online"),
        ("policy can", rich, "s3:GetObject", "arn:aws:s3:::my-bucket/key"),
        ("policy diff", rich, BUCKET),
        ("policy rightsize", rich),
        ("policy install", BUCKET, "sqs:ReadOnly@other", "--owner", "bob", *secrets, "--yes"),
        ("key create",),
        ("key list",),
        ("key rotate", "--yes"),
        ("cancel", plain, rich, sleeper, "--yes"),
        ("cleanup", "--yes"),
    )


def all_rows() -> set[str]:
    """The operations of all commands but an administrator's."""
    return {
        need.operation
        for command, needs in NEEDS.items()
        if command not in ADMINISTRATION
        for need in needs
    }


def test_every_command_works_with_what_is_printed_for_it(
    alice: Person, account: Account, home: Path
) -> None:
    """Each command runs, calls nothing outside of its row, and no row is there for nothing."""
    spawn = Story(alice)
    zone_id = hosted_zone(account)
    key = account.client("kms").create_key()["KeyMetadata"]["KeyId"]
    script = home / "script"
    script.write_text(SCRIPT)
    plan = home / "plan.json"
    plain = spawn("launch", "-o", "ids")
    attached = ("--iam-managed-policies", "AmazonSQSReadOnlyAccess", "--ship-logs")
    named = ("--dns-name", "box.example.com", "--dns-zone", "example.com")
    by_id = ("--dns-name", "two.example.com", "--dns-zone", zone_id)
    rich = spawn("launch", "--iam-policy", BUCKET, *attached, *named, "-o", "ids")
    profile = account.roles()[0]
    spawn("launch", "--spot", "--kms-key-id", key, "--user-data-file", str(script), *by_id)
    spawn("launch", "--iam-role", profile, "--on-expiry", "stop")
    secrets = stored(account, key)
    spawn("launch", *secrets)
    plan.write_text(spawn("launch", "--hibernation", "--dry-run", "-o", "json"))
    sleeper = spawn("apply", str(plan), "-o", "ids")
    for command, *words in words_of_a_day(plain, rich, sleeper, secrets):
        spawn(command, *words)
    ec2 = account.client("ec2")
    living = [one.instance_id for one in account.billable()]
    ec2.terminate_instances(InstanceIds=living)
    spawn("key prune", "--yes")
    alice.may(*printed("cleanup"))
    alice.proxy.forget()
    assert remove_all(alice, home / "config") > 3
    spawn.called |= {each.call.key for each in alice.proxy.records}
    assert all_rows() - spawn.called == OF_OTHER_TESTS


def test_the_doctor_sees_what_protects_data(alice: Person, account: Account) -> None:
    """With what is printed for it nothing of spawn's bucket or of a key is UNKNOWN."""
    key = account.client("kms").create_key()["KeyMetadata"]["KeyId"]
    account.client("s3").create_bucket(Bucket=f"spawn-binaries-{ACCOUNT}-{REGION}")
    found = Story(alice)("doctor", "--data", "--key", key, code=FINDS)
    assert "encryption " in found
    assert "key-use " in found
    assert "UNKNOWN" not in found


OPTIONAL = (
    ("pricing:GetProducts", "unknown"),
    ("ssm:GetParameter", "whether your organisation has defaults can't be seen"),
    ("dynamodb:DescribeTable", "spawn-instances"),
    ("ec2:DescribeVolumes", "ec2:DescribeVolumes was refused"),
    ("secretsmanager:DescribeSecret", "whether secretsmanager:db is there can't be seen"),
    ("ssm:DescribeParameters", "whether ssm:/token is there can't be seen"),
)


def test_a_launch_does_without_what_it_can_do_without(alice: Person, account: Account) -> None:
    """Without price, organisation, registry, secrets and a look back it launches, and says so."""
    policies = printed("launch")
    for action, _ in OPTIONAL:
        policies = without(policies, action)
    alice.may(*policies)
    key = account.client("kms").create_key()["KeyMetadata"]["KeyId"]
    finished, _ = alice("launch", *stored(account, key))
    assert finished.code == 0, finished.stderr
    for action, says in OPTIONAL:
        assert says in finished.stdout + finished.stderr, action
    assert [one.ends_twice_over for one in account.billable()] == [True]


def test_whoever_only_passes_roles_uses_what_was_installed(
    alice: Person, person: MakePerson
) -> None:
    """Without its roles a launch names what an administrator types; with them it makes none."""
    alice.may(*printed("launch", variant=Variant.PASS_ONLY, owner="alice"))
    words = ("--iam-policy", BUCKET)
    refused, _ = alice("launch", *words)
    assert refused.code == 4, refused.stderr
    wanted = f"spawn policy install --region {REGION} --iam-policy {BUCKET} --owner alice"
    assert wanted in refused.stderr
    administrator = person("root")
    administrator.may(*printed("policy install"))
    installed, _ = administrator(*wanted.split()[1:], "--yes")
    assert installed.code == 0, installed.stderr
    again, calls = administrator(*wanted.split()[1:], "--yes")
    assert again.code == 0, again.stderr
    assert not any(key.startswith(("iam:Create", "iam:Put", "iam:A")) for key in calls)
    launched, calls = alice("launch", *words)
    assert launched.code == 0, launched.stderr
    assert not any(key.startswith(("iam:Create", "iam:Put", "iam:A")) for key in calls)
