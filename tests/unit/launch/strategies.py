"""Launches of all kinds, as hypothesis makes them up."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from hypothesis import strategies as st

from spawn.core.levels import Level
from spawn.images.catalog import OperatingSystem
from spawn.launch.spec import LaunchSpec, MetadataOptions, Waiver
from tests.unit.launch.accounts import (
    GROUP,
    KEY_PAIR,
    KMS_KEY,
    OTHER_VPC,
    OWN_AMI,
    PREFIX_LIST,
    PRIVATE_A,
    PUBLIC_B,
    ROLE,
    spec,
)

T = TypeVar("T")


def _or_none(*values: T) -> st.SearchStrategy[T | None]:
    return st.sampled_from((None, *values))


_METADATA = st.builds(
    MetadataOptions,
    http_put_response_hop_limit=st.integers(1, 64),
    http_endpoint=st.sampled_from(("enabled", "enabled", "disabled")),
    instance_metadata_tags=st.sampled_from(("enabled", "disabled")),
)
# What a plan may be made of alone and together; not every combination can be had.
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "instance_types": st.sampled_from((("t3.micro",), ("t4g.nano",), ("t3.micro", "t4g.nano"))),
    "os": _or_none(OperatingSystem.UBUNTU_24_04),
    "agent": st.booleans(),
    "count": st.integers(1, 3),
    "min_count": _or_none(1, 2),
    "spot": st.booleans(),
    "spot_max_price": _or_none(Decimal("0.05")),
    "max_cost": _or_none(Decimal("1"), Decimal("1000")),
    "ami": _or_none(OWN_AMI),
    "zones": st.sampled_from(((), ("eu-west-1a",), ("eu-west-1c", "eu-west-1a"))),
    "name": _or_none("builder", "ä ö ü", '"; rm -rf /'),
    "ttl": _or_none(timedelta(minutes=1), timedelta(hours=3), timedelta(days=30)),
    "security": st.sampled_from(Level),
    "key_pair": _or_none(KEY_PAIR),
    "security_groups": st.sampled_from(((), (GROUP,))),
    "ssh_from": st.sampled_from(((), ("192.0.2.0/24",), (PREFIX_LIST, "198.51.100.7"))),
    "vpc": _or_none(OTHER_VPC),
    "subnet": _or_none(PUBLIC_B, PRIVATE_A),
    "public_ip": _or_none(True, False),
    "private_ip": _or_none("10.0.2.77"),
    "encrypt_volumes": _or_none(True),
    "kms_key_id": _or_none(KMS_KEY),
    "volume_size_gib": _or_none(8, 100, 16_384),
    "volume_type": _or_none("gp2", "gp3"),
    "metadata": _METADATA,
    "tags": st.dictionaries(st.sampled_from(("project", "classification", "owner")), st.text("ab")),
    "user_data": st.none() | st.binary(max_size=3_000).map(lambda text: text.replace(b"\0", b"0")),
    "iam_policies": st.sampled_from(((), ("s3:ReadOnly",), ("sqs:WriteOnly", "logs:WriteOnly"))),
    "iam_managed_policies": st.sampled_from(((), ("CloudWatchAgentServerPolicy",))),
    "iam_role": _or_none(ROLE),
    "permissions_boundary": _or_none("our-limit"),
    "waivers": st.sampled_from(((), (Waiver(control="IMDS-V2", reason="old software"),))),
}


@st.composite
def specs(draw: st.DrawFn, /, **fixed: Any) -> LaunchSpec:
    """Return a launch that says a few things; `fixed` is said in each."""
    said = draw(st.sets(st.sampled_from(sorted(_FIELDS)), max_size=5))
    fields = {name: draw(_FIELDS[name]) for name in sorted(said)}
    return spec(**fields | fixed)
