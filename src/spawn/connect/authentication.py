"""What a person shows to be let in: a certificate, and the key that the instance was launched with.

A key for a minute, by EC2 Instance Connect, comes in between at each try (`attempts`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from spawn.connect.certificates import (
    Certificate,
    certificate_beside,
    parse_certificate,
    why_unusable,
)
from spawn.connect.kept_keys import former_key
from spawn.connect.keys import existing_key, find_private_key
from spawn.connect.patience import Progress
from spawn.connect.ssh_ca.certifying import Certification
from spawn.core.instants import format_instant

OWN_FILES = "the keys of ssh's own files and agent"
# ssh_config(5), IdentityFile: what it tries where nothing is named.
_DEFAULT_FILES = ("id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk")


@dataclass(frozen=True, kw_only=True)
class Authentication:
    """What is offered at any time; the words say so to a person.

    identity_files      the launch's key, none where it is not on this machine
    certificate_files   certificates of that key which hold now
    default_files       the keys of ssh's own that are there: what it tries without `identity_files`
    """

    identity_files: tuple[Path, ...] = ()
    certificate_files: tuple[Path, ...] = ()
    default_files: tuple[Path, ...] = ()
    certificate_words: tuple[str, ...] = ()
    key_words: str = OWN_FILES


def by_certificate(certification: Certification) -> Authentication:
    """Return what is offered to an instance that admits certificates: one, and the key it is for.

    The key stands behind it, should the instance's tag be wrong.
    """
    return Authentication(
        identity_files=(certification.key.private_path,),
        certificate_files=(certification.standing,),
        certificate_words=(certification.words,),
        key_words="your own key",
    )


def signed_elsewhere(state_directory: Path, *, now: datetime, progress: Progress) -> Authentication:
    """Return the person's key with a certificate beside it, which somebody else signed for it.

    Whom it is for is the instance's matter: owners are no users there. Raises AccountError for a
    key that can't be read.
    """
    own = existing_key(state_directory)
    if own is None:
        return Authentication()
    certificate = _certificate(own.private_path, user=None, now=now, progress=progress)
    return Authentication(
        identity_files=(own.private_path,),
        certificate_files=() if certificate is None else (certificate[0],),
        certificate_words=() if certificate is None else (certificate[1],),
        key_words="your own key",
    )


def find_authentication(
    key_name: str,
    *,
    state_directory: Path,
    ssh_directory: Path,
    user: str,
    now: datetime,
    progress: Progress,
) -> Authentication:
    """Return what this machine has for the key pair of an instance, and tell what is passed over.

    Raises AccountError for a key of spawn's own that can't be read.
    """
    # The former one second: a rotation keeps it before another takes its place.
    own, former = existing_key(state_directory), former_key(state_directory, key_name)
    held = tuple(key for key in (own, former) if key is not None)
    key = find_private_key(key_name, held=held, ssh_directory=ssh_directory)
    if key is None:
        reason = f"the key {key_name} is not on this machine" if key_name else "it has no key pair"
        progress(f"{reason}: trying what else there is")
        files = (ssh_directory / name for name in _DEFAULT_FILES)
        return Authentication(default_files=tuple(file for file in files if file.is_file()))
    own_paths = {own_key.private_path for own_key in held}
    words = "your own key" if key in own_paths else f"the key {key}"
    certificate = _certificate(key, user=user, now=now, progress=progress)
    return Authentication(
        identity_files=(key,),
        certificate_files=() if certificate is None else (certificate[0],),
        certificate_words=() if certificate is None else (certificate[1],),
        key_words=words,
    )


def _certificate(
    key: Path, *, user: str | None, now: datetime, progress: Progress
) -> tuple[Path, str] | None:
    """Return the certificate beside a key, and what is said of it, where it holds now."""
    beside = certificate_beside(key)
    if beside is None:
        return None
    place, text = beside
    try:
        certificate = parse_certificate(text)
    except ValueError as error:
        progress(f"the certificate {place} is passed over: {error}")
        return None
    trouble = why_unusable(certificate, user=user, now=now)
    if trouble:
        progress(f"the certificate {place} is passed over: {trouble}")
        return None
    return place, f"the certificate {place} ({_until(certificate)})"


def _until(certificate: Certificate) -> str:
    if certificate.ends is None:
        return "without an end"
    return f"until {format_instant(certificate.ends)}"


def offering(authentication: Authentication, *, instance_connect: bool) -> str:
    """Say what is offered, in its order."""
    before = list(authentication.certificate_words)
    before += ["a key by EC2 Instance Connect"] if instance_connect else []
    last = authentication.key_words
    return f"offering {', '.join(before)}, then {last}" if before else f"offering {last}"
