"""What can be called, and which permissions each call needs.

The permissions stand beside the call, so that what `spawn permissions` prints, what a denial
names and what is really called can't drift apart.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import msgspec

Answer = Mapping[str, Any]


class Access(enum.StrEnum):
    """Whether an operation can change anything."""

    READ = "read"
    WRITE = "write"


class Condition(msgspec.Struct, frozen=True):
    """What a request must be like, in IAM's words; the value is filled in as a resource is."""

    operator: str
    key: str
    value: str


class Permission(msgspec.Struct, frozen=True):
    """An IAM action and the resource that the call uses it on.

    `resource` is an ARN with `{partition}`, `{region}`, `{account}` and `{domain}` to be filled
    in and `*` where the name is not known beforehand, or "*" for actions that know no resource.
    Source: the Service Authorization Reference, "Actions, resources, and condition keys".
    `conditions` are met by each call that spawn makes. `flag` is the one of `spawn launch` without
    which nobody needs it, "" for none.
    """

    action: str
    resource: str = "*"
    conditions: tuple[Condition, ...] = ()
    flag: str = ""


# What spawn made, and what it makes: each thing carries the tag from birth (`core.tags`).
TAGGED = (Condition("StringEquals", "aws:ResourceTag/spawn", "true"),)
TAGGING = (Condition("StringEquals", "aws:RequestTag/spawn", "true"),)


class Operation(msgspec.Struct, frozen=True):
    """One AWS API operation: botocore's service name and AWS's operation name."""

    service: str
    name: str
    access: Access
    permissions: tuple[Permission, ...]

    @property
    def key(self) -> str:
        """The operation's name everywhere in spawn: "ec2:RunInstances"."""
        return f"{self.service}:{self.name}"

    @property
    def actions(self) -> tuple[str, ...]:
        """The IAM actions, in the order of `permissions`."""
        return tuple(permission.action for permission in self.permissions)


def read(service: str, name: str, *permissions: Permission) -> Operation:
    """Declare a read. Without permissions given it needs the action of its own name on "*"."""
    return Operation(service, name, Access.READ, permissions or (Permission(f"{service}:{name}"),))


def write(service: str, name: str, *permissions: Permission) -> Operation:
    """Declare a write. Without permissions given it needs the action of its own name on "*"."""
    return Operation(service, name, Access.WRITE, permissions or (Permission(f"{service}:{name}"),))
