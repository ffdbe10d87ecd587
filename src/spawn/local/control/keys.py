"""KMS: keys switched on and off by whichever of their names; moto knows an id alone."""

from __future__ import annotations

from typing import Any

from spawn.local.control.duty import Duty
from spawn.local.control.lookups import find_key


def disable_key(duty: Duty) -> Any:
    """Switch a key off. What is no key is left to moto, which says so."""
    return _switched(duty, is_on=False)


def enable_key(duty: Duty) -> Any:
    """Switch a key on. What is no key is left to moto, which says so."""
    return _switched(duty, is_on=True)


def _switched(duty: Duty, *, is_on: bool) -> Any:
    """KMS API Reference, DisableKey, KeyId: an id or an ARN, and no alias."""
    identifier = duty.call.parameters.get("KeyId") or ""
    if ":key/" not in identifier:
        return None
    key = find_key(identifier, duty.call.region)
    if key is None:
        return None
    key.enabled, key.key_state = is_on, "Enabled" if is_on else "Disabled"
    return {}
