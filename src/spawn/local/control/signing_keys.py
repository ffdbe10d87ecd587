"""KMS's asymmetric keys where moto differs: what their public half is shown with, and their states.

Source: KMS API Reference, GetPublicKey and Sign; its developer guide, "Key states".
"""

from __future__ import annotations

from typing import Any

from spawn.local.control.duty import Duty
from spawn.local.control.lookups import find_key
from spawn.local.control.messages import AwsError

_SYMMETRIC = "SYMMETRIC_DEFAULT"


def get_public_key(duty: Duty) -> dict[str, Any] | None:
    """The public half, by the key's ARN and with its spec; moto has it of what has none, too."""
    key = find_key(duty.call.parameters.get("KeyId") or "", duty.call.region)
    if key is None:
        return None
    if key.key_spec == _SYMMETRIC:
        raise AwsError(
            "UnsupportedOperationException",
            f"{key.arn} key usage is {key.key_usage}, no public key.",
        )
    _check_state(key)
    return {
        "KeyId": key.arn,
        "PublicKey": key.private_key.public_key(),
        "CustomerMasterKeySpec": key.key_spec,
        "KeySpec": key.key_spec,
        "KeyUsage": key.key_usage,
        "SigningAlgorithms": key.signing_algorithms,
    }


def check_signing(duty: Duty) -> None:
    """Refuse what is disabled or going to be deleted; moto signs with anything."""
    key = find_key(duty.call.parameters.get("KeyId") or "", duty.call.region)
    if key is not None:
        _check_state(key)


def _check_state(key: Any) -> None:
    if key.key_state == "Disabled":
        raise AwsError("DisabledException", f"{key.arn} is disabled.")
    if key.key_state == "PendingDeletion":
        raise AwsError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
