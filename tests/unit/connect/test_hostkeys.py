"""Host keys in consoles and in known_hosts files."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawn.connect.hostkeys import (
    ConsoleKeys,
    host_key_algorithms,
    known_hosts_text,
    parse_known_hosts,
    read_console,
)
from tests.unit.connect.builders import INSTANCE_ID, console_text, public_key

ED25519, RSA, OTHER = public_key(), public_key("ssh-rsa"), public_key()
EXPECTED = ConsoleKeys(
    keys=(ED25519, RSA), fingerprints=tuple(sorted((ED25519.fingerprint, RSA.fingerprint)))
)


@pytest.mark.parametrize(
    "prefix", ["", "ec2: ", "<14>Jan 27 12:00:01 ec2: ", "[   12.345678] cloud-init[812]: "]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_reads_cloud_init_whatever_stands_before_its_lines(prefix: str, end: str) -> None:
    """Keys and fingerprints are found behind the prefixes that images put before console lines."""
    assert read_console(console_text(ED25519, RSA, prefix=prefix, end=end)) == EXPECTED


@given(st.integers(min_value=0, max_value=len(console_text(ED25519, RSA))))
@settings(max_examples=300)
def test_a_cut_console_never_yields_a_wrong_key(cut: int) -> None:
    """Wherever a console ends, it shows all the keys or none of them."""
    seen = read_console(console_text(ED25519, RSA)[:cut])
    assert seen.keys in ((), EXPECTED.keys)
    assert seen.fingerprints in ((), EXPECTED.fingerprints)


@given(st.text(), st.text())
def test_other_text_is_passed_over(before: str, after: str) -> None:
    """Whatever else a console holds before and after, the keys are read."""
    text = f"{before}\n{console_text(ED25519, RSA)}{after}"
    assert read_console(text).keys == EXPECTED.keys


def test_keys_outside_the_block_are_not_host_keys() -> None:
    """A key that a script prints elsewhere, an authorized key for one, is nobody's host key."""
    assert read_console(f"{OTHER.line}\n{console_text(ED25519)}{OTHER.line}\n").keys == (ED25519,)


def test_the_last_whole_block_counts() -> None:
    """Of two boots on one console the later one speaks, and one that is still writing does not."""
    twice = console_text(OTHER) + console_text(ED25519)
    assert read_console(twice).keys == (ED25519,)
    writing = f"-----BEGIN SSH HOST KEY KEYS-----\n{RSA.line}\n"
    assert read_console(console_text(ED25519) + writing).keys == (ED25519,)
    assert read_console(writing + console_text(ED25519)).keys == (ED25519,)


def test_a_damaged_line_is_passed_over() -> None:
    """A key whose base64 lost a character in transmission does not become another key."""
    damaged = console_text(ED25519, RSA).replace(RSA.line, RSA.line[:60] + RSA.line[61:])
    assert read_console(damaged).keys == (ED25519,)


def test_fingerprints_are_known_without_keys() -> None:
    """A console that shows fingerprints only still says which keys it means."""
    text = console_text(ED25519).split("-----BEGIN SSH HOST KEY KEYS")[0]
    assert read_console(text) == ConsoleKeys(fingerprints=(ED25519.fingerprint,))


def test_the_agent_tells_a_fingerprint_when_the_rest_has_moved_on() -> None:
    """Of a console that keeps only what came last, the last heartbeat's fingerprint counts."""
    beat = "spored: {} 2026-01-27T12:00:00Z watching until 2026-01-27T20:00:00Z order 00000000 {}"
    lines = (beat.format(1, OTHER.fingerprint), beat.format(2, ED25519.fingerprint), "done")
    text = "\r\n".join(lines)
    assert read_console(text) == ConsoleKeys(fingerprints=(ED25519.fingerprint,))
    assert read_console(console_text(RSA) + text).fingerprints == (RSA.fingerprint,)


def test_known_hosts_round_trip() -> None:
    """What is pinned is read back the same, under the instance's id."""
    text = known_hosts_text(INSTANCE_ID, (ED25519, RSA))
    assert parse_known_hosts(text, INSTANCE_ID) == (ED25519, RSA)
    assert text.startswith(f"{INSTANCE_ID} ssh-ed25519 ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"i-0fffffffffffffff0 {ED25519.line}\n",
        f"* {ED25519.line}\n",
        f"@cert-authority * {ED25519.line}\n",
        f"{INSTANCE_ID} {ED25519.line[:-9]}\n",
        f"{INSTANCE_ID} {ED25519.line}\n* {OTHER.line}\n",
    ],
    ids=["empty", "other-instance", "any-host", "authority", "cut", "one-more"],
)
def test_known_hosts_of_any_other_content_is_refused(text: str) -> None:
    """A pin that says more, less or other than the instance's keys is no pin."""
    with pytest.raises(ValueError, match=r"no key|not about|cut short|not a whole|not base64"):
        parse_known_hosts(text, INSTANCE_ID)


def test_only_pinned_kinds_are_asked_for() -> None:
    """RSA keys sign with SHA-2, never with the SHA-1 of their own name."""
    assert host_key_algorithms((ED25519,)) == ("ssh-ed25519",)
    assert host_key_algorithms((RSA,)) == ("rsa-sha2-512", "rsa-sha2-256")
