"""The small pure pieces at the plane's edges: consoles, requests, ids, requirements."""

import dataclasses
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.local.plane.console import LIMIT_BYTES, ConsoleFiles
from spawn.local.plane.enclosure import UNPRIVILEGED_ID, mapped_id
from spawn.local.plane.network import link_name
from spawn.local.plane.relay import OutsideRequest, RelayError, parse_outside_request
from spawn.local.requirements import MachineFacts, judge, parse_kernel


@given(st.lists(st.binary(max_size=40_000), max_size=6))
def test_a_console_keeps_its_end(
    tmp_path_factory: pytest.TempPathFactory, texts: list[bytes]
) -> None:
    """Whatever is written in whatever pieces, the file is its last 64 KiB."""
    directory = tmp_path_factory.mktemp("console")
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        consoles = ConsoleFiles(descriptor)
        for text in texts:
            consoles.append("i-1", text)
        kept = (directory / "i-1.log").read_bytes() if texts else b""
        consoles.forget("i-1")
        consoles.forget("i-1")
    finally:
        os.close(descriptor)
    assert kept == b"".join(texts)[-LIMIT_BYTES:]
    assert list(directory.iterdir()) == []


def test_requests_from_outside_are_checked() -> None:
    """Source, host and port must be what they are called; an error says what is not."""
    good = b'{"source": "203.0.113.10", "host": "54.0.0.5", "port": 22}\n'
    assert parse_outside_request(good) == OutsideRequest("203.0.113.10", "54.0.0.5", 22)
    anywhere = b'{"host": "54.0.0.5", "port": 22}\n'
    assert parse_outside_request(anywhere) == OutsideRequest(None, "54.0.0.5", 22)
    for bad in (b"", b"[]", b"{}", good.replace(b"22", b"0"), good.replace(b"54.0.0.5", b"x")):
        with pytest.raises(RelayError):
            parse_outside_request(bad)


def test_root_becomes_a_user_that_owns_nothing() -> None:
    """Root gives itself up where it can; a user, and root of a small container, stay themselves."""
    whole = "         0          0 4294967295\n"
    assert mapped_id(0, whole) == UNPRIVILEGED_ID
    assert mapped_id(0, "0 100000 65536\n") == 0
    assert mapped_id(1000, whole) == 1000


def test_link_names_fit_linux() -> None:
    """An interface's link is named within 15 characters, and short ids stay whole."""
    assert link_name("eni-0123456789abcdef0") == "e3456789abcdef0"
    assert len(link_name("eni-0123456789abcdef0")) == 15
    assert link_name("eni-1a2b3c4d") == "e1a2b3c4d"


GOOD = MachineFacts(
    system="linux",
    kernel=(6, 1),
    programs=frozenset({"ip", "nft", "ssh", "unshare"}),
    switches={"user/max_user_namespaces": "15000"},
    is_container=False,
    trial_error=None,
)


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"system": "darwin"}, "Linux virtual machine"),
        ({"kernel": (5, 10)}, "upgrade"),
        ({"programs": frozenset({"ip", "ssh", "unshare"})}, "apt-get install -y nftables"),
        (
            {"trial_error": "x", "switches": {"kernel/unprivileged_userns_clone": "0"}},
            "sysctl -w kernel.unprivileged_userns_clone=1",
        ),
        (
            {"trial_error": "x", "switches": {"user/max_user_namespaces": "0"}},
            "sysctl -w user.max_user_namespaces=15000",
        ),
        (
            {
                "trial_error": "x",
                "switches": {"kernel/apparmor_restrict_unprivileged_userns": "1"},
            },
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        ({"trial_error": "x", "is_container": True}, "--privileged"),
        ({"trial_error": "some reason"}, "kernel"),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(changes: dict[str, object], remedy: str) -> None:
    """Each lack comes with one line that mends it."""
    facts = dataclasses.replace(GOOD, **changes)  # type: ignore[arg-type]
    (missing,) = judge(facts)
    assert remedy in missing.remedy


def test_a_switch_alone_is_no_fault() -> None:
    """Where making namespaces works, no setting is complained about."""
    switches = {"kernel/apparmor_restrict_unprivileged_userns": "1"}
    assert judge(dataclasses.replace(GOOD, switches=switches)) == ()
    assert judge(GOOD) == ()


def test_kernel_releases_are_read() -> None:
    """Distributions add all sorts of things behind the numbers."""
    assert parse_kernel("6.1.0-18-amd64") == (6, 1)
    assert parse_kernel("5.15.167.4-microsoft-standard-WSL2") == (5, 15)
    assert parse_kernel("unknown") == ()
