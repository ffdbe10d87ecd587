"""SSH public keys on one line."""

from __future__ import annotations

import base64
import re

import asyncssh
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawn.connect.publickey import parse_public_key

KINDS = {
    kind: asyncssh.generate_private_key(kind)
    for kind in ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp521")
}
LINES = {kind: key.export_public_key().decode().strip() for kind, key in KINDS.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_reads_what_ssh_libraries_write(kind: str) -> None:
    """A key of every kind keeps its bytes, and its fingerprint is the one that others compute."""
    key = parse_public_key(f"{LINES[kind]} root@ip-10-0-0-1")
    assert key.algorithm == kind
    assert key.line == LINES[kind]
    assert key.fingerprint == KINDS[kind].get_fingerprint()


@given(st.sampled_from(sorted(LINES)), st.data())
@settings(max_examples=300)
def test_a_cut_key_is_no_key(kind: str, data: st.DataObject) -> None:
    """However many of its bytes are missing at the end, what is left is refused."""
    algorithm, encoded = LINES[kind].split()
    blob = base64.b64decode(encoded)
    cut = data.draw(st.integers(min_value=0, max_value=len(blob) - 1))
    with pytest.raises(ValueError, match=r"cut short|not a whole|no known|an algorithm and"):
        parse_public_key(f"{algorithm} {base64.b64encode(blob[:cut]).decode()}")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ssh-ed25519", "an algorithm and its base64"),
        ("ssh-ed25519 !!!!", "not base64"),
        (LINES["ssh-ed25519"].replace("ssh-ed25519", "ssh-rsa"), "ssh-rsa outside and ssh-ed25519"),
        ("ssh-dss AAAAB3NzaC1kc3M=", "no known key algorithm"),
        ("x " + base64.b64encode(b"\0\0\0\x0bssh-ed25519" + b"\0\0\0\x20").decode(), "cut short"),
    ],
    ids=["no-base64", "not-base64", "two-kinds", "unknown-kind", "cut"],
)
def test_refuses_what_is_no_key(line: str, reason: str) -> None:
    """Each way in which a line fails to be a key is told."""
    with pytest.raises(ValueError, match=re.escape(reason)):
        parse_public_key(line)


@given(st.text())
def test_any_text_is_a_key_or_a_value_error(text: str) -> None:
    """No text whatever makes it fail otherwise."""
    try:
        key = parse_public_key(text)
    except ValueError:
        return
    assert parse_public_key(key.line) == key
