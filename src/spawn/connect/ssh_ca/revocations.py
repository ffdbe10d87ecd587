"""What the authority takes back: kept beside it, and as OpenSSH's key revocation list.

The list is made anew by ssh-keygen from all that was ever revoked, with a number that grows by one
each time: by it a running instance that has an older one is told from one that has this.
"""

from __future__ import annotations

import enum
import shlex
from datetime import datetime
from pathlib import Path

import msgspec

from spawn.connect.certificates import parse_certificate
from spawn.connect.private_files import private_scratch, read_private
from spawn.connect.programs import Programs
from spawn.connect.publickey import parse_public_key
from spawn.connect.ssh_ca.authority import Authority, authority_directory
from spawn.connect.ssh_ca.building import SERIAL_BYTES
from spawn.core.errors import AccountError, InputError
from spawn.core.replacing import replace_file

_REVOKED = "revoked.json"
_KEYGEN_TIMEOUT_SECONDS = 30


class Kind(enum.StrEnum):
    """What is revoked; the value is ssh-keygen's word for it in a list's specification."""

    SERIAL = "serial"
    KEY = "key"


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was taken back: a certificate by its number, or a key with all of its own.

    value  the number, or the public key on one line
    note   whose it was, as far as a certificate tells
    """

    kind: Kind
    value: str
    at: datetime
    note: str = ""


class Revocations(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `number` is 0 and `krl` empty where nothing was ever revoked."""

    number: int = 0
    entries: tuple[Revoked, ...] = ()
    krl: bytes = b""

    def holds(self, one: Revoked) -> bool:
        """Whether the same thing was revoked before."""
        return any((each.kind, each.value) == (one.kind, one.value) for each in self.entries)


def parse_revoked(text: str, authority: Authority, *, now: datetime) -> Revoked:
    """Understand a serial number, a certificate, or a public key.

    Raises InputError for anything else, and for a certificate that another authority signed.
    """
    if text.isascii() and text.isdigit():
        return _serial(int(text[:32]), now=now)
    line = next((line for line in text.splitlines() if line.strip()), "")
    try:
        certificate = parse_certificate(line)
    except ValueError:
        return _key(line, now=now)
    if certificate.signed_by != authority.public_key:
        raise InputError(
            "that certificate was signed by another authority",
            why="instances go by the list of the authority that they trust",
            next_command="spawn ssh-ca status",
        )
    return _serial(certificate.serial, now=now, note=certificate.key_id)


def _serial(number: int, *, now: datetime, note: str = "") -> Revoked:
    if not 0 < number < 1 << 8 * SERIAL_BYTES:
        raise InputError(f"{number} is no certificate's serial number")
    return Revoked(kind=Kind.SERIAL, value=str(number), at=now, note=note)


def _key(line: str, *, now: datetime) -> Revoked:
    try:
        key = parse_public_key(line)
    except ValueError as error:
        raise InputError(
            "that is neither a serial number, nor a certificate, nor a public key",
            why=str(error),
            next_command="spawn ssh-ca revoke --help",
        ) from error
    return Revoked(kind=Kind.KEY, value=key.line, at=now, note=key.fingerprint)


def read_revocations(state_directory: Path) -> Revocations:
    """Return what was revoked. Raises AccountError where the file is not to be relied on.

    A list that can't be read is none that says nothing was revoked.
    """
    place = authority_directory(state_directory) / _REVOKED
    text = read_private(place)
    if text is None:
        return Revocations()
    try:
        return msgspec.json.decode(text, type=Revocations)
    except msgspec.MsgspecError as error:
        raise AccountError(
            f"the revocation list in {place} can't be read",
            why=f"{error}; without it nobody knows what was revoked, so nothing is signed over it",
            next_command=shlex.join(("ls", "-l", str(place))),
        ) from error


def revoke(
    one: Revoked, authority: Authority, programs: Programs, *, state_directory: Path
) -> Revocations:
    """Add it to the list, which is kept, and return the list as it is now.

    What was revoked before is not revoked twice. Raises AccountError.
    """
    before = read_revocations(state_directory)
    if before.holds(one):
        return before
    entries = (*before.entries, one)
    number = before.number + 1
    directory = authority_directory(state_directory)
    krl = _list_of(entries, authority, programs, directory=directory, number=number)
    after = Revocations(number=number, entries=entries, krl=krl)
    replace_file(directory / _REVOKED, msgspec.json.encode(after), new_mode=0o600)
    return after


def _list_of(
    entries: tuple[Revoked, ...],
    authority: Authority,
    programs: Programs,
    *,
    directory: Path,
    number: int,
) -> bytes:
    """Return the list in OpenSSH's form (ssh-keygen(1), "KEY REVOCATION LISTS")."""
    with private_scratch(directory) as scratch:
        specification, public = scratch / "entries", scratch / "authority.pub"
        lines = (f"{one.kind.value}: {one.value}\n" for one in entries)
        specification.write_text("".join(lines), encoding="ascii")
        public.write_text(f"{authority.public_line}\n", encoding="ascii")
        place = scratch / "krl"
        words = ("-k", "-f", str(place), "-z", str(number), "-s", str(public), str(specification))
        ended = programs.run(("ssh-keygen", "-q", *words), timeout_seconds=_KEYGEN_TIMEOUT_SECONDS)
        if ended.returncode != 0 or not place.exists():
            raise AccountError(
                "ssh-keygen could not make the revocation list",
                why=ended.stderr.decode("utf-8", "replace").strip(),
                next_command="spawn ssh-ca status",
            )
        return place.read_bytes()
