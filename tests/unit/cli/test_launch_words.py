"""Every word of `spawn launch` into the field that it means."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest

from spawn.cli.launch import command
from spawn.cli.launch_words import LARGEST_FILE_BYTES, spec_of
from spawn.connect.ssh_ca.trust import SshTrust
from spawn.core.endings import End
from spawn.core.errors import InputError, NamedThingNotFound
from spawn.core.levels import Level
from spawn.images.catalog import OperatingSystem
from spawn.launch.spec import (
    Completion,
    EndAction,
    Idle,
    LaunchSpec,
    MetadataOptions,
    PreStop,
    Waiver,
)
from spawn.secrets.references import SecretReference, SecretService

REGION, PUBLIC_KEY = "eu-west-1", "ssh-ed25519 AAAA"
SSM, MANAGER = SecretService.SSM, SecretService.SECRETS_MANAGER
SECRET_A = SecretReference(name="A", service=SSM, id="/a")
SECRET_B = SecretReference(name="B", service=MANAGER, id="b", key="k")
SECRET_C = SecretReference(name="C", service=SSM, id="/c", in_environment=True)
# A field with the words that ask for it, and what it then is.
WORDS: tuple[tuple[str, list[str], Any], ...] = (
    ("instance_types", ["--instance-type", "t4g.nano"], ("t4g.nano",)),
    ("instance_types", ["--instance-type", "t4g.nano, t3.nano"], ("t4g.nano", "t3.nano")),
    ("os", ["--os", "debian-12"], OperatingSystem.DEBIAN_12),
    ("agent", ["--no-agent"], False),
    ("count", ["--count", "3"], 3),
    ("min_count", ["--min-count", "2"], 2),
    ("spot", ["--spot"], True),
    ("spot_max_price", ["--spot-max-price", "$0.05"], Decimal("0.05")),
    ("max_cost", ["--max-cost", "2"], Decimal(2)),
    ("ami", ["--ami", "ami-1"], "ami-1"),
    ("ami", ["--image-id", "ami-1"], "ami-1"),
    ("zones", ["--az", "eu-west-1b,eu-west-1a"], ("eu-west-1b", "eu-west-1a")),
    ("zones", ["--availability-zone", "eu-west-1b"], ("eu-west-1b",)),
    ("name", ["--name", "a box"], "a box"),
    ("ttl", ["--ttl", "1d12h"], timedelta(hours=36)),
    ("security", ["--security", "open"], Level.OPEN),
    ("key_pair", ["--key-pair", "mine"], "mine"),
    ("key_pair", ["--key-name", "mine"], "mine"),
    ("public_key", ["--key-pair", "mine"], ""),
    ("security_groups", ["--security-groups", "sg-1, sg-2"], ("sg-1", "sg-2")),
    (
        "security_groups",
        ["--security-group-ids", "sg-1", "--security-groups", "sg-2"],
        ("sg-1", "sg-2"),
    ),
    ("ssh_from", ["--ssh-from", "192.0.2.1,pl-1"], ("192.0.2.1", "pl-1")),
    ("vpc", ["--vpc", "vpc-1"], "vpc-1"),
    ("vpc", ["--vpc-id", "vpc-1"], "vpc-1"),
    ("subnet", ["--subnet", "subnet-1"], "subnet-1"),
    ("subnet", ["--subnet-id", "subnet-1"], "subnet-1"),
    ("public_ip", ["--public-ip"], True),
    ("public_ip", ["--no-public-ip"], False),
    ("private_ip", ["--private-ip", "10.0.0.7"], "10.0.0.7"),
    ("encrypt_volumes", ["--encrypt-volumes"], True),
    ("encrypt_volumes", ["--no-encrypt-volumes"], False),
    ("kms_key_id", ["--kms-key-id", "alias/k"], "alias/k"),
    ("volume_size_gib", ["--volume-size", "30"], 30),
    ("volume_type", ["--volume-type", "gp2"], "gp2"),
    (
        "metadata",
        ["--metadata-options", "HttpPutResponseHopLimit=2"],
        MetadataOptions(http_put_response_hop_limit=2),
    ),
    ("pre_stop", ["--pre-stop", "a b"], PreStop(command="a b")),
    (
        "pre_stop",
        ["--pre-stop", "a", "--pre-stop-timeout", "5m"],
        PreStop(command="a", timeout=timedelta(minutes=5)),
    ),
    ("idle", ["--idle-timeout", "30m"], Idle(timeout=timedelta(minutes=30))),
    (
        "idle",
        [
            *(
                "--idle-timeout",
                "1h",
                "--idle-cpu",
                "5",
                "--idle-network",
                "0",
                "--on-idle",
                "stop",
            ),
            *("--active-processes", "a,b", "--active-ports", "80, 443"),
        ],
        Idle(
            timeout=timedelta(hours=1),
            cpu_percent=5,
            network_bytes=0,
            processes=("a", "b"),
            ports=(80, 443),
            action=EndAction.STOP,
        ),
    ),
    ("completion", ["--on-complete", "hibernate"], Completion(action=EndAction.HIBERNATE)),
    (
        "completion",
        ["--on-complete", "stop", "--completion-file", "/a", "--completion-delay", "5m"],
        Completion(action=EndAction.STOP, file="/a", delay=timedelta(minutes=5)),
    ),
    ("hibernation", ["--hibernation"], True),
    ("tags", ["--tags", "a=b,c=d=e", "--tag", "f="], {"a": "b", "c": "d=e", "f": ""}),
    ("user_data", ["--user-data", "\necho ä"], "\necho ä".encode()),
    (
        "iam_policies",
        ["--iam-policy", "s3:ReadOnly", "--iam-policy", "a,b"],
        ("s3:ReadOnly", "a", "b"),
    ),
    ("iam_managed_policies", ["--iam-managed-policies", "One,Two"], ("One", "Two")),
    ("iam_role", ["--iam-role", "worker"], "worker"),
    ("permissions_boundary", ["--permissions-boundary", "limit"], "limit"),
    (
        "waivers",
        ["--allow", "A,B", "--reason", " why "],
        (Waiver(control="A", reason="why"), Waiver(control="B", reason="why")),
    ),
    ("on_expiry", ["--on-expiry", "stop"], End.STOP),
    ("dns_name", ["--dns-name", "box.example.com"], "box.example.com"),
    ("dns_zone", ["--dns-zone", "Z1"], "Z1"),
    ("ship_logs", ["--ship-logs"], True),
    ("secrets", ["--secret", "A=ssm:/a, B=secretsmanager:b#k"], (SECRET_A, SECRET_B)),
    ("secrets", ["--secret-env", "C=ssm:/c", "--secret", "A=ssm:/a"], (SECRET_A, SECRET_C)),
    ("secret_user", ["--secret-user", "worker"], "worker"),
)
# Tested with files below, or with an authority, or not a flag of its own.
ELSEWHERE = {"region", "iam_policy_document", "ssh_ca"}


def spec_from(*words: str) -> LaunchSpec:
    """Return what the words ask for, read by the command's own flags."""
    parameters = command.make_context("launch", list(words), resilient_parsing=False).params
    return spec_of(parameters, region=REGION, public_key=PUBLIC_KEY)


def test_an_authority_takes_the_place_of_the_key() -> None:
    """With --ssh-ca this machine's authority is asked for, and no key goes along; else neither."""
    trust = SshTrust(public_line=PUBLIC_KEY)

    def said(*words: str) -> LaunchSpec:
        parameters = command.make_context("launch", list(words)).params
        return spec_of(parameters, region=REGION, public_key=PUBLIC_KEY, find_trust=lambda: trust)

    with_it = said("--ssh-ca")
    assert (with_it.ssh_ca, with_it.public_key) == (trust, "")
    assert said() == said("--no-ssh-ca") == LaunchSpec(region=REGION, public_key=PUBLIC_KEY)


def test_nothing_said_is_the_default() -> None:
    """Without words there is the region, the person's own key, and nothing else."""
    assert spec_from() == LaunchSpec(region=REGION, public_key=PUBLIC_KEY)


@pytest.mark.parametrize(("field", "words", "value"), WORDS, ids=lambda case: str(case)[:30])
def test_a_word_fills_its_field(field: str, words: list[str], value: Any) -> None:
    """Each flag, and each of its other spellings, says what its field holds."""
    assert getattr(spec_from(*words), field) == value
    assert getattr(spec_from(), field) != value


def test_every_field_can_be_said() -> None:
    """There is no field that no word fills."""
    assert {field for field, _, _ in WORDS} | ELSEWHERE == {*LaunchSpec.__struct_fields__}


def test_files_are_read_as_they_are(tmp_path: Path) -> None:
    """User-data and policies come from files unchanged; `@` means a file for user-data too."""
    file = tmp_path / "file"
    file.write_bytes(b'{"a": "\xc3\xa4"}\r\n')
    content = file.read_bytes()
    assert spec_from("--user-data-file", str(file)).user_data == content
    assert spec_from("--user-data", f"@{file}").user_data == content
    assert spec_from("--iam-policy-file", str(file)).iam_policy_document == content.decode()


@pytest.mark.parametrize("flag", ["--user-data-file", "--iam-policy-file"])
def test_a_file_that_is_not_there_is_named(flag: str, tmp_path: Path) -> None:
    """The flag and the path are in the error, and the exit code says that it was not found."""
    missing = tmp_path / "missing"
    with pytest.raises(NamedThingNotFound, match=f"{flag} {missing}"):
        spec_from(flag, str(missing))
    with pytest.raises(NamedThingNotFound, match=flag):
        spec_from(flag, str(tmp_path))


def test_files_that_are_none_of_it_are_refused(tmp_path: Path) -> None:
    """A policy that is not text, and a file that is no script by its size, are not read on."""
    file = tmp_path / "file"
    file.write_bytes(b"\xff\xfe{}")
    with pytest.raises(InputError, match=r"--iam-policy-file .* is not text"):
        spec_from("--iam-policy-file", str(file))
    file.write_bytes(bytes(LARGEST_FILE_BYTES + 1))
    with pytest.raises(InputError, match=r"--user-data-file .* is larger"):
        spec_from("--user-data-file", str(file))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--user-data", "a", "--user-data-file", "b"], "--user-data and --user-data-file"),
        (["--allow", "A"], "--allow needs --reason"),
        (["--allow", "A", "--reason", " "], "--allow needs --reason"),
        (["--reason", "why"], "--reason needs --allow"),
        (["--ttl", "tomorrow"], "--ttl 'tomorrow'"),
        (["--tags", "spawn:hold=x"], "--tags 'spawn:hold'"),
        (["--metadata-options", "Http=1"], "--metadata-options"),
    ],
)
def test_words_that_mean_nothing_are_refused(words: list[str], message: str) -> None:
    """The error begins with the flag."""
    with pytest.raises(InputError) as refused:
        spec_from(*words)
    assert refused.value.what.startswith(message)


@pytest.mark.parametrize("size", ["0", "-1", "ten", "65537"])
def test_sizes_are_numbers_of_gib(size: str) -> None:
    """A size that no volume has is refused where it is read."""
    with pytest.raises(click.BadParameter):
        spec_from("--volume-size", size)
