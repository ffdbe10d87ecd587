"""What the control plane asks of the data plane, and what it hears back.

Both travel as one JSON document a line over a socket pair. A `World` is complete: an instance
that is not in it has no business existing. An `Event` is a fact: it says what an instance did.
"""

from __future__ import annotations

import enum

import msgspec


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One permission of a security group, resolved to addresses.

    `protocol` is "tcp", "udp", "icmp", "icmpv6", an IP protocol number as text, or "-1" for all.
    `from_port`/`to_port` are inclusive; both None mean every port. `peers` are CIDR blocks:
    group and prefix-list references are already resolved.
    """

    protocol: str
    from_port: int | None
    to_port: int | None
    peers: tuple[str, ...]


class SecurityGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one group, as they bear on one network interface."""

    group_id: str
    ingress: tuple[Rule, ...]
    egress: tuple[Rule, ...]
    group_name: str = ""  # what metadata calls the group; its id where this is empty


class Interface(msgspec.Struct, frozen=True, kw_only=True):
    """A network interface. `public_ip` is None where no connection from outside may arrive."""

    interface_id: str
    mac: str
    vpc_id: str
    subnet_id: str
    private_ip: str
    public_ip: str | None
    groups: tuple[SecurityGroup, ...]


class MetadataOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The instance's metadata options, in EC2's own words."""

    http_tokens: str  # "required" | "optional"
    http_endpoint: str  # "enabled" | "disabled"
    http_put_response_hop_limit: int
    instance_metadata_tags: str  # "enabled" | "disabled"


class RoleCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """What IMDS vends for the instance's role. Times are RFC 3339, UTC."""

    role_name: str
    instance_profile_arn: str
    instance_profile_id: str
    access_key_id: str
    secret_access_key: str
    token: str
    last_updated: str
    expiration: str


class DesiredState(enum.StrEnum):
    """What the control plane wants of an instance that it still knows."""

    RUNNING = "running"
    STOPPED = "stopped"  # its disk is kept for the next start
    TERMINATED = "terminated"  # its disk goes


class SpotNotice(msgspec.Struct, frozen=True, kw_only=True):
    """An interruption as metadata announces it. Times are RFC 3339, UTC."""

    action: str  # "terminate" | "stop" | "hibernate"
    time: str


class EphemeralKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key that EC2 Instance Connect sent for one user. `until` is RFC 3339, UTC."""

    user: str
    key: str  # one OpenSSH public key line
    until: str


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """All that one instance needs to know and be."""

    instance_id: str
    account_id: str
    partition: str
    region: str
    availability_zone: str
    image_id: str
    instance_type: str
    architecture: str
    launch_time: str
    state: DesiredState
    boot: int  # counts starts and reboots; a greater number than the running one means: boot again
    interfaces: tuple[Interface, ...]
    metadata: MetadataOptions
    tags: dict[str, str]
    user_data: str | None  # base64, as EC2 keeps it; None where there is none
    public_keys: tuple[tuple[str, str], ...]  # (key pair name, OpenSSH public key line)
    credentials: RoleCredentials | None
    spot_notice: SpotNotice | None = None
    rebalance_notice: str | None = None  # RFC 3339, UTC
    # For tests: metadata answers 503 to everything, or tells a wrong time; nobody takes in what
    # is written to the console, so that it fills up.
    metadata_fails: bool = False
    metadata_seconds_ahead: float = 0.0
    console_stalls: bool = False
    launch_index: int = 0
    life_cycle: str = "on-demand"  # "on-demand" | "spot"
    reservation_id: str | None = None
    ssh_keys: tuple[EphemeralKey, ...] = ()
    image_owner: str = ""  # an account id; empty where the image is not known
    image_name: str = ""


class World(msgspec.Struct, frozen=True, kw_only=True):
    """The whole desired state of the data plane, of every region."""

    generation: int
    instances: tuple[Instance, ...]
    # The ids of instances that are over, whose consoles can still be asked for.
    ended: tuple[str, ...] = ()
    # Whom connections from outside come from that don't say; RFC 5737, TEST-NET-3.
    caller_address: str = "203.0.113.10"


class Ending(enum.StrEnum):
    """How an instance's process tree ended."""

    POWER_OFF = "power-off"  # poweroff, halt, shutdown from inside
    REBOOT = "reboot"  # reboot from inside: the plane has booted it again by itself
    ORDERED = "ordered"  # the world asked for it
    CRASHED = "crashed"


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """The data plane is up and waits for a world."""


class Booted(msgspec.Struct, frozen=True, kw_only=True, tag="booted"):
    """The instance's init runs, its SSH server listens."""

    instance_id: str
    boot: int


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """The instance's process tree is gone, nothing of it runs any more."""

    instance_id: str
    boot: int
    ending: Ending


class Trouble(msgspec.Struct, frozen=True, kw_only=True, tag="trouble"):
    """Something that the data plane could not do; for the log and `spawn cloud status`."""

    instance_id: str | None
    message: str


Event = Ready | Booted | Ended | Trouble
