"""Builders of worlds: what a test does not care about has a plain value."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from spawn.local.world import (
    DesiredState,
    Instance,
    Interface,
    MetadataOptions,
    Rule,
    SecurityGroup,
)

HOME_ADDRESS = "203.0.113.10"
STRANGER_ADDRESS = "198.51.100.7"

EVERYTHING = Rule(protocol="-1", from_port=None, to_port=None, peers=("0.0.0.0/0",))
CLOSED = SecurityGroup(group_id="sg-closed", ingress=(), egress=())
OPEN = SecurityGroup(group_id="sg-open", ingress=(EVERYTHING,), egress=(EVERYTHING,))


def ports(first: int, last: int | None = None, *, peers: Sequence[str] = ("0.0.0.0/0",)) -> Rule:
    """A rule for TCP ports."""
    return Rule(protocol="tcp", from_port=first, to_port=last or first, peers=tuple(peers))


def group(ingress: Sequence[Rule] = (), egress: Sequence[Rule] = (EVERYTHING,)) -> SecurityGroup:
    """A security group; like AWS's new ones it lets everything out."""
    return SecurityGroup(group_id="sg-1", ingress=tuple(ingress), egress=tuple(egress))


def interface(number: int, *groups: SecurityGroup, vpc_id: str = "vpc-1") -> Interface:
    """The primary interface of instance `number`."""
    return Interface(
        interface_id=f"eni-{number:017x}",
        mac=f"0a:00:00:00:00:{number:02x}",
        vpc_id=vpc_id,
        subnet_id="subnet-1",
        private_ip=f"10.0.0.{number}",
        public_ip=f"54.0.0.{number}",
        groups=groups or (OPEN,),
    )


def instance(number: int, *groups: SecurityGroup, **changes: object) -> Instance:
    """A running instance with AWS's safe metadata options; `changes` replace fields."""
    plain = Instance(
        instance_id=f"i-{number:017x}",
        account_id="123456789012",
        partition="aws",
        region="us-west-2",
        availability_zone="us-west-2a",
        image_id="ami-0123456789abcdef0",
        instance_type="t3.micro",
        architecture="x86_64",
        launch_time="2026-01-27T09:30:00Z",
        state=DesiredState.RUNNING,
        boot=1,
        interfaces=(interface(number, *groups),),
        metadata=metadata_options(),
        tags={},
        user_data=None,
        public_keys=(),
        credentials=None,
    )
    return msgspec.structs.replace(plain, **changes)


def metadata_options(**changes: object) -> MetadataOptions:
    """Tokens required, one hop, tags off; `changes` replace fields."""
    plain = MetadataOptions(
        http_tokens="required",
        http_endpoint="enabled",
        http_put_response_hop_limit=1,
        instance_metadata_tags="disabled",
    )
    return msgspec.structs.replace(plain, **changes)
