"""Ids and names: the shapes that AWS gives its own, and those that spawn makes."""

from __future__ import annotations

import hashlib
import re

_RESOURCE_ID = re.compile(r"([a-z]{1,8})-(?:[0-9a-f]{8}|[0-9a-f]{17})", re.ASCII)
_LAUNCH_ID = re.compile(r"l-[0-9a-f]{16}", re.ASCII)
LAUNCH_ID_BYTES = 8


def is_resource_id(text: str, kind: str) -> bool:
    """Say whether the text is an EC2 id of that kind: "i", "sg", "subnet", "vpc", "ami", "pl"."""
    match = _RESOURCE_ID.fullmatch(text)
    return match is not None and match[1] == kind


def launch_id(randomness: bytes) -> str:
    """Return the id of a launch, made of eight random bytes."""
    if len(randomness) != LAUNCH_ID_BYTES:
        raise ValueError(f"a launch id takes {LAUNCH_ID_BYTES} bytes")
    return f"l-{randomness.hex()}"


def is_launch_id(text: str) -> bool:
    """Say whether the text is the id of a launch."""
    return _LAUNCH_ID.fullmatch(text) is not None


def digest(text: str, *, length: int) -> str:
    """Return the first `length` hexadecimal digits of the text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]
