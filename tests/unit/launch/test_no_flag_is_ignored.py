"""Whatever is asked for reaches AWS or the instance, or is refused with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
import pytest

from spawn.connect.ssh_ca.trust import SshTrust
from spawn.core.endings import End
from spawn.core.errors import AccountError, InputError
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
from spawn.secrets.references import SecretReference, parse_references
from tests.unit.launch.accounts import (
    GROUP,
    KEY_PAIR,
    KMS_KEY,
    OTHER_KEY,
    OTHER_VPC,
    OWN_AMI,
    PREFIX_LIST,
    PUBLIC_C,
    PUBLIC_KEY,
    ROLE,
    WINDOWS_AMI,
    fresh_account,
    plan_of,
    spec,
)
from tests.unit.launch.requests import launches_of, requests_of, tags_of, user_data_of

POLICY = """{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/x"}]}"""


def waiving(control: str) -> tuple[Waiver, ...]:
    return (Waiver(control=control, reason="a demo"),)


class Case(NamedTuple):
    """A value other than the default; `beside` is what else the launch says in both plans."""

    field: str
    value: Any
    beside: Mapping[str, Any] = MappingProxyType({})
    is_refused: bool = False


ELSEWHERE = "arn:aws:secretsmanager:us-west-2:123456789012:secret:myapp-AbCdEf"


def secrets(*texts: str, in_environment: bool = False) -> tuple[SecretReference, ...]:
    return parse_references(texts, flag="--secret", in_environment=in_environment)


HOUR = timedelta(hours=1)
# What `strict` wants to be told.
IN_STRICT = {
    "ttl": timedelta(hours=1),
    "tags": {"project": "atlas", "classification": "internal"},
}
TRUST = SshTrust(public_line=PUBLIC_KEY)
CASES = (
    Case("region", "us-west-2"),
    Case("instance_types", ("t4g.nano",)),
    Case("instance_types", ("t3.micro", "t4g.nano")),
    Case("ami", OWN_AMI),
    Case("ami", WINDOWS_AMI, is_refused=True),
    Case("ami", WINDOWS_AMI, {"agent": False}),
    Case("os", OperatingSystem.UBUNTU_24_04),
    Case("os", OperatingSystem.DEBIAN_12, is_refused=True),
    Case("agent", False),
    Case("zones", ("eu-west-1c",)),
    Case("zones", ("eu-west-1b", "eu-west-1a")),
    Case("count", 3),
    Case("min_count", 2, {"count": 3}),
    Case("min_count", 2, is_refused=True),
    Case("spot", value=True),
    Case("spot_max_price", Decimal("0.02"), {"spot": True}),
    Case("spot_max_price", Decimal("0.02"), is_refused=True),
    Case("max_cost", Decimal("0.50"), is_refused=True),
    Case("ttl", timedelta(hours=3)),
    Case("security", Level.OPEN),
    Case("security", Level.STRICT, {"kms_key_id": KMS_KEY, **IN_STRICT}),
    Case("key_pair", KEY_PAIR),
    Case("public_key", PUBLIC_KEY, {"public_key": ""}),
    Case("security_groups", (GROUP,)),
    Case("ssh_from", ("192.0.2.0/24",)),
    Case("ssh_from", (PREFIX_LIST,)),
    Case("vpc", OTHER_VPC),
    Case("subnet", PUBLIC_C),
    Case("public_ip", False),
    Case("public_ip", True, {"security": Level.STRICT, **IN_STRICT}, is_refused=True),
    Case("private_ip", "10.0.2.77"),
    Case("encrypt_volumes", False, is_refused=True),
    Case("encrypt_volumes", False, {"security": Level.OPEN}),
    Case("encrypt_volumes", True, {"security": Level.OPEN}),
    Case("kms_key_id", KMS_KEY),
    Case("volume_size_gib", 30),
    Case("volume_type", "gp2"),
    Case("metadata", MetadataOptions(http_tokens="optional"), is_refused=True),
    Case("metadata", MetadataOptions(http_tokens="optional"), {"security": Level.OPEN}),
    Case("metadata", MetadataOptions(http_put_response_hop_limit=2)),
    Case("metadata", MetadataOptions(http_endpoint="disabled"), is_refused=True),
    Case("metadata", MetadataOptions(http_endpoint="disabled"), {"agent": False}),
    Case("metadata", MetadataOptions(instance_metadata_tags="disabled")),
    Case("user_data", b"echo hello\n"),
    Case("iam_policies", ("s3:ReadOnly",)),
    Case("iam_policy_document", POLICY),
    Case("iam_managed_policies", ("CloudWatchAgentServerPolicy",)),
    Case("iam_role", ROLE),
    Case("permissions_boundary", "our-limit", is_refused=True),
    Case("permissions_boundary", "our-limit", {"iam_policies": ("s3:ReadOnly",)}),
    Case("pre_stop", PreStop(command="sync-results")),
    Case("pre_stop", PreStop(command=""), is_refused=True),
    Case("pre_stop", PreStop(command="x", timeout=timedelta(hours=2)), is_refused=True),
    Case("pre_stop", PreStop(command="x"), {"agent": False}, is_refused=True),
    Case("idle", Idle(timeout=HOUR)),
    Case("idle", Idle(timeout=timedelta(seconds=9)), is_refused=True),
    Case("idle", Idle(timeout=HOUR, processes=("/bin/x",)), is_refused=True),
    Case("idle", Idle(timeout=HOUR, ports=(0,)), is_refused=True),
    Case("idle", Idle(timeout=HOUR, action=EndAction.STOP), {"spot": True}, is_refused=True),
    Case("completion", Completion(action=EndAction.TERMINATE)),
    Case("completion", Completion(action=EndAction.STOP, file="done"), is_refused=True),
    Case(
        "completion",
        Completion(action=EndAction.STOP, delay=timedelta(days=2)),
        is_refused=True,
    ),
    Case("hibernation", value=True),
    Case("hibernation", True, {"spot": True}, is_refused=True),
    Case("hibernation", True, {"encrypt_volumes": False}, is_refused=True),
    Case("hibernation", True, {"instance_types": ("t4g.nano",)}, is_refused=True),
    Case("waivers", waiving("NET-SSH-WORLD"), is_refused=True),
    Case("waivers", waiving("NET-SSH-WORLD"), {"ssh_from": ("0.0.0.0/0",)}),
    Case("on_expiry", End.STOP),
    Case("on_expiry", End.STOP, {"spot": True}, is_refused=True),
    Case("dns_name", "box.example.com", is_refused=True),
    Case("dns_name", "box.example.com", {"dns_zone": "example.com"}),
    Case("dns_zone", "example.com", is_refused=True),
    Case("dns_zone", "Z0123456789EXAMPLE", {"dns_name": "box.example.com"}),
    Case("secrets", secrets("A=secretsmanager:myapp")),
    Case("secrets", secrets("A=ssm:/myapp")),
    Case("secrets", secrets("A=ssm:/myapp"), {"agent": False}, is_refused=True),
    Case("secrets", secrets("A=ssm:/x", "A=ssm:/y"), is_refused=True),
    Case("secrets", secrets(f"A=secretsmanager:{ELSEWHERE}"), is_refused=True),
    Case("secret_user", "worker", {"secrets": secrets("A=ssm:/myapp")}),
    Case("secret_user", "-x", {"secrets": secrets("A=ssm:/myapp")}, is_refused=True),
    Case("secret_user", "worker", is_refused=True),
    Case("ship_logs", value=True),
    Case("ship_logs", True, {"agent": False}, is_refused=True),
    Case("ssh_ca", TRUST),
    Case("ssh_ca", TRUST, {"agent": False}, is_refused=True),
    Case("ssh_ca", TRUST, {"key_pair": KEY_PAIR}, is_refused=True),
    Case("ssh_ca", TRUST, {"ami": OWN_AMI}, is_refused=True),
    Case("ssh_ca", SshTrust(public_line="nothing"), is_refused=True),
)
# These ask for tags and nothing else.
TAG_CASES = (Case("name", "builder"), Case("tags", {"project": "atlas"}))


# What an instance is told of its authority: another key, another list, another number of it.
TRUSTS = {"public_line": OTHER_KEY, "number": 7, "krl": b"SSHKRL"}


def outcome_of(asked: LaunchSpec) -> object:
    """Return what the plan asks of AWS, or the words with which it is refused."""
    try:
        return requests_of(plan_of(asked, fresh_account(asked)))
    except (AccountError, InputError) as error:
        return (type(error), error.what, error.why)


def test_every_field_is_tried() -> None:
    """A field that joins the spec needs a case here, with a value that is not its default."""
    assert {case.field for case in (*CASES, *TAG_CASES)} == {*LaunchSpec.__struct_fields__}
    for case in (*CASES, *TAG_CASES):
        assert getattr(spec(**{"public_key": "", **case.beside}), case.field) != case.value


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.field}={case.value}"[:50])
def test_a_field_changes_what_is_asked_or_is_refused(case: Case) -> None:
    """Of two launches that differ in one field, AWS is asked differently, or one is refused."""
    without = spec(**case.beside)
    with_it = spec(**{**case.beside, case.field: case.value})
    outcome = outcome_of(with_it)
    assert outcome != outcome_of(without)
    assert isinstance(outcome, tuple) == case.is_refused, outcome


@pytest.mark.parametrize("case", TAG_CASES, ids=lambda case: case.field)
def test_names_and_tags_are_on_all_that_is_launched(case: Case) -> None:
    """A name and tags stand on the instance, its volumes and its interfaces, wherever it goes."""
    wanted = {"Name": case.value} if case.field == "name" else case.value
    for parameters in launches_of(plan_of(spec(**{case.field: case.value}))):
        for kind in ("instance", "volume", "network-interface"):
            assert wanted.items() <= tags_of(parameters, kind).items()


# What a duty is told, in turn: each value is another than the default.
DUTIES: tuple[tuple[str, msgspec.Struct, dict[str, Any]], ...] = (
    ("pre_stop", PreStop(command="a"), {"command": "b", "timeout": timedelta(minutes=3)}),
    (
        "idle",
        Idle(timeout=HOUR),
        {
            "timeout": timedelta(minutes=30),
            "cpu_percent": 20,
            "network_bytes": 5,
            "processes": ("train.py",),
            "ports": (8888,),
            "action": EndAction.STOP,
        },
    ),
    (
        "completion",
        Completion(action=EndAction.TERMINATE),
        {"action": EndAction.STOP, "file": "/var/done", "delay": timedelta(minutes=1)},
    ),
)


@pytest.mark.parametrize(("field", "duty", "others"), DUTIES, ids=lambda each: str(each)[:10])
def test_every_word_of_a_duty_reaches_the_instance(
    field: str, duty: msgspec.Struct, others: Mapping[str, Any]
) -> None:
    """Each member of what a duty is told, changed alone, changes the bytes of user-data."""
    assert others.keys() == {*duty.__struct_fields__}
    usual = user_data_of(plan_of(spec(**{field: duty})))
    for name, value in others.items():
        other = msgspec.structs.replace(duty, **{name: value})
        assert user_data_of(plan_of(spec(**{field: other}))) != usual, name


@pytest.mark.parametrize("field", SshTrust.__struct_fields__)
def test_all_that_is_to_be_trusted_reaches_the_instance(field: str) -> None:
    """Each member of what an instance is told to trust, changed alone, changes what it gets."""

    def told(trust: SshTrust) -> tuple[str, bytes]:
        plan = plan_of(spec(ssh_ca=trust))
        return tags_of(launches_of(plan)[0], "instance")["spawn:ssh-ca"], user_data_of(plan)

    other = msgspec.structs.replace(TRUST, **{field: TRUSTS[field]})
    assert told(other) != told(TRUST)


@pytest.mark.parametrize("field", MetadataOptions.__struct_fields__)
def test_every_metadata_option_is_tried(field: str) -> None:
    """Each option of the metadata service has a case with a value that is not its default."""
    default = getattr(MetadataOptions(), field)
    tried = [case.value for case in CASES if case.field == "metadata"]
    assert any(getattr(options, field) != default for options in tried)
