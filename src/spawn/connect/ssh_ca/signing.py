"""Certificates, signed: by ssh-keygen with a key in a file, by KMS with one that lies there."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from spawn.aws.door import Writer
from spawn.aws.kms import LONGEST_MESSAGE_BYTES, SIGN
from spawn.connect.certificates import parse_certificate
from spawn.connect.private_files import private_scratch
from spawn.connect.programs import Programs
from spawn.connect.publickey import PublicKey, parse_public_key
from spawn.connect.ssh_ca.authority import Authority, is_key_protected
from spawn.connect.ssh_ca.building import (
    NONCE_BYTES,
    SOURCE_ADDRESS,
    Wanted,
    certificate_line,
    unsigned,
)
from spawn.connect.ssh_ca.kms_forms import form_of, signature_from_kms
from spawn.connect.ssh_ca.revocations import Kind, Revocations
from spawn.core.durations import format_duration, parse_duration
from spawn.core.errors import AccessDenied, AccountError, AwsRefusal, InputError
from spawn.core.instants import format_instant

VALID = timedelta(minutes=5)
# What was signed reaches a running instance's revocation list only by `trust`: a certificate has
# to end by itself before the working day does.
LONGEST_VALID = timedelta(hours=12)
# An instance's clock may be a little behind.
_BEFORE = timedelta(minutes=1)
# Time to type a passphrase in.
_KEYGEN_TIMEOUT_SECONDS = 120
_STATUS = "spawn ssh-ca status"


@dataclass(frozen=True, kw_only=True)
class Signer:
    """An authority that can sign here.

    randomness  returns so many random bytes
    writer      asks KMS; None where the key lies in a file
    directory   where a scratch directory may be made
    """

    authority: Authority
    programs: Programs
    directory: Path
    randomness: Callable[[int], bytes]
    writer: Writer | None = None

    def sign(self, wanted: Wanted) -> str:
        """Return the certificate on one line.

        Raises AccountError where the key can't be used, AwsRefusal where KMS refuses, InputError
        for a key that is too long to be signed.
        """
        line = self._in_kms(wanted) if self.authority.kms_key else self._in_file(wanted)
        found = parse_certificate(line)
        said = (found.serial, found.principals, found.signed_by, found.key)
        asked = (wanted.serial, wanted.principals, self.authority.public_key, wanted.key)
        if said != asked:
            raise AccountError(
                "what was signed is not what was asked for",
                why=f"the key in {self.authority.place} is perhaps another one by now",
                next_command=_STATUS,
            )
        return line

    def _in_file(self, wanted: Wanted) -> str:
        with private_scratch(self.directory) as scratch:
            key = scratch / "key.pub"
            key.write_text(f"{wanted.key.line} {wanted.key_id}\n", encoding="ascii")
            by = self._key_words(scratch)
            ended = self.programs.run(
                ("ssh-keygen", "-q", *by, *_keygen_words(wanted), str(key)),
                timeout_seconds=_KEYGEN_TIMEOUT_SECONDS,
            )
            if ended.returncode != 0:
                raise AccountError(
                    f"ssh-keygen could not sign with {self.authority.place}",
                    why=ended.stderr.decode("utf-8", "replace").strip(),
                    next_command=_STATUS,
                )
            return key.with_name("key-cert.pub").read_text(encoding="utf-8").strip()

    def _key_words(self, scratch: Path) -> tuple[str, ...]:
        """Return how ssh-keygen gets at the key: from the agent where that spares a passphrase."""
        if is_key_protected(self.authority):
            listed = self.programs.run(("ssh-add", "-L"), timeout_seconds=_KEYGEN_TIMEOUT_SECONDS)
            if self.authority.public_line.encode() in listed.stdout:
                public = scratch / "authority.pub"
                public.write_text(f"{self.authority.public_line}\n", encoding="ascii")
                return ("-U", "-s", str(public))
        return ("-s", self.authority.key_file)

    def _in_kms(self, wanted: Wanted) -> str:
        public = self.authority.public_key
        message = unsigned(wanted, authority=public, nonce=self.randomness(NONCE_BYTES))
        if len(message) > LONGEST_MESSAGE_BYTES:
            raise InputError(
                "the certificate is longer than what KMS signs",
                why="the key in it is unusually long, or it is for too many principals",
            )
        signature = self._ask_kms(message, form_of(public).signing_algorithm)
        return certificate_line(wanted, message, signature_from_kms(signature, public))

    def _ask_kms(self, message: bytes, algorithm: str) -> bytes:
        if self.writer is None:
            raise InputError("the authority's key lies in KMS, and AWS is not asked here")
        parameters = {
            "KeyId": self.authority.kms_key,
            "Message": message,
            "MessageType": "RAW",
            "SigningAlgorithm": algorithm,
        }
        try:
            answer = self.writer.do(SIGN, parameters, region=self.authority.kms_region)
        except AccessDenied:
            raise
        except AwsRefusal as refusal:
            refusal.next_command = refusal.next_command or _STATUS
            raise
        return bytes(answer["Signature"])


def key_in(content: bytes, *, place: str) -> PublicKey:
    """Return the public key in a file. Raises InputError for anything else."""
    try:
        return parse_public_key(content.decode("utf-8", "replace"))
    except ValueError as error:
        raise InputError(
            f"{place} holds no public key",
            why=f"{error}; it is the file that ends in .pub",
            next_command="spawn ssh-ca sign --help",
        ) from error


def check_not_revoked(key: PublicKey, revocations: Revocations) -> None:
    """Raise InputError for a key that was taken back: its certificate would admit nobody."""
    if any(one.kind is Kind.KEY and one.value == key.line for one in revocations.entries):
        raise InputError(
            f"the key {key.fingerprint} was revoked",
            why="instances that have the revocation list refuse it, with whatever certificate",
            next_command=_STATUS,
        )


def checked_valid(text: str) -> timedelta:
    """Return for how long a certificate is to be valid. Raises InputError, naming the flag."""
    valid = parse_duration(text, flag="--valid")
    if valid > LONGEST_VALID:
        raise InputError(
            f"--valid {text} is longer than {format_duration(LONGEST_VALID)}",
            why="a revocation reaches instances only by `spawn ssh-ca trust`: a certificate has to "
            "end by itself before that is needed",
        )
    return valid


def checked_networks(texts: Iterable[str]) -> tuple[str, ...]:
    """Return networks as a certificate has them. Raises InputError, naming the flag."""
    try:
        return tuple(str(ipaddress.ip_network(text)) for text in texts)
    except ValueError as error:
        raise InputError(
            "--source-address is no network", why=f"{error}; write 203.0.113.7/32"
        ) from error


def wanted_certificate(
    key: PublicKey,
    principals: tuple[str, ...],
    *,
    now: datetime,
    serial: bytes,
    valid: timedelta = VALID,
    forwards: bool = False,
    source_addresses: tuple[str, ...] = (),
) -> Wanted:
    """Return what to sign: from a minute ago, for so long. The server's log shows who and when.

    `serial` are eight random bytes.
    """
    begins = now.replace(microsecond=0)
    return Wanted(
        key=key,
        serial=int.from_bytes(serial, "big"),
        key_id=f"{principals[0]}@{format_instant(begins)}",
        principals=principals,
        begins=begins - _BEFORE,
        ends=begins + valid,
        forwards=forwards,
        source_addresses=source_addresses,
    )


def _keygen_words(wanted: Wanted) -> tuple[str, ...]:
    """Return what ssh-keygen(1) is told; it reads absolute times as local ones, in minutes."""
    lasts = int((wanted.ends - wanted.begins - _BEFORE).total_seconds())
    options = ["clear", *wanted.extensions]
    if wanted.source_addresses:
        options.append(f"{SOURCE_ADDRESS}={','.join(wanted.source_addresses)}")
    return (
        *("-I", wanted.key_id),
        *("-n", ",".join(wanted.principals)),
        *("-z", str(wanted.serial)),
        *("-V", f"-{int(_BEFORE.total_seconds())}s:+{lasts}s"),
        *(word for option in options for word in ("-O", option)),
    )
