"""The authority of this machine: which key it signs with, and where that lies.

A small private file says so. The key itself lies in a file, made by ssh-keygen, or in KMS, from
where it never comes out.
"""

from __future__ import annotations

import shlex
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from spawn.connect.keys import generate_key, is_protected, public_half
from spawn.connect.private_files import place_once, private_scratch, read_private, write_once
from spawn.connect.programs import Programs
from spawn.connect.publickey import PublicKey, parse_public_key
from spawn.core.errors import AccountError, InputError

DIRECTORY = "ssh-ca"
_AUTHORITY = "authority.json"
_KEY_FILE = "key"
FORMAT = 1
# A year of certificates is a year in which the key may have been copied from somewhere.
GOOD_FOR = timedelta(days=365)
INIT = "spawn ssh-ca init"


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs; of `key_file` and `kms_key` (an ARN) one is given.

    public_line  the key that instances are told to trust, on one line
    """

    format: int = FORMAT
    public_line: str
    created_at: datetime
    key_file: str = ""
    kms_key: str = ""

    @property
    def public_key(self) -> PublicKey:
        """The key that instances are told to trust."""
        return parse_public_key(self.public_line)

    @property
    def fingerprint(self) -> str:
        """Its fingerprint, as OpenSSH writes it."""
        return self.public_key.fingerprint

    @property
    def kms_region(self) -> str:
        """The region of the key in KMS, "" for one in a file."""
        return self.kms_key.split(":")[3] if self.kms_key else ""

    @property
    def place(self) -> str:
        """Where the key lies, in words."""
        return f"the KMS key {self.kms_key}" if self.kms_key else f"the file {self.key_file}"

    def is_old(self, now: datetime) -> bool:
        """Whether it is time for another one."""
        return now - self.created_at > GOOD_FOR


def authority_directory(state_directory: Path) -> Path:
    """Return where all of it lies: private, as the state directory is."""
    return state_directory / DIRECTORY


def default_key_file(state_directory: Path) -> Path:
    """Return where the key lies where nobody says otherwise."""
    return authority_directory(state_directory) / _KEY_FILE


def existing_authority(state_directory: Path) -> Authority | None:
    """Return the authority of this machine, None where none was made.

    Raises AccountError where the file is open to others or can't be understood.
    """
    place = authority_directory(state_directory) / _AUTHORITY
    text = read_private(place)
    if text is None:
        return None
    try:
        found = msgspec.json.decode(text, type=Authority)
        _check(found)
    except (msgspec.MsgspecError, ValueError) as error:
        raise AccountError(
            f"the authority in {place} can't be read",
            why=f"{error}; move it away, and {INIT} makes another, or takes the same key again",
            next_command=shlex.join(("mv", str(place), f"{place}.damaged")),
        ) from error
    return found


def _check(found: Authority) -> None:
    parse_public_key(found.public_line)
    if found.format != FORMAT:
        raise ValueError("it is of another version of spawn")
    if bool(found.key_file) == bool(found.kms_key) or found.created_at.tzinfo is None:
        raise ValueError("it says not where its key lies, or not since when")
    if found.kms_key and found.kms_key.count(":") != 5:
        raise ValueError(f"{found.kms_key!r} is no ARN")


def require_authority(state_directory: Path, *, why: str) -> Authority:
    """Return the authority of this machine. Raises InputError, saying `why` it is needed."""
    found = existing_authority(state_directory)
    if found is None:
        raise InputError(
            "there is no certificate authority for SSH on this machine",
            why=f"{why}; one is made here, or one in KMS is taken that others use too",
            next_command=INIT,
        )
    return found


def one_place(
    *, key_file: str | None, kms_key: str | None, new_in_kms: bool, passphrase: bool
) -> None:
    """Raise InputError where a key is asked for in two places."""
    places = {
        "--key-file": key_file is not None,
        "--kms": new_in_kms,
        "--kms-key": kms_key is not None,
    }
    given = [flag for flag, is_given in places.items() if is_given]
    if len(given) > 1:
        raise InputError(f"{given[0]} and {given[1]} exclude each other", why="leave one out")
    if passphrase and (new_in_kms or kms_key is not None):
        raise InputError(
            f"--passphrase and {given[0]} exclude each other",
            why="a key in KMS never leaves it: who may sign is said by IAM",
        )


def kept(
    state_directory: Path, *, key_file: str | None, kms_key: str | None, new_in_kms: bool
) -> Authority | None:
    """Return the authority that is here already and is what is asked for; None where none is.

    One machine has one: with two, nobody could tell which an instance is to trust. Raises
    InputError where another one is asked for.
    """
    found = existing_authority(state_directory)
    if found is None:
        return None
    other_file = key_file is not None and str(Path(key_file).absolute()) != found.key_file
    other_key = kms_key is not None and kms_key not in (found.kms_key, _key_id(found))
    if not (new_in_kms or other_file or other_key):
        return found
    place = authority_directory(state_directory)
    raise InputError(
        f"this machine has an authority already: {found.fingerprint}, in {found.place}",
        why="what trusts it would be out of reach; docs/guide-ssh-ca.md tells how another one "
        f"takes its place: a certificate of the old one as the way in, then {place} moved away",
        next_command="spawn ssh-ca status",
    )


def _key_id(authority: Authority) -> str:
    return authority.kms_key.rpartition("/")[2]


def keep_authority(state_directory: Path, authority: Authority) -> bool:
    """Keep it, and say whether it was new: one that is there already stays. Raises AccountError."""
    place = authority_directory(state_directory) / _AUTHORITY
    return write_once(place, msgspec.json.format(msgspec.json.encode(authority)).decode())


def file_authority(
    place: Path, programs: Programs, *, now: datetime, passphrase: bool
) -> Authority:
    """Return the authority of a key file, which is made where it is missing.

    `passphrase` lets ssh-keygen ask for one. Raises AccountError for a file that is open to
    others, or no private key, and where ssh-keygen fails.
    """
    place = place.absolute()
    if not place.exists():
        with private_scratch(place.parent) as scratch:
            draft = scratch / place.name
            generate_key(draft, programs, comment="spawn ssh-ca", asks_passphrase=passphrase)
            place_once(draft, place)
    return Authority(
        public_line=_public_key_in(place).line,
        created_at=now.replace(microsecond=0),
        key_file=str(place),
    )


def is_key_protected(authority: Authority) -> bool:
    """Whether a passphrase protects the key file. Raises AccountError where it can't be read."""
    text = read_private(Path(authority.key_file))
    return text is not None and is_protected(text)


def _public_key_in(place: Path) -> PublicKey:
    text = read_private(place) or ""
    try:
        return public_half(text)
    except ValueError as error:
        raise AccountError(
            f"{place} can't be an authority's key",
            why=f"{error}; name a file that does not exist, and the key is made there",
            next_command=f"{INIT} --help",
        ) from error
