"""A posture with which every control is content, and what differs from it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from spawn.aws.questions import Unseen
from spawn.core.levels import Level
from spawn.iam.documents import PolicyDocument, allow
from spawn.network.rules import Rule, tcp
from spawn.posture.model import (
    Disk,
    Ending,
    GroupRule,
    Image,
    InlinePolicy,
    Interface,
    KeyManager,
    Metadata,
    Network,
    PolicyContent,
    Posture,
    Role,
    Source,
)

NOW = datetime(2026, 1, 27, 12, 0, tzinfo=UTC)
GROUP = "sg-0123456789abcdef0"
OTHER_GROUP = "sg-0fedcba9876543210"
PREFIX_LIST = "pl-0123456789abcdef0"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def denied(operation: str) -> Unseen:
    return Unseen(operation, "no identity-based policy allows it")


def rules(*found: Rule, group: str = GROUP) -> tuple[GroupRule, ...]:
    return tuple(GroupRule(group=group, rule=rule) for rule in found)


INTERFACE = Interface(
    interface_id="eni-0123456789abcdef0",
    subnet_id="subnet-0123456789abcdef0",
    private_subnet=True,
    public_address=False,
    groups=(GROUP,),
)
NETWORK = Network(
    interfaces=(INTERFACE,), ingress=(), egress=rules(tcp(443, "0.0.0.0/0"), tcp(443, "::/0"))
)
DISK = Disk(
    device_name="/dev/xvda",
    volume_id="vol-0123456789abcdef0",
    is_root=True,
    size_gib=8,
    volume_type="gp3",
    encrypted=True,
    kms_key=KEY,
    key_manager=KeyManager.CUSTOMER,
    delete_on_termination=True,
)
METADATA = Metadata(
    http_endpoint="enabled",
    http_tokens="required",
    http_put_response_hop_limit=1,
    instance_metadata_tags="enabled",
)
ENDING = Ending(
    expires_at=NOW + timedelta(hours=8),
    shutdown_behavior="terminate",
    backstop_at=NOW + timedelta(hours=8, minutes=5),
)
IMAGE = Image(
    image_id="ami-0123456789abcdef0",
    owner_id="137112412989",
    is_known_owner=True,
    created_at=NOW - timedelta(days=10),
)
CONTENT = Posture(
    source=Source.LIVE,
    observed_at=NOW,
    instance_id="i-0123456789abcdef0",
    account="123456789012",
    region="eu-west-1",
    level=Level.STRICT,
    tags={"owner": "alice", "project": "apollo", "classification": "internal"},
    network=NETWORK,
    disks=(DISK,),
    metadata=METADATA,
    identity=None,
    ending=ENDING,
    image=IMAGE,
    user_data=None,
)


def role(
    actions: Iterable[str] = ("s3:GetObject",),
    resources: Iterable[str] = ("arn:aws:s3:::my-bucket/data/*",),
) -> Role:
    """A role with one inline policy and a boundary."""
    document = PolicyDocument(statements=(allow(actions, resources),))
    return Role(
        name="spawn-0123456789abcdef0123456789abcdef",
        is_spawn_role=True,
        inline=(InlinePolicy(name="spawn", content=PolicyContent(document=document)),),
        managed=(),
        boundary="arn:aws:iam::123456789012:policy/spawn/boundary",
    )


def with_network(**members: object) -> Posture:
    return msgspec.structs.replace(CONTENT, network=msgspec.structs.replace(NETWORK, **members))


def with_interfaces(*interfaces: Interface) -> Posture:
    return with_network(interfaces=interfaces)


def with_disk(**members: object) -> Posture:
    """Besides the root, a second disk that differs from it."""
    second = msgspec.structs.replace(
        DISK, device_name="/dev/sdf", volume_id="vol-0fedcba9876543210", is_root=False, **members
    )
    return msgspec.structs.replace(CONTENT, disks=(DISK, second))


def with_metadata(**members: object) -> Posture:
    return msgspec.structs.replace(CONTENT, metadata=msgspec.structs.replace(METADATA, **members))


def with_ending(**members: object) -> Posture:
    return msgspec.structs.replace(CONTENT, ending=msgspec.structs.replace(ENDING, **members))


def with_image(**members: object) -> Posture:
    return msgspec.structs.replace(CONTENT, image=msgspec.structs.replace(IMAGE, **members))


def with_role(found: Role, **members: object) -> Posture:
    return msgspec.structs.replace(CONTENT, identity=msgspec.structs.replace(found, **members))


def with_posture(**members: object) -> Posture:
    return msgspec.structs.replace(CONTENT, **members)


def as_plan(posture: Posture) -> Posture:
    """The same machine, before it exists: nothing of it has an id yet."""
    network = msgspec.structs.replace(
        posture.network,
        interfaces=tuple(
            msgspec.structs.replace(face, interface_id="") for face in posture.network.interfaces
        ),
    )
    return msgspec.structs.replace(
        posture,
        source=Source.PLAN,
        instance_id=None,
        network=network,
        disks=tuple(msgspec.structs.replace(disk, volume_id="") for disk in posture.disks),
    )
