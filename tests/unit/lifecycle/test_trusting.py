"""What instances admit, as far as their tags tell."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from spawn.connect.ssh_ca.authority import Authority
from spawn.connect.ssh_ca.revocations import Revocations
from spawn.lifecycle.trusting import Admits, outdated, trusting
from tests.unit.connect.builders import public_key
from tests.unit.lifecycle.builders import row

AUTHORITY = Authority(
    public_line=public_key().line, created_at=datetime(2026, 1, 27, tzinfo=UTC), key_file="/key"
)
OURS = AUTHORITY.fingerprint


@pytest.mark.parametrize(
    ("tag", "admits"),
    [
        (f"{OURS} 2", Admits.CURRENT),
        (f"{OURS} 3", Admits.CURRENT),
        (f"{OURS} 1", Admits.OUTDATED),
        (f"{public_key().fingerprint} 2", Admits.OTHER),
        (f"{OURS} 1 ", Admits.UNKNOWN),
        ("", Admits.UNKNOWN),
        (None, Admits.KEYS),
    ],
)
def test_a_tag_tells_what_was_brought_last(tag: str | None, admits: Admits) -> None:
    """Authority and list are compared; a tag that spawn did not write is UNKNOWN, never trust."""
    tags = {} if tag is None else {"spawn:ssh-ca": tag}
    (found,) = trusting([row(tags=tags)], AUTHORITY, Revocations(number=2))
    assert found.admits is admits
    assert outdated([found]) == ((found,) if admits is Admits.OUTDATED else ())


def test_what_has_ended_admits_nobody() -> None:
    """An instance that is gone needs no list."""
    gone = msgspec.structs.replace(row(tags={"spawn:ssh-ca": f"{OURS} 0"}), state="terminated")
    assert trusting([gone], AUTHORITY, Revocations(number=2)) == ()
