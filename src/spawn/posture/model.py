"""What one instance looks like to an attacker and to an auditor.

A posture is built from a plan or from what AWS says of a live instance, and both are judged by
the same controls. What could not be looked at is `Unseen`, with the call that was refused:
nothing here is ever guessed. All of it survives a JSON round trip.
"""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from spawn.aws.questions import Unseen
from spawn.core.levels import Level
from spawn.iam.documents import PolicyDocument
from spawn.network.rules import Rule
from spawn.secrets.finding import SecretFinding


class Source(enum.StrEnum):
    """Where a posture comes from: what is going to be, or what is."""

    PLAN = "plan"
    LIVE = "live"


class KeyManager(enum.StrEnum):
    """Whose key encrypts a disk, in KMS's words: AWS's own (`aws/ebs`) or the customer's."""

    AWS = "AWS"
    CUSTOMER = "CUSTOMER"


class GroupRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, and the security group that it belongs to: its id, or in a plan perhaps its name."""

    group: str
    rule: Rule


class Interface(msgspec.Struct, frozen=True, kw_only=True):
    """A network interface. `interface_id` is empty in a plan.

    public_address  can be reached from the internet by an address of its own, v4 or v6
    private_subnet  no route of its subnet leads to an internet gateway
    """

    interface_id: str = ""
    subnet_id: str = ""
    private_subnet: bool | Unseen
    public_address: bool | Unseen
    groups: tuple[str, ...] = ()


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """The way in and the way out: the rules are those of all groups of all interfaces.

    prefix_lists  the CIDR blocks of the prefix lists that the rules name
    """

    interfaces: tuple[Interface, ...]
    ingress: tuple[GroupRule, ...] | Unseen
    egress: tuple[GroupRule, ...] | Unseen
    prefix_lists: dict[str, tuple[str, ...] | Unseen] = {}


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """A volume. `kms_key` and `key_manager` are None where it is not encrypted."""

    device_name: str
    volume_id: str = ""
    is_root: bool
    size_gib: int | Unseen
    volume_type: str | Unseen
    encrypted: bool | Unseen
    kms_key: str | Unseen | None = None
    key_manager: KeyManager | Unseen | None = None
    delete_on_termination: bool


class Metadata(msgspec.Struct, frozen=True, kw_only=True, tag="metadata"):
    """The options of the metadata service, in EC2's own words."""

    http_endpoint: str
    http_tokens: str
    http_put_response_hop_limit: int
    instance_metadata_tags: str


class PolicyContent(msgspec.Struct, frozen=True, kw_only=True, tag="content"):
    """What a policy says."""

    document: PolicyDocument


class InlinePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that is part of the role."""

    name: str
    content: PolicyContent | Unseen


class ManagedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A managed policy. AWS's own ones are known by their ARN and have no `content` here."""

    arn: str
    content: PolicyContent | Unseen | None = None


class Role(msgspec.Struct, frozen=True, kw_only=True, tag="role"):
    """What the instance may do in AWS.

    is_spawn_role  made by spawn, for exactly these policies
    templates      the names under which the policies were asked for, where that is known
    boundary       ARN of the permissions boundary, None where there is none
    """

    name: str
    is_spawn_role: bool
    templates: tuple[str, ...] = ()
    inline: tuple[InlinePolicy, ...] | Unseen
    managed: tuple[ManagedPolicy, ...] | Unseen
    boundary: str | Unseen | None


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How the instance comes to its end.

    expires_at         None where there is no end date, or none that can be read
    shutdown_behavior  "terminate" or "stop": what powering off means
    backstop_at        when a schedule terminates it whatever the instance does, None without one
    stopped_at         when another one stops it before, None without one
    is_held            on hold: it is kept as evidence, and must not end
    is_stopped         it does not run: it can't end itself, and its disks are all that costs
    """

    expires_at: datetime | None
    shutdown_behavior: str | Unseen
    backstop_at: datetime | Unseen | None
    stopped_at: datetime | Unseen | None = None
    is_held: bool = False
    is_stopped: bool = False


class Image(msgspec.Struct, frozen=True, kw_only=True, tag="image"):
    """The AMI.

    is_known_owner  this account, or a publisher that spawn knows
    created_at      None where AWS gives no time that can be read
    is_deprecated   its owner offers something newer
    """

    image_id: str
    owner_id: str
    is_known_owner: bool
    created_at: datetime | None
    is_deprecated: bool = False


class UserData(msgspec.Struct, frozen=True, kw_only=True, tag="user-data"):
    """What the instance starts with, as an auditor may know it: never the text itself.

    is_readable       False where a part of it is no text, or too large when unpacked
    secret_variables  those that hold a secret's value in the workload's environment
    """

    size_bytes: int
    is_readable: bool = True
    secrets: tuple[SecretFinding, ...] = ()
    secret_variables: tuple[str, ...] = ()


class Posture(msgspec.Struct, frozen=True, kw_only=True):
    """One instance, as it is going to be or as it is.

    observed_at   what ages and end dates are measured against
    instance_id   None in a plan
    user_data     None where there is none
    key_pair      None where there is none
    """

    source: Source
    observed_at: datetime
    instance_id: str | None
    account: str
    region: str
    level: Level
    tags: dict[str, str]
    network: Network
    disks: tuple[Disk, ...]
    metadata: Metadata | Unseen
    identity: Role | Unseen | None
    ending: Ending
    image: Image | Unseen
    user_data: UserData | Unseen | None
    key_pair: str | None = None
