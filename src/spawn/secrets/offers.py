"""What to write at a launch for a secret that an instance is to have. Pure."""

from __future__ import annotations

import re

from spawn.core.errors import InputError
from spawn.secrets.references import SecretService, parse_references
from spawn.secrets.variables import why_no_name

_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$", re.ASCII)
_NAME = "NAME"


def secret_flag(service: SecretService, identifier: str, *, name: str = "") -> str:
    """Return the `--secret` that gives it, with a word to fill in where a part is not known."""
    shown = name if name and not why_no_name(name) else _NAME
    place = "/path" if service is SecretService.SSM else "ID"
    return f"--secret {shown}={service}:{identifier or place}"


def policy_flag(service: SecretService, identifier: str) -> str:
    """Return the `--iam-policy` that lets a script read it by itself."""
    name = identifier.rpartition(":secret:")[2]
    if name != identifier:
        name = _SUFFIX.sub("", name)
    return f"--iam-policy {service}:ReadOnly{name and f'@{name}'}"


def is_named_well(service: SecretService, identifier: str) -> bool:
    """Say whether it could be the name of one: a text of somebody else's is repeated only then."""
    try:
        parse_references([f"{_NAME}={service}:{identifier}"], flag="", in_environment=False)
    except InputError:
        return False
    return True
