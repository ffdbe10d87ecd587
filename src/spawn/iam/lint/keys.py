"""Condition keys looked up: in IAM's tables, names of one's own (a tag's) allowed for."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Final

from spawn.iam import reference
from spawn.iam.global_keys import GLOBAL_KEYS
from spawn.iam.reference import ConditionKey

# A piece that a person names: ${TagKey} in most tables, <key> in S3's, and what stands elsewhere.
_OWN_NAME = re.compile(r"\$\{[^}]*\}|<[^>]*>|(?<=/)(?:tag-key)?$")
# Keys of identity providers have the provider's host for a prefix, or "saml".
_PROVIDER = re.compile(r"(?:[^:]*\.[^:]*|saml|cognito-identity-(?:un)?auth):", re.IGNORECASE)
_ARRAY: Final = "ArrayOf"


def of_provider(key: str) -> bool:
    """Say whether an identity provider gives the key; there is no table of those."""
    return _PROVIDER.match(key) is not None


def find_key(key: str, services: Iterable[str]) -> ConditionKey | None:
    """Return the key: a global one, one of its own prefix's service, or of `services`."""
    folded = key.lower()
    found = _among(folded, _GLOBAL_PATTERNS, GLOBAL_KEYS)
    for service in (folded.partition(":")[0], *services):
        found = found or _among(folded, _patterns_of(service), reference.condition_keys_of(service))
    return found


def is_global(key: str) -> bool:
    """Say whether requests to every service may have the key."""
    return _among(key.lower(), _GLOBAL_PATTERNS, GLOBAL_KEYS) is not None


def known_keys(services: Iterable[str]) -> frozenset[str]:
    """Return the names of all global keys and those of the services, to look for a near one."""
    of_services = (
        found for each in services for found in reference.condition_keys_of(each).values()
    )
    return frozenset(found.key for found in (*GLOBAL_KEYS.values(), *of_services))


def is_of(key: str, names: Iterable[str]) -> bool:
    """Say whether a key is one of the names, as the tables write them."""
    folded = key.lower()
    return any(
        folded == name.lower() or (_OWN_NAME.search(name) and _pattern(name).fullmatch(folded))
        for name in names
    )


def has_many(key: ConditionKey) -> bool:
    """Say whether a request may have several values of the key."""
    return key.type.startswith(_ARRAY)


def type_of(key: ConditionKey) -> str:
    """Return the type of one value: String, ARN, Bool, Numeric, Date or IPAddress."""
    return key.type.removeprefix(_ARRAY)


def _among(
    folded: str, patterns: Mapping[str, ConditionKey], exact: Mapping[str, ConditionKey]
) -> ConditionKey | None:
    found = exact.get(folded)
    if found is not None:
        return found
    return next((key for name, key in patterns.items() if _pattern(name).fullmatch(folded)), None)


@functools.cache
def _patterns_of(service: str) -> Mapping[str, ConditionKey]:
    return _with_own_names(reference.condition_keys_of(service))


def _with_own_names(keys: Mapping[str, ConditionKey]) -> Mapping[str, ConditionKey]:
    return {name: key for name, key in keys.items() if _OWN_NAME.search(name)}


@functools.cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(".+".join(map(re.escape, _OWN_NAME.split(name.lower()))), re.DOTALL)


_GLOBAL_PATTERNS = _with_own_names(GLOBAL_KEYS)
