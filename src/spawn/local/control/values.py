"""How large secrets and parameters may be: moto takes whatever it is given.

Secrets Manager and Systems Manager user guides, "Quotas".
"""

from __future__ import annotations

from spawn.local.control.duty import Duty
from spawn.local.control.messages import AwsError

MOST_SECRET_BYTES = 65_536
MOST_PARAMETER_BYTES, MOST_ADVANCED_BYTES = 4096, 8192


def check_secret(duty: Duty) -> None:
    """Refuse a secret that is too large, as text or as bytes."""
    for member in ("SecretString", "SecretBinary"):
        if _size(duty.call.parameters.get(member)) > MOST_SECRET_BYTES:
            named = f"{member[0].lower()}{member[1:]}"
            raise AwsError(
                "ValidationException",
                f"1 validation error detected: Value at '{named}' failed to satisfy constraint: "
                f"Member must have length less than or equal to {MOST_SECRET_BYTES}",
            )


def check_parameter(duty: Duty) -> None:
    """Refuse a value that is too large for its tier; with Intelligent-Tiering one is found."""
    size, tier = _size(duty.call.parameters.get("Value")), duty.call.parameters.get("Tier")
    if size > MOST_ADVANCED_BYTES or (size > MOST_PARAMETER_BYTES and tier in (None, "Standard")):
        raise AwsError(
            "ValidationException",
            "Standard tier parameters support a maximum parameter value of "
            f"{MOST_PARAMETER_BYTES} characters, advanced ones of {MOST_ADVANCED_BYTES}.",
        )


def _size(value: object) -> int:
    match value:
        case str():
            return len(value.encode())
        case bytes():
            return len(value)
        case _:
            return 0
