"""The person's own key for instances: made once on this machine, known to AWS by its content.

The name of its key pair is a hash of the key, so that two machines of one person don't fight
for a name, and a name that is there can be checked against the key it must stand for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spawn.connect.private_files import (
    open_without_waiting,
    place_once,
    private_scratch,
    read_private,
)
from spawn.connect.programs import Programs
from spawn.connect.publickey import PublicKey, public_key_of, take_string
from spawn.core.errors import AccountError

KEY_FILE = Path("keys", "spawn-ed25519")
_COMMENT = "spawn"
_NAME_DIGITS = 16
_PAIR_NAME = re.compile(rf"spawn-[0-9a-f]{{{_NAME_DIGITS}}}", re.ASCII)
_KEYGEN_TIMEOUT_SECONDS = 30
# OpenSSH, PROTOCOL.key: this magic, then the strings cipher, KDF and its options, a count of
# keys, and each public key as a string, in the clear.
_MAGIC = b"openssh-key-v1\0"
_COUNT_BYTES = 4
_ARMOUR = re.compile(
    r"-----BEGIN OPENSSH PRIVATE KEY-----\s(.+)-----END OPENSSH PRIVATE KEY-----\s*", re.DOTALL
)
# EC2 takes 255 ASCII characters for a key's name; only these of them are safe as a file's name.
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+=-]*", re.ASCII)
_PRIVATE_KEY_HEADER = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----")


@dataclass(frozen=True, kw_only=True)
class PersonalKey:
    """The key that instances admit: where its private half lies, and its public half."""

    private_path: Path
    public_key: PublicKey

    @property
    def public_line(self) -> str:
        """The public half as authorized_keys and ImportKeyPair take it."""
        return f"{self.public_key.line} {_COMMENT}"

    @property
    def pair_name(self) -> str:
        """The name of its key pair in AWS."""
        return pair_name(self.public_key)


def pair_name(key: PublicKey) -> str:
    """Return the content-addressed name: `spawn-` and 16 hex digits of the key's SHA-256."""
    return f"spawn-{hashlib.sha256(key.blob).hexdigest()[:_NAME_DIGITS]}"


def is_pair_name(name: str) -> bool:
    """Say whether a key pair bears a name as spawn gives it."""
    return _PAIR_NAME.fullmatch(name) is not None


def personal_key(state_directory: Path, programs: Programs) -> PersonalKey:
    """Return the person's key, made now where there is none yet.

    Of several that make it at once, all return the one that was first. Raises AccountError
    where ssh-keygen is missing or fails, and for a key file that can't be read or is not private.
    """
    place = state_directory / KEY_FILE
    known = existing_key(state_directory)
    if known is not None:
        return known
    with private_scratch(place.parent) as scratch:
        draft = scratch / place.name
        generate_key(draft, programs)
        place_once(draft, place)
    made = existing_key(state_directory)
    if made is None:
        raise AccountError(
            f"the key {place} was removed while it was being made",
            next_command=shlex.join(("ls", "-l", str(place))),
        )
    return made


def existing_key(state_directory: Path) -> PersonalKey | None:
    """Return the person's key where it has been made. Raises AccountError as `personal_key`."""
    place = state_directory / KEY_FILE
    text = read_private(place)
    if text is None:
        return None
    try:
        return PersonalKey(private_path=place, public_key=public_half(text))
    except ValueError as error:
        raise AccountError(
            f"the key file {place} can't be read",
            why=f"{error}; move it away, and the next launch makes a new key",
            next_command=shlex.join(("mv", str(place), f"{place}.damaged")),
        ) from error


def public_half(private_text: str) -> PublicKey:
    """Return the public key that OpenSSH keeps in the clear in a private key file.

    Raises ValueError for anything that is not such a file.
    """
    _, rest = _private_key(private_text)
    for _ in ("key derivation", "its options"):
        _, rest = take_string(rest)
    blob, _ = take_string(rest[_COUNT_BYTES:])
    return public_key_of(blob)


def is_protected(private_text: str) -> bool:
    """Whether a passphrase protects a private key file. Raises ValueError as `public_half`."""
    cipher, _ = _private_key(private_text)
    return cipher != b"none"


def _private_key(private_text: str) -> tuple[bytes, bytes]:
    """Return the cipher's name, and what follows it in a private key file."""
    armoured = _ARMOUR.fullmatch(private_text)
    if armoured is None:
        raise ValueError("it is not an OpenSSH private key")
    try:
        data = base64.b64decode("".join(armoured[1].split()), validate=True)
    except binascii.Error as error:
        raise ValueError("its base64 is damaged") from error
    if not data.startswith(_MAGIC):
        raise ValueError("it is not an OpenSSH private key")
    return take_string(data[len(_MAGIC) :])


def generate_key(
    place: Path, programs: Programs, *, comment: str = _COMMENT, asks_passphrase: bool = False
) -> None:
    """Make an ed25519 key; raises AccountError where ssh-keygen is missing or fails.

    Unless it `asks_passphrase`, on the terminal or by ssh-askpass, it has none: whoever reads this
    account's files has its AWS keys too.
    """
    words = ("ssh-keygen", "-q", "-t", "ed25519", "-C", comment, "-f", str(place))
    if asks_passphrase:
        code, why = programs.attach(words), ""
    else:
        ended = programs.run((*words, "-N", ""), timeout_seconds=_KEYGEN_TIMEOUT_SECONDS)
        code, why = ended.returncode, ended.stderr.decode("utf-8", "replace").strip()
    if code != 0:
        raise AccountError(
            "ssh-keygen could not make a key",
            why=why,
            next_command=shlex.join(("ls", "-ld", str(place.parent.parent))),
        )


def find_private_key(
    key_name: str, *, held: Sequence[PersonalKey], ssh_directory: Path
) -> Path | None:
    """Return the private key file that belongs to a key pair's name, None where none is found.

    That is one of spawn's own keys (`held`) under its own name, else a key file of that name,
    with or without `.pem`, in `ssh_directory`. A name comes from AWS and may be anything: one
    that could lead out of the directory leads nowhere.
    """
    for key in held:
        if key_name == key.pair_name:
            return key.private_path
    if not _FILE_NAME.fullmatch(key_name):
        return None
    candidates = (ssh_directory / key_name, ssh_directory / f"{key_name}.pem")
    return next((path for path in candidates if _is_private_key(path)), None)


def _is_private_key(path: Path) -> bool:
    """Tell a private key from its neighbours in ~/.ssh: `config`, `known_hosts`, public keys."""
    try:
        with open(path, "rb", opener=open_without_waiting) as file:
            return _PRIVATE_KEY_HEADER.match(file.readline(100)) is not None
    except OSError:
        return False
