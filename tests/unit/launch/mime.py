"""User-data read as cloud-init reads it."""

from __future__ import annotations

import email.message
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any


@dataclass(frozen=True)
class Part:
    """One part: its type, and its content with the transfer encoding undone."""

    kind: str
    content: bytes


def parts_of(user_data: bytes) -> tuple[Part, ...]:
    """Return the parts in their order, those of a multipart within a multipart too."""
    is_packed = user_data.startswith(b"\x1f\x8b")
    message = message_from_bytes(gzip.decompress(user_data) if is_packed else user_data)
    return tuple(_leaves(message))


def _leaves(message: email.message.Message) -> Iterator[Part]:
    for part in message.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            yield Part(part.get_content_type(), content)


def boothook_in(user_data: bytes) -> str:
    """Return spawn's own part, which comes first, or is all there is."""
    plain = gzip.decompress(user_data)
    return (plain if plain.startswith(b"#cloud-boothook") else parts_of(plain)[0].content).decode()


def orders_in(user_data: bytes) -> Any:
    """Return what the agent is told."""
    _, _, rest = boothook_in(user_data).partition("put opt/spored/orders.json <<'EOF'\n")
    return json.loads(rest.partition("\nEOF\n")[0])
