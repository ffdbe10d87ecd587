"""Certificates on the way to an instance: signed for a try, and what is said where they fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spawn.aws.ec2 import Instance
from spawn.aws.operation import Answer, Operation
from spawn.aws.shapes import TagShape
from spawn.connect.authentication import signed_elsewhere
from spawn.connect.connect import connect, run
from spawn.connect.destination import Login
from spawn.connect.finding import by_certificate_only, find_way
from spawn.connect.forwarding import parse_forwarding
from spawn.connect.keys import PersonalKey, personal_key
from spawn.connect.patience import in_silence
from spawn.connect.programs import Completed, LocalPrograms
from spawn.connect.routes import Route
from spawn.connect.ssh_ca.authority import Authority, file_authority
from spawn.connect.ssh_ca.certifying import Certification
from spawn.connect.ssh_ca.signing import Signer, wanted_certificate
from spawn.connect.way import Way
from spawn.core.errors import AccountError
from tests.unit.connect.builders import (
    INSTANCE_ID,
    LAUNCHED,
    FakeTime,
    ScriptedPrograms,
    ScriptedWriter,
    cloud,
    console_text,
    instance,
    machine,
    public_key,
)

HOST_KEY, AUTHORITY = public_key(), public_key()
REFUSED = (
    Completed(returncode=255, stdout=b"", stderr=b""),
    "ec2-user@198.51.100.7: Permission denied (publickey).\r\n",
)
DONE = (
    Completed(returncode=0, stdout=b"", stderr=b""),
    'Authenticated to 198.51.100.7 ([198.51.100.7]:22) using "publickey".\r\n',
)


def tagged(owner: str = "alice", number: int = 0, **changed: Any) -> Instance:
    """An instance that says whose certificates it admits."""
    mark = f"{AUTHORITY.fingerprint} {number}"
    tags = (TagShape(key="spawn:ssh-ca", value=mark), TagShape(key="owner", value=owner))
    return instance(tags=tags, **changed)


def aws(operation: Operation, _: Mapping[str, Any]) -> Answer:
    """Show the host key on the console."""
    assert operation.name == "GetConsoleOutput"
    return {"Output": console_text(HOST_KEY)}


def way_to(place: Path, programs: ScriptedPrograms, target: Instance, told: list[str]) -> Way:
    """The way to an instance from a machine that has no authority."""
    return find_way(
        target,
        cloud(ScriptedWriter(aws)),
        machine(place, programs),
        login=Login(user="ec2-user", has_instance_connect=True),
        now=LAUNCHED,
        patience=FakeTime().patience(0),
        progress=told.append,
    )


@dataclass
class Signing:
    """Signs nothing, and remembers what for; `seen` is what the file held when ssh started."""

    asked: list[bool] = field(default_factory=list)

    def __call__(self, *, forwards: bool) -> str:
        """Return a line that is no certificate."""
        self.asked.append(forwards)
        return f"certificate {len(self.asked)}"

    def certification(self, place: Path) -> Certification:
        """What a connection is given."""
        key = PersonalKey(private_path=place / "own", public_key=public_key())
        authority = Authority(
            public_line=AUTHORITY.line, created_at=datetime.now(UTC), key_file="/key"
        )
        return Certification(
            certify=self,
            authority=authority,
            principal="owner:alice",
            key=key,
            standing=place / "standing-cert.pub",
        )


def certificates_of(words: tuple[str, ...]) -> list[str]:
    """The certificates that ssh is given."""
    return [word for word in words if word.startswith("CertificateFile=")]


def test_a_try_shows_a_fresh_certificate_that_is_gone_afterwards(tmp_path: Path) -> None:
    """ssh is given one file in a scratch directory, and never the one of plain ssh."""
    programs, signing = ScriptedPrograms([DONE]), Signing()
    way = by_certificate_only(
        way_to(tmp_path, programs, tagged(), []), signing.certification(tmp_path)
    )
    run(way, ("true",), patience=FakeTime().patience(0))
    (shown,) = certificates_of(programs.started[0])
    assert shown.endswith('/fresh-cert.pub"')
    assert "standing" not in shown
    assert not [*tmp_path.rglob("fresh-cert.pub")]
    assert signing.asked == [False]
    assert f'IdentityFile="{tmp_path / "own"}"' in programs.started[0]
    assert way.send_key is None


def test_ports_are_signed_for_where_they_are_forwarded(tmp_path: Path) -> None:
    """A connection that carries ports, and a bastion that leads on, may forward; others may not."""
    programs, signing, between = ScriptedPrograms([DONE]), Signing(), Signing()
    found = way_to(tmp_path, programs, tagged(), [])
    way = by_certificate_only(found, signing.certification(tmp_path))
    forwarding = parse_forwarding(["8080:localhost:80"], [], [], only=True)
    patience = FakeTime().patience(0)
    connect(way, terminal=False, patience=patience, forwarding=forwarding)
    assert signing.asked == [True]
    other = replace(found.target, instance_id="i-0bbbbbbbbbbbbbbbb")
    bastion = by_certificate_only(replace(found, target=other), between.certification(tmp_path))
    behind = replace(way, bastion=bastion, route=Route.BASTION)
    run(behind, ("true",), patience=patience)
    assert signing.asked == [True, False]
    assert between.asked == [True]
    assert behind.first_certification is way.certification
    assert replace(behind, certification=None).first_certification is bastion.certification


@pytest.mark.parametrize(
    ("owner", "words"),
    [
        ("alice", "its clock is wrong"),
        ("bob", "it is 'bob''s, and admits certificates for its owner"),
        ("\x1b[2J", "admits certificates for its owner"),
    ],
)
def test_a_refused_certificate_is_explained(owner: str, words: str, tmp_path: Path) -> None:
    """What the server keeps to its log is guessed from what is known here."""
    way = by_certificate_only(
        way_to(tmp_path, ScriptedPrograms([REFUSED]), tagged(owner), []),
        Signing().certification(tmp_path),
    )
    with pytest.raises(AccountError, match="with a certificate for owner:alice") as caught:
        run(way, ("true",), patience=FakeTime().patience(0))
    assert words in caught.value.why
    assert caught.value.next_command == "spawn ssh-ca status"


def test_without_its_authority_an_instance_s_wish_is_told(tmp_path: Path) -> None:
    """Before and after the try it is said whose certificates are admitted; no key is sent."""
    told: list[str] = []
    way = way_to(tmp_path, ScriptedPrograms([REFUSED]), tagged(), told)
    assert told[0] == (
        f"it admits certificates of the authority {AUTHORITY.fingerprint} alone, "
        "and there is none here"
    )
    assert way.send_key is None
    with pytest.raises(AccountError, match=f"{INSTANCE_ID} lets in nobody without") as caught:
        run(way, ("true",), patience=FakeTime().patience(0))
    assert AUTHORITY.fingerprint in caught.value.why


def test_a_certificate_that_somebody_else_signed_is_shown(tmp_path: Path) -> None:
    """Beside one's own key, it is offered whomever it is for: the instance knows its owners."""
    key = personal_key(tmp_path / "state", LocalPrograms())
    place = tmp_path / "theirs" / "key"
    theirs = file_authority(place, LocalPrograms(), now=datetime.now(UTC), passphrase=False)
    signer = Signer(
        authority=theirs, programs=LocalPrograms(), directory=tmp_path, randomness=bytes
    )
    now = datetime.now(UTC)
    wanted = wanted_certificate(key.public_key, ("owner:alice",), now=now, serial=bytes(8))
    beside = key.private_path.with_name(f"{key.private_path.name}-cert.pub")
    beside.write_text(signer.sign(wanted))
    found = signed_elsewhere(tmp_path / "state", now=now, progress=in_silence)
    assert found.certificate_files == (beside,)
    later = now + timedelta(hours=1)
    assert (
        signed_elsewhere(tmp_path / "state", now=later, progress=in_silence).certificate_files == ()
    )


def test_a_tag_that_makes_no_sense_changes_nothing(tmp_path: Path) -> None:
    """Whoever may put tags can't keep a key for a minute from an instance by nonsense."""
    odd = instance(tags=(TagShape(key="spawn:ssh-ca", value="SHA256:x 1"),))
    told: list[str] = []
    assert way_to(tmp_path, ScriptedPrograms([DONE]), odd, told).send_key is not None
    assert not any("authority" in one for one in told)
