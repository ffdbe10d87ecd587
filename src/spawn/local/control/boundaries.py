"""Permissions boundaries of users, which moto keeps for roles alone.

Source: IAM API reference, PutUserPermissionsBoundary.
"""

from __future__ import annotations

from typing import Any

from spawn.local.control import account
from spawn.local.control.duty import Duty
from spawn.local.control.messages import AwsError


def put(duty: Duty) -> dict[str, Any]:
    """Set or replace a user's boundary. Raises AwsError where either is not there."""
    check(duty)
    _set(_user(duty), str(duty.call.parameters.get("PermissionsBoundary")))
    return {}


def delete(duty: Duty) -> dict[str, Any]:
    """Take a user's boundary away. Raises AwsError where there is none."""
    user = _user(duty)
    if getattr(user, "permissions_boundary_arn", None) is None:
        raise _no_such(f"{user.name} has no permissions boundary.")
    _set(user, None)
    return {}


def check(duty: Duty) -> None:
    """A boundary is a managed policy that is there. Raises AwsError."""
    arn = duty.call.parameters.get("PermissionsBoundary")
    if arn and arn not in account.iam().managed_policies:
        raise _no_such(f"Scope ARN: {arn} does not exist or is not attachable.")


def complete_user(duty: Duty) -> None:
    """A new user has the boundary that was asked for."""
    arn = duty.call.parameters.get("PermissionsBoundary")
    if arn:
        _set(_user(duty), str(arn))


def _user(duty: Duty) -> Any:
    return account.iam().get_user(str(duty.call.parameters.get("UserName")))


def _set(user: Any, arn: str | None) -> None:
    """Where moto has it of roles, so that what shows roles shows users."""
    user.permissions_boundary_arn = arn
    user.permissions_boundary = arn and {
        "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
        "PermissionsBoundaryArn": arn,
    }


def _no_such(message: str) -> AwsError:
    return AwsError("NoSuchEntity", message, status=404)
