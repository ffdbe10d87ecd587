"""What a spec alone shows to be impossible."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from spawn.core.errors import InputError
from spawn.core.levels import Level
from spawn.images.catalog import OperatingSystem
from spawn.launch.checks import check_spec, ttl_of
from spawn.launch.spec import DEFAULT_TTL, MetadataOptions
from tests.unit.launch.accounts import OWN_AMI, spec

OFF = MetadataOptions(http_endpoint="disabled")
WITHOUT_TAGS = MetadataOptions(instance_metadata_tags="disabled")
ROOM_FOR_TAGS = 33


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tags": {"cost center": "7"}}, "--tags 'cost center'"),
        ({"tags": {"a/b": "7"}}, "--tags 'a/b'"),
        ({"tags": {"_index": "7"}}, "--tags '_index'"),
        ({"tags": {f"k{number}": "" for number in range(51)}}, "--tags gives 51 tags"),
        ({"name": "a", "tags": {"Name": "b"}}, "--name and --tags Name"),
        ({"name": " "}, "--name"),
        ({"name": "a\x1b[2J"}, "--name"),
        ({"name": "a" * 257}, "--name"),
        ({"security_groups": ("sg-1",), "ssh_from": ("::/0",)}, "--security-groups and --ssh-from"),
        ({"public_ip": True, "security": Level.STRICT}, "--public-ip and --security strict"),
        ({"encrypt_volumes": False, "kms_key_id": "k"}, "--no-encrypt-volumes and --kms-key-id"),
        ({"metadata": OFF, "user_data": b""}, "--user-data and --metadata-options"),
        ({"metadata": OFF, "key_pair": "k"}, "--key-pair and --metadata-options"),
        ({"metadata": OFF, "iam_policies": ("s3:ReadOnly",)}, "--iam-policy and --metadata"),
        ({"metadata": OFF, "iam_policy_document": "{}"}, "--iam-policy-file and --metadata"),
        ({"metadata": OFF, "iam_managed_policies": ("p",)}, "--iam-managed-policies and"),
        ({"metadata": OFF, "iam_role": "r"}, "--iam-role and --metadata-options"),
        ({"metadata": OFF, "security": Level.STRICT}, "--security strict and --metadata-options"),
        ({"metadata": OFF}, "--metadata-options HttpEndpoint=disabled needs --no-agent"),
        ({"agent": False, "security": Level.STRICT}, "--no-agent and --security strict"),
        ({"ami": OWN_AMI, "os": OperatingSystem.AL2023}, "--ami and --os"),
        ({"min_count": 2}, "--min-count 2 is more than --count 1"),
        ({"spot_max_price": Decimal(1)}, "--spot-max-price needs --spot"),
        ({"private_ip": "10.0.2.77", "count": 2}, "--private-ip and --count"),
        ({"instance_types": ()}, "--instance-type"),
        ({"instance_types": ("t3.micro", "t3.micro")}, "--instance-type 't3.micro,t3.micro'"),
        ({"zones": ("eu-west-1a", "eu-west-1a")}, "--az"),
    ],
)
def test_what_can_not_be_meant_names_its_flags(fields: dict[str, Any], words: str) -> None:
    """Each impossible wish is refused with the flags that exclude each other, and a reason."""
    with pytest.raises(InputError) as refused:
        check_spec(spec(**fields))
    assert refused.value.what.startswith(words)
    assert refused.value.why


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"metadata": OFF, "agent": False},
        {"metadata": WITHOUT_TAGS, "tags": {"cost center": "7", "a/b": ""}},
        {"tags": {f"k{number}": "v" * 256 for number in range(ROOM_FOR_TAGS)}},
        {"name": "a" * 256},
    ],
)
def test_what_can_be_meant_passes(fields: dict[str, Any]) -> None:
    """The checks are not stricter than AWS is."""
    check_spec(spec(**fields))


def test_there_is_always_an_end() -> None:
    """Eight hours unless said otherwise; a minute at least, for a boot takes about that."""
    assert ttl_of(spec()) == DEFAULT_TTL == timedelta(hours=8)
    assert ttl_of(spec(ttl=timedelta(minutes=1))) == timedelta(minutes=1)
    with pytest.raises(InputError, match="--ttl"):
        ttl_of(spec(ttl=timedelta(seconds=59)))
