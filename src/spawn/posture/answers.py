"""What was asked about an instance, and from where: the border between asking and understanding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from spawn.aws import ec2, iam, kms, scheduler
from spawn.aws.ec2_images import Image
from spawn.aws.instance_details import NetworkInterface
from spawn.aws.questions import Absent, Fact, Known, Unseen
from spawn.core.levels import Level

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class RoleFacts:
    """What was asked about a role; `profile` names it. `inline` is by the name of the policy.

    All but `profile` are None or empty where that did not lead to a role.
    """

    profile: Fact[iam.InstanceProfile]
    role: Fact[iam.Role] | None = None
    inline_names: Fact[tuple[str, ...]] | None = None
    attached: Fact[tuple[str, ...]] | None = None
    inline: Mapping[str, Fact[iam.InlinePolicy]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Everything that was asked about one instance. `role` is None where it has no profile.

    `keys` and `prefix_lists` are by the id that a disk or a rule names.
    """

    volumes: Fact[tuple[ec2.Volume, ...]]
    interfaces: Fact[tuple[NetworkInterface, ...]]
    groups: Fact[tuple[ec2.SecurityGroup, ...]]
    subnets: Fact[tuple[ec2.Subnet, ...]]
    route_tables: Fact[tuple[ec2.RouteTable, ...]]
    image: Fact[tuple[Image, ...]]
    shutdown_behavior: Fact[str]
    user_data: Fact[bytes]
    backstop: Fact[scheduler.Schedule]
    stopping: Fact[scheduler.Schedule]
    role: RoleFacts | None = None
    keys: Mapping[str, Fact[kms.Key]] = field(default_factory=dict)
    prefix_lists: Mapping[str, Fact[tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Viewpoint:
    """From where, and when, an instance is looked at."""

    region: str
    account: str
    partition: str
    level: Level
    now: datetime


def value_of(fact: Fact[T] | None, operation: str) -> T | Unseen:
    """Return what was seen of something that must be there: an absence was no look at it."""
    match fact:
        case None:
            return Unseen(operation, "it was not asked")
        case Absent():
            return Unseen(operation, "AWS says that it is not there")
        case Known(value):
            return value
        case Unseen():
            return fact
