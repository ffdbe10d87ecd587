"""The authority of a machine: made once, signing, taking back; by the real ssh-keygen."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from spawn.aws.sts import Identity, Introduction
from spawn.connect.certificates import parse_certificate
from spawn.connect.programs import LocalPrograms
from spawn.connect.publickey import PublicKey
from spawn.connect.ssh_ca.authority import (
    Authority,
    default_key_file,
    existing_authority,
    file_authority,
    keep_authority,
    kept,
    one_place,
    require_authority,
)
from spawn.connect.ssh_ca.building import Wanted
from spawn.connect.ssh_ca.certifying import check_clock
from spawn.connect.ssh_ca.fresh import FreshCertificate
from spawn.connect.ssh_ca.revocations import Revocations, parse_revoked, read_revocations, revoke
from spawn.connect.ssh_ca.signing import (
    Signer,
    check_not_revoked,
    checked_networks,
    checked_valid,
    wanted_certificate,
)
from spawn.connect.ssh_ca.standing import (
    is_still_good,
    signing_command,
    standing_certificate,
    write_certificate,
)
from spawn.connect.ssh_ca.trust import parse_mark, trust_in
from spawn.core.errors import AccountError, InputError
from tests.unit.connect.builders import public_key

SECRET = "canary-passphrase-5b1f"
ALICE = ("owner:alice",)


def programs(**variables: str) -> LocalPrograms:
    """The machine's own programs, with no agent and no terminal but those that are given."""
    return LocalPrograms({"PATH": "/usr/bin:/bin", **variables})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def authority(state: Path) -> Authority:
    """An authority with its key in a file."""
    made = file_authority(
        default_key_file(state), programs(), now=datetime.now(UTC), passphrase=False
    )
    assert keep_authority(state, made)
    return made


def signer(authority: Authority, place: Path, **variables: str) -> Signer:
    """Whatever signs with an authority's key."""
    return Signer(
        authority=authority,
        programs=programs(**variables),
        directory=place,
        randomness=os.urandom,
    )


def wanted(key: PublicKey, **said: Any) -> Wanted:
    """A certificate for alice that begins now."""
    return wanted_certificate(key, ALICE, now=datetime.now(UTC), serial=os.urandom(8), **said)


def signed(authority: Authority, state: Path, key: PublicKey, **said: Any) -> str:
    """A certificate for alice's key."""
    return signer(authority, state / "ssh-ca").sign(wanted(key, **said))


def is_revoked(state: Path, after: Revocations, line: str) -> bool:
    """Whether OpenSSH finds a key or certificate in the revocation list."""
    krl, place = state / "krl", state / "asked.pub"
    krl.write_bytes(after.krl)
    place.write_text(f"{line}\n", encoding="utf-8")
    words = ["ssh-keygen", "-Q", "-f", str(krl), str(place)]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert ended.stdout.strip().endswith(("REVOKED", "ok")), ended.stderr
    return ended.returncode != 0


def test_an_authority_is_made_once(authority: Authority, state: Path) -> None:
    """It is kept private, found again, and never replaced by another of that machine."""
    assert existing_authority(state) == authority
    assert kept(state, key_file=None, kms_key=None, new_in_kms=False) == authority
    files = [place for place in (state / "ssh-ca").iterdir() if place.is_file()]
    assert {place.stat().st_mode & 0o777 for place in files} == {0o600}
    assert (state / "ssh-ca").stat().st_mode & 0o777 == 0o700
    assert not keep_authority(state, msgspec.structs.replace(authority, key_file="/other"))
    assert existing_authority(state) == authority
    for other in (
        {"key_file": "/elsewhere", "kms_key": None, "new_in_kms": False},
        {"key_file": None, "kms_key": "alias/ours", "new_in_kms": False},
        {"key_file": None, "kms_key": None, "new_in_kms": True},
    ):
        with pytest.raises(InputError, match="has an authority already"):
            kept(state, **other)


def test_a_key_that_is_there_is_taken(authority: Authority, state: Path, tmp_path: Path) -> None:
    """A key file that exists is used as it is: two machines may share an authority."""
    again = file_authority(
        Path(authority.key_file), programs(), now=datetime.now(UTC), passphrase=False
    )
    assert again.public_line == authority.public_line
    Path(authority.key_file).chmod(0o644)
    with pytest.raises(AccountError, match="open to other users"):
        file_authority(
            Path(authority.key_file), programs(), now=datetime.now(UTC), passphrase=False
        )
    (tmp_path / "no-key").write_text("hello")
    (tmp_path / "no-key").chmod(0o600)
    with pytest.raises(AccountError, match="can't be an authority's key"):
        file_authority(tmp_path / "no-key", programs(), now=datetime.now(UTC), passphrase=False)


def test_without_an_authority_it_is_said_how_to_get_one(state: Path) -> None:
    """The words say why it is needed, and what to type."""
    with pytest.raises(InputError) as refused:
        require_authority(state, why="it signs")
    assert "it signs" in refused.value.why
    assert refused.value.next_command == "spawn ssh-ca init"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}",
        '{"format": 2, "public_line": "@", "created_at": "2026-01-01T00:00:00Z", "key_file": "k"}',
        '{"public_line": "ssh-ed25519 A", "created_at": "2026-01-01T00:00:00Z", "key_file": "k"}',
        '{"public_line": "@", "created_at": "2026-01-01T00:00:00Z"}',
        '{"public_line": "@", "created_at": "2026-01-01T00:00:00Z", "key_file":"k","kms_key":"k"}',
        '{"public_line": "@", "created_at": "2026-01-01T00:00:00Z", "kms_key": "alias/x"}',
    ],
)
def test_a_spoilt_authority_is_refused_with_the_way_out(text: str, state: Path) -> None:
    """What can't be understood is never taken for an authority, nor for none."""
    place = state / "ssh-ca" / "authority.json"
    place.parent.mkdir(parents=True)
    place.write_text(text.replace("@", public_key().line))
    place.chmod(0o600)
    with pytest.raises(AccountError, match="can't be read"):
        existing_authority(state)


def test_a_certificate_lasts_for_minutes(authority: Authority, state: Path) -> None:
    """It is for one owner and one key, for five minutes, and for a shell alone."""
    key = public_key()
    found = parse_certificate(signed(authority, state, key))
    assert (found.key, found.signed_by) == (key, authority.public_key)
    assert found.principals == ALICE
    assert found.key_id.startswith("owner:alice@20")
    assert found.ends is not None
    assert found.ends - found.begins == timedelta(minutes=6)
    assert found.begins < datetime.now(UTC) - timedelta(seconds=55)
    assert found.extensions == ("permit-pty",)
    wide = parse_certificate(
        signed(authority, state, key, forwards=True, source_addresses=("192.0.2.0/24",))
    )
    assert wide.extensions == ("permit-port-forwarding", "permit-pty")
    assert wide.options == (("source-address", "192.0.2.0/24"),)
    assert wide.serial != found.serial
    assert not [*(state / "ssh-ca").glob(".scratch-*")]


def test_a_key_file_that_was_exchanged_is_noticed(authority: Authority, state: Path) -> None:
    """What another key signs is not handed out as the authority's."""
    Path(authority.key_file).unlink()
    file_authority(Path(authority.key_file), programs(), now=datetime.now(UTC), passphrase=False)
    with pytest.raises(AccountError, match="not what was asked for"):
        signed(authority, state, public_key())
    Path(authority.key_file).unlink()
    with pytest.raises(AccountError, match="ssh-keygen could not sign"):
        signed(authority, state, public_key())


@pytest.fixture
def asking(tmp_path: Path) -> dict[str, str]:
    """An ssh-askpass that knows the passphrase, and what has OpenSSH ask it."""
    askpass = tmp_path / "askpass"
    askpass.write_text(f"#!/bin/sh\necho {SECRET}\n")
    askpass.chmod(0o700)
    return {"SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force"}


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An ssh-agent of the test's own."""
    socket = tmp_path / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL) as one:
        try:
            while not socket.exists():
                assert one.poll() is None
            yield {"SSH_AUTH_SOCK": str(socket)}
        finally:
            one.terminate()


def test_a_passphrase_is_asked_for_or_spared_by_the_agent(
    state: Path, asking: dict[str, str], agent: dict[str, str]
) -> None:
    """A protected key signs where the passphrase is given, or where ssh-agent holds the key."""
    made = file_authority(
        default_key_file(state), programs(**asking), now=datetime.now(UTC), passphrase=True
    )
    asked, place = wanted(public_key()), state / "ssh-ca"
    silent = {"SSH_ASKPASS": "/bin/false", "SSH_ASKPASS_REQUIRE": "force"}
    with pytest.raises(AccountError, match="ssh-keygen could not sign"):
        signer(made, place, **silent).sign(asked)
    assert parse_certificate(signer(made, place, **asking).sign(asked)).key == asked.key
    assert programs(**asking, **agent).run(("ssh-add", made.key_file)).returncode == 0
    spared = signer(made, place, **silent, **agent).sign(asked)
    assert parse_certificate(spared).signed_by == made.public_key


def test_what_is_revoked_stays_revoked(authority: Authority, state: Path) -> None:
    """Serial numbers and keys join one list, which OpenSSH understands; others stay good."""
    now, key, other = datetime.now(UTC), public_key(), public_key()
    gone, good = signed(authority, state, key), signed(authority, state, key)
    after = revoke(
        parse_revoked(gone, authority, now=now), authority, programs(), state_directory=state
    )
    assert after.number == 1
    assert is_revoked(state, after, gone)
    assert not is_revoked(state, after, good)
    serial = str(parse_certificate(gone).serial)
    again = parse_revoked(serial, authority, now=now)
    assert revoke(again, authority, programs(), state_directory=state) == after
    by_key = parse_revoked(f"{key.line} me", authority, now=now)
    after = revoke(by_key, authority, programs(), state_directory=state)
    assert after.number == 2
    assert is_revoked(state, after, good)
    assert is_revoked(state, after, gone)
    assert is_revoked(state, after, key.line)
    assert not is_revoked(state, after, signed(authority, state, other))
    assert read_revocations(state) == after
    with pytest.raises(InputError, match="was revoked"):
        check_not_revoked(key, after)
    check_not_revoked(other, after)
    assert trust_in(authority, after).mark == f"{authority.fingerprint} 2"


def test_a_list_that_is_lost_half_way_revokes_nothing_by_mistake(
    authority: Authority, state: Path
) -> None:
    """A spoilt list is an error, and not an empty one."""
    (state / "ssh-ca" / "revoked.json").write_text('{"number": 3')
    (state / "ssh-ca" / "revoked.json").chmod(0o600)
    with pytest.raises(AccountError, match="can't be read"):
        read_revocations(state)


@pytest.mark.parametrize(
    "word", ["0", str(2**64), "9" * 400, "-1", "", "serial", "ssh-ed25519 AAAA"]
)
def test_what_is_nothing_to_revoke_is_refused(word: str, authority: Authority) -> None:
    """A word that names no certificate and no key is not put into a list."""
    with pytest.raises(InputError):
        parse_revoked(word, authority, now=datetime.now(UTC))


def test_a_strangers_certificate_is_not_revoked_here(
    authority: Authority, state: Path, tmp_path: Path
) -> None:
    """Its number may be one of ours, for somebody else."""
    other = file_authority(tmp_path / "o/key", programs(), now=datetime.now(UTC), passphrase=False)
    foreign = signed(other, state, public_key())
    with pytest.raises(InputError, match="another authority"):
        parse_revoked(foreign, authority, now=datetime.now(UTC))


def test_a_connection_signs_anew_before_its_certificate_ends(tmp_path: Path) -> None:
    """One certificate serves the tries of four minutes, then there is another; it is private."""
    time, signed_for = [0.0], list[bool]()

    def certify(*, forwards: bool) -> str:
        signed_for.append(forwards)
        return f"line {len(signed_for)}"

    fresh = FreshCertificate(
        certify=certify, scratch=tmp_path, clock=lambda: time[0], forwards=True
    )
    assert fresh.offered().read_text() == "line 1\n"
    time[0] = 240.0
    assert fresh.offered().read_text() == "line 1\n"
    time[0] = 241.0
    assert fresh.offered().read_text() == "line 2\n"
    assert fresh.offered().stat().st_mode & 0o777 == 0o600
    assert signed_for == [True, True]


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(seconds=50), ""),
        (timedelta(minutes=-3), ""),
        (timedelta(minutes=2), "2m ahead of AWS's"),
        (timedelta(minutes=-9), "9m behind AWS's"),
    ],
)
def test_a_wrong_clock_signs_nothing(ahead: timedelta, words: str) -> None:
    """What no instance would find valid is not signed, and it is said which clock is wrong."""
    now = datetime(2026, 1, 27, 12, 0, tzinfo=UTC)
    who = Identity(account="1" * 12, arn="a", user_id="u", partition="aws", owner="alice")
    introduced = Introduction(identity=who, answered_at=now - ahead)
    if not words:
        check_clock(introduced, now=now)
        return
    with pytest.raises(AccountError, match=words):
        check_clock(introduced, now=now)
    check_clock(msgspec.structs.replace(introduced, answered_at=None), now=now)


def test_a_standing_certificate_is_signed_anew_in_time(authority: Authority, state: Path) -> None:
    """Plain ssh's certificate serves while it is this authority's, this key's, and lasts."""
    key, now = public_key(), datetime.now(UTC)
    place = standing_certificate(state, "owner:alice/../../x")
    assert place.parent == state / "ssh-ca" / "certificates"
    assert not is_still_good(place, by=authority.public_key, of=key, now=now)
    write_certificate(place, signed(authority, state, key))
    by = authority.public_key
    assert is_still_good(place, by=by, of=key, now=now)
    assert not is_still_good(place, by=by, of=key, now=now + timedelta(minutes=4, seconds=30))
    assert not is_still_good(place, by=by, of=key, now=now - timedelta(minutes=2))
    assert not is_still_good(place, by=by, of=public_key(), now=now)
    assert not is_still_good(place, by=public_key(), of=key, now=now)
    assert place.stat().st_mode & 0o777 == 0o600
    place.write_text("nonsense")
    assert not is_still_good(place, by=by, of=key, now=now)


def test_plain_ssh_is_told_of_aws_only_where_kms_signs(tmp_path: Path) -> None:
    """A profile goes along where KMS is asked; a path reaches the shell as it is."""
    place = tmp_path / "100% mine"
    plain = signing_command(place, "owner:a", program=("/opt/spawn",), profile="p", local=True)
    assert "--profile" not in plain
    assert "--local" not in plain
    assert "'" + str(place).replace("%", "%%") + "'" in plain
    in_kms = signing_command(
        place, "owner:a", program=("/opt/spawn",), kms_region="eu-west-1", profile="p", local=True
    )
    assert in_kms.endswith("--region eu-west-1 --profile p --local")


@pytest.mark.parametrize(
    "words",
    [
        {"key_file": "k", "kms_key": "k", "new_in_kms": False, "passphrase": False},
        {"key_file": None, "kms_key": "k", "new_in_kms": True, "passphrase": False},
        {"key_file": None, "kms_key": None, "new_in_kms": True, "passphrase": True},
    ],
)
def test_a_key_lies_in_one_place(words: dict[str, object]) -> None:
    """Two places, or a passphrase for what never leaves KMS, are refused."""
    with pytest.raises(InputError, match="exclude each other"):
        one_place(**words)  # type: ignore[arg-type]


def test_limits_of_what_is_signed_by_hand() -> None:
    """A certificate ends within half a day, and an address is a network."""
    assert checked_valid("12h") == timedelta(hours=12)
    with pytest.raises(InputError, match="longer than 12h"):
        checked_valid("12h1s")
    assert checked_networks(["192.0.2.7", "2001:db8::/32"]) == ("192.0.2.7/32", "2001:db8::/32")
    with pytest.raises(InputError, match="--source-address"):
        checked_networks(["192.0.2.7,0.0.0.0/0"])


@pytest.mark.parametrize("text", ["", "SHA256:x 1", f"SHA256:{'A' * 43}", f"SHA256:{'A' * 43} -1"])
def test_a_tag_that_spawn_did_not_write_says_nothing(text: str) -> None:
    """Whoever puts tags can't have an odd one read as trust."""
    assert parse_mark(text) is None
