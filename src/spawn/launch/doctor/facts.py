"""What the doctor finds out, as data: the checks see nothing else.

What AWS does not tell is `Unseen`, for whatever reason; which of it was denied, and so shows a
permission that is missing, is kept apart in `AccountFacts.denied`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from spawn.aws import dynamodb, ec2, iam, kms, scheduler
from spawn.aws.ec2_endpoints import ConnectEndpoint, VpcEndpoint
from spawn.aws.iam_simulation import Simulated
from spawn.aws.questions import Fact
from spawn.aws.session import CredentialSource
from spawn.aws.sts import Introduction
from spawn.core.levels import Level
from spawn.network.caller import CallerAddresses
from spawn.network.subnets import SubnetRequest


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, and what to type; an error's three answers in two."""

    what: str
    command: str = ""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The kind of launch that is to be.

    region         "" where none is set anywhere
    region_source  what says so: a flag, a variable, a settings file, the AWS profile
    kms_key        the key that disks are to be encrypted with, "" for none by name
    """

    region: str
    region_source: str
    level: Level
    spot: bool
    place: SubnetRequest
    kms_key: str = ""

    @property
    def instance_type(self) -> str:
        """The type that it is to have."""
        return self.place.instance_type


class StateDirectory(msgspec.Struct, frozen=True, kw_only=True):
    """Where spawn keeps the person's key and its journals, None members where it is not there.

    mode         its permission bits
    is_own       whether it belongs to the person
    unreadable   why it can't be looked at, ""
    """

    path: str
    mode: int | None = None
    is_own: bool = True
    unreadable: str = ""


@dataclass(frozen=True, kw_only=True)
class MachineFacts:
    """This machine.

    key         the name of the person's own key, "" where it is not made yet
    ssh         what `ssh -V` says, "" where there is no ssh
    settings, key_problem, plugin   what is wrong with it, None for nothing
    addresses   what the address service says; None where nobody's address is needed
    key_age_days  of that key, None where there is none
    """

    settings: Problem | None
    state: StateDirectory
    key: str
    key_problem: Problem | None
    ssh: str
    has_keygen: bool
    plugin: Problem | None
    addresses: CallerAddresses | None
    address_url: str
    key_age_days: int | None = None


class Rehearsed(msgspec.Struct, frozen=True, kw_only=True):
    """What EC2 said when it was asked whether it would do something.

    allowed  None where it said neither yes nor no, and `why` then tells what it said
    action   the IAM action that it names as denied, "" for none
    """

    operation: str
    allowed: bool | None
    why: str = ""
    action: str = ""


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """What IAM's simulator says of the actions that operations need on one resource.

    `operations` are their keys; each needs those of the actions that are its own.
    """

    operations: tuple[str, ...]
    actions: tuple[str, ...]
    answer: Fact[tuple[Simulated, ...]]


@dataclass(frozen=True, kw_only=True)
class RegionFacts:
    """What the region holds; what could not be asked is Unseen."""

    vpcs: Fact[tuple[ec2.Vpc, ...]]
    subnets: Fact[tuple[ec2.Subnet, ...]]
    route_tables: Fact[tuple[ec2.RouteTable, ...]]
    offerings: Fact[tuple[ec2.Offering, ...]]
    instance_types: Fact[tuple[ec2.InstanceType, ...]]
    instances: Fact[tuple[ec2.Instance, ...]]
    endpoints: Fact[tuple[VpcEndpoint, ...]]
    connect_endpoints: Fact[tuple[ConnectEndpoint, ...]]
    encrypts_by_default: Fact[bool]
    default_key: Fact[str]
    key: Fact[kms.Key] | None
    vcpu_quota: Fact[float]
    schedule_group: Fact[scheduler.ScheduleGroup]
    table: Fact[dynamodb.Table]


@dataclass(frozen=True, kw_only=True)
class AccountFacts:
    """What AWS says.

    now               by this machine's clock, when AWS said who the caller is
    regions           the regions of the partition and whether they are enabled, in AWS's words
    boundary          spawn's permissions boundary
    backstop_roles    the owner's backstop role, with the boundary and without
    denied            why AWS denied what was asked, by the operation's key
    """

    caller: Fact[Introduction]
    now: datetime
    regions: Fact[dict[str, str]]
    region: RegionFacts
    boundary: Fact[iam.ManagedPolicy]
    backstop_roles: tuple[Fact[iam.Role], ...]
    spot_role: Fact[iam.Role] | None
    denied: Mapping[str, str] = field(default_factory=dict)
    rehearsed: tuple[Rehearsed, ...] = ()
    simulated: tuple[Simulation, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DoctorFacts:
    """All of it.

    source        where the credentials come from, None for none
    assumes_role  whether the person named a role to act as
    aws_cli       what is wrong with the AWS CLI, where a connection needs it
    needs_aws_cli whether one does: an EC2 Instance Connect Endpoint is the way in
    refusal       why there is nothing to be had from AWS, None where it was asked
    refused_credentials   whether that is for want of credentials that AWS takes
    account       None where AWS was not asked
    endpoint      what answers in AWS's place, "" for AWS itself
    """

    wanted: Wanted
    profile: str
    source: CredentialSource | None
    refusal: Problem | None
    refused_credentials: bool
    machine: MachineFacts
    account: AccountFacts | None
    endpoint: str = ""
    assumes_role: bool = False
    aws_cli: Problem | None = None
    needs_aws_cli: bool = False
