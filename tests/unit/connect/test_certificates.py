"""Certificates beside a key, as the real ssh-keygen signs them, and whether they are offered."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.connect.authentication import Authentication, find_authentication, offering
from spawn.connect.certificates import parse_certificate, why_unusable

SIGNED_AT = datetime(2026, 1, 27, 12, 0, tzinfo=UTC)
# ssh-keygen reads and writes local times: whoever signs and looks at once must agree on a zone.
IN_UTC = {"TZ": "UTC", "PATH": "/usr/bin:/bin"}
KINDS = [("ed25519", ()), ("ecdsa", ("-b", "384")), ("rsa", ("-b", "2048"))]


def keygen(*words: str) -> None:
    """Run ssh-keygen."""
    subprocess.run(["ssh-keygen", "-q", *words], env=IN_UTC, check=True, timeout=30)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The key of the key pair `laptop` in the person's ~/.ssh, and an authority that signs."""
    keygen("-t", "ed25519", "-N", "", "-f", str(tmp_path / "authority"))
    keygen("-t", "ed25519", "-N", "", "-f", str(tmp_path / "laptop"))
    return tmp_path / "laptop"


def sign(key: Path, *words: str, until: str = "20260127140000") -> Path:
    """Sign the key for two hours around SIGNED_AT; return the certificate."""
    authority = key.with_name("authority")
    times = ("-V", f"20260127100000:{until}") if until else ()
    keygen("-s", str(authority), "-I", "me", *times, *words, f"{key}.pub")
    return key.with_name(f"{key.name}-cert.pub")


def authentication(key: Path, told: list[str], *, user: str = "ec2-user") -> Authentication:
    """Return what is found for the key pair at SIGNED_AT."""
    return find_authentication(
        key.name,
        state_directory=key.parent / "state",
        ssh_directory=key.parent,
        user=user,
        now=SIGNED_AT,
        progress=told.append,
    )


@pytest.mark.parametrize(("kind", "size"), KINDS)
def test_every_kind_of_key_is_read(key: Path, kind: str, size: tuple[str, ...]) -> None:
    """Names and times are those that were signed, whatever the key's algorithm."""
    other = key.with_name("other")
    keygen("-t", kind, *size, "-N", "", "-f", str(other))
    certificate = parse_certificate(sign(other, "-n", "ada,ec2-user").read_text())
    assert certificate.is_for_users
    assert certificate.principals == ("ada", "ec2-user")
    assert certificate.begins == SIGNED_AT - timedelta(hours=2)
    assert certificate.ends == SIGNED_AT + timedelta(hours=2)


def test_a_certificate_that_holds_is_offered_first(key: Path) -> None:
    """It stands before the key for a minute and the bare key, and its end is said."""
    place = sign(key, "-n", "ec2-user")
    told: list[str] = []
    found = authentication(key, told)
    assert found.certificate_files == (place,)
    assert told == []
    said = offering(found, instance_connect=True)
    assert said == (
        f"offering the certificate {place} (until 2026-01-27T14:00:00Z), "
        f"a key by EC2 Instance Connect, then the key {key}"
    )


def test_one_without_an_end_says_so(key: Path) -> None:
    """`Valid: forever` is no time at all."""
    place = sign(key, "-n", "ec2-user", until="")
    assert parse_certificate(place.read_text()).ends is None
    assert "without an end" in offering(authentication(key, []), instance_connect=False)


@pytest.mark.parametrize(
    ("words", "until", "why"),
    [
        (("-n", "ada"), "20260127140000", "for ada, not for ec2-user"),
        (("-n", "ec2-user"), "20260127110000", "ended at 2026-01-27T11:00:00Z"),
        (("-h", "-n", "ec2-user"), "20260127140000", "host"),
    ],
)
def test_one_that_lets_nobody_in_is_passed_over(
    key: Path, words: tuple[str, ...], until: str, why: str
) -> None:
    """Somebody else's, one that has ended and a host's are named with the reason."""
    sign(key, *words, until=until)
    told: list[str] = []
    found = authentication(key, told)
    assert found.certificate_files == ()
    assert found.identity_files == (key,)
    assert len(told) == 1
    assert why in told[0]


def test_one_for_later_is_passed_over(key: Path) -> None:
    """A certificate that does not hold yet is not taken for one that does."""
    certificate = parse_certificate(sign(key, "-n", "ec2-user").read_text())
    early = SIGNED_AT - timedelta(hours=3)
    assert "only from" in why_unusable(certificate, user="ec2-user", now=early)


def test_a_damaged_one_is_told(key: Path) -> None:
    """Text that is no certificate is passed over, and the key is still offered."""
    key.with_name("laptop-cert.pub").write_text("ssh-ed25519-cert-v01@openssh.com AAAA me\n")
    told: list[str] = []
    assert authentication(key, told).identity_files == (key,)
    assert "passed over" in told[0]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A certificate's algorithm and base64."""
    place = tmp_path_factory.mktemp("signed")
    for name in ("authority", "laptop"):
        keygen("-t", "ed25519", "-N", "", "-f", str(place / name))
    return " ".join(sign(place / "laptop", "-n", "ec2-user").read_text().split()[:2])


@given(length=st.integers(0, 200))
def test_no_part_of_one_is_taken_for_a_whole(line: str, length: int) -> None:
    """However a certificate is cut before its end date, it is refused as ValueError."""
    with pytest.raises(ValueError, match=r".+"):
        parse_certificate(line[:length])
