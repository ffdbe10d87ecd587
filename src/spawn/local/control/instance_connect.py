"""EC2 Instance Connect: a public key that an instance's SSH server accepts for a minute.

The key goes to the data plane, where metadata shows it to the instance it was sent to.
Source: https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from spawn.local.control import account
from spawn.local.control.duty import Duty
from spawn.local.control.messages import AwsError
from spawn.local.control.states import State
from spawn.local.world import EphemeralKey

LIFETIME = timedelta(seconds=60)
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9@._-]{0,30}[A-Za-z0-9$_-]?")  # API reference
_KEY_CHARACTERS = range(80, 4097)  # API reference
_ED25519_BYTES = 32  # RFC 8709 4
_LEAST_RSA_BITS = 2048  # EC2 user guide, "Connect using EC2 Instance Connect", key lengths

Keys = Mapping[str, Sequence[EphemeralKey]]  # by instance id


def send_ssh_public_key(duty: Duty) -> dict[str, Any]:
    """Make a running instance know a key for one user. Raises AwsError."""
    parameters = duty.call.parameters
    user = str(parameters.get("InstanceOSUser") or "")
    if not _USER.fullmatch(user):
        raise AwsError("InvalidArgsException", "The instance OS user is not valid.")
    key = _public_key(str(parameters.get("SSHPublicKey") or ""))
    instance_id = str(parameters.get("InstanceId") or "")
    _check_instance(instance_id, parameters.get("AvailabilityZone"), duty)
    until = (duty.now + LIFETIME).strftime(_FORMAT)
    known = duty.memory.ssh_keys.get(instance_id, ())
    others = tuple(k for k in known if (k.user, k.key) != (user, key))
    new = EphemeralKey(user=user, key=key, until=until)
    duty.memory.ssh_keys[instance_id] = (*others, new)
    return {"RequestId": str(uuid.uuid4()), "Success": True}


def _check_instance(instance_id: str, zone: str | None, duty: Duty) -> None:
    found = account.find_instance(instance_id, duty.call.region)
    if found is None or (zone is not None and zone != found.availability_zone):
        raise AwsError(
            "EC2InstanceNotFoundException", f"The specified instance {instance_id} was not found."
        )
    if duty.memory.lives[instance_id].state is not State.RUNNING:
        raise AwsError(
            "EC2InstanceStateInvalidException",
            f"Unable to connect because the instance {instance_id} is not in a valid state. "
            "Connect using the EC2 Instance Connect is supported only for instances that run.",
        )


def _public_key(text: str) -> str:
    """The type and the key of an OpenSSH line, without its comment. Raises AwsError."""
    words = text.strip().split()
    if len(text) in _KEY_CHARACTERS and len(words) >= 2 and "\n" not in text.strip():
        try:
            blob = base64.b64decode(words[1], validate=True)
            if _is_acceptable(words[0], _fields(blob)):
                return f"{words[0]} {words[1]}"
        except (binascii.Error, struct.error, ValueError):
            pass  # said below, with all else that is no key
    raise AwsError(
        "InvalidArgsException",
        "The SSH public key is not valid. Provide an RSA or ED25519 key in the OpenSSH format.",
    )


def _is_acceptable(kind: str, fields: list[bytes]) -> bool:
    """RFC 4253 6.6 (ssh-rsa: exponent, modulus) and RFC 8709 4 (ssh-ed25519: the key)."""
    if not fields or fields[0] != kind.encode():
        return False
    if kind == "ssh-ed25519":
        return len(fields) == 2 and len(fields[1]) == _ED25519_BYTES
    if kind == "ssh-rsa":
        bits = int.from_bytes(fields[2]).bit_length() if len(fields) == 3 else 0
        return bits >= _LEAST_RSA_BITS
    return False


def _fields(blob: bytes) -> list[bytes]:
    """The strings of a key's wire form (RFC 4251 5). Raises struct.error, ValueError."""
    fields = []
    while blob:
        (length,) = struct.unpack_from(">I", blob)
        if len(blob) < 4 + length:
            raise ValueError("a field is cut short")
        fields.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return fields


def end_of(key: EphemeralKey) -> datetime:
    """When a key is accepted no more."""
    return datetime.strptime(key.until, _FORMAT).replace(tzinfo=UTC)


def live_keys(keys: Keys, now: datetime) -> dict[str, tuple[EphemeralKey, ...]]:
    """The keys that are still accepted, of the instances that have any."""
    left = {name: tuple(k for k in sent if end_of(k) > now) for name, sent in keys.items()}
    return {name: sent for name, sent in left.items() if sent}
