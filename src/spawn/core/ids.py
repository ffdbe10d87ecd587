"""Ids and names: the shapes that AWS gives its own, and those that spawn makes."""

from __future__ import annotations

import hashlib
import re

_RESOURCE_ID = re.compile(r"([a-z]{1,8})-(?:[0-9a-f]{8}|[0-9a-f]{17})", re.ASCII)
_LAUNCH_ID = re.compile(r"l-[0-9a-f]{16}", re.ASCII)
LAUNCH_ID_BYTES = 8
# useradd(8), "CAVEATS": what Linux distributions take as a user's name, with the capitals and dots
# that directories add. Never a dash first: it would be read as an option.
LOGIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", re.ASCII)
# Route 53 API Reference, HostedZone, Id.
HOSTED_ZONE_ID = re.compile(r"[A-Z0-9]{1,32}", re.ASCII)
# RFC 1035, 2.3.4, and RFC 1123, 2.1: what a host's name may be; here in lower case.
_LONGEST_HOST_NAME = 253
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}", re.ASCII)


def is_resource_id(text: str, kind: str) -> bool:
    """Say whether the text is an EC2 id of that kind: "i", "sg", "subnet", "vpc", "ami", "pl"."""
    match = _RESOURCE_ID.fullmatch(text)
    return match is not None and match[1] == kind


def is_host_name(text: str) -> bool:
    """Say whether the text is a host's whole name, in lower case and without a final dot."""
    return len(text) <= _LONGEST_HOST_NAME and _HOST_NAME.fullmatch(text) is not None


def launch_id(randomness: bytes) -> str:
    """Return the id of a launch, made of eight random bytes."""
    if len(randomness) != LAUNCH_ID_BYTES:
        raise ValueError(f"a launch id takes {LAUNCH_ID_BYTES} bytes")
    return f"l-{randomness.hex()}"


def is_launch_id(text: str) -> bool:
    """Say whether the text is the id of a launch."""
    return _LAUNCH_ID.fullmatch(text) is not None


def launch_token(launch_id: str, place: str) -> str:
    """Return the client token with which a launch asks for its instance in one place."""
    return f"{launch_id}-{place}"


def is_launch_token(token: str, launch_id: str) -> bool:
    """Say whether an instance's client token shows that this launch made it.

    Anybody who may put tags can claim that spawn made an instance; its client token is what
    RunInstances was given, and nobody can change it afterwards.
    """
    return is_launch_id(launch_id) and token.startswith(f"{launch_id}-")


def digest(text: str, *, length: int) -> str:
    """Return the first `length` hexadecimal digits of the text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]
