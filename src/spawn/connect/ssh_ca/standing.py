"""The certificate that plain ssh finds: one file a principal, signed anew when ssh starts.

ssh can't be lent a scratch directory: its configuration names a file. So the last certificate
stays there, for its five minutes, in a private directory.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from spawn.connect.certificates import parse_certificate
from spawn.connect.publickey import PublicKey
from spawn.connect.session_manager import quoted_for_ssh
from spawn.connect.ssh_ca.authority import authority_directory
from spawn.core.ids import digest
from spawn.core.replacing import replace_file

_CERTIFICATES = "certificates"
# ssh has to get there, and log in, before it ends.
_STILL_GOOD = timedelta(minutes=1)


def standing_certificate(state_directory: Path, principal: str) -> Path:
    """Return where the certificate of a principal lies; its name is no path's business."""
    name = f"{digest(principal, length=32)}-cert.pub"
    return authority_directory(state_directory) / _CERTIFICATES / name


def is_still_good(place: Path | None, *, by: PublicKey, of: PublicKey, now: datetime) -> bool:
    """Whether the certificate there is that authority's, for that key, and lasts a while yet."""
    if place is None:
        return False
    try:
        found = parse_certificate(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    lasts = found.ends is not None and found.ends - now > _STILL_GOOD
    return lasts and found.begins <= now and found.signed_by == by and found.key == of


def signing_command(
    place: Path,
    principal: str,
    *,
    program: Sequence[str],
    kms_region: str = "",
    profile: str = "",
    assume_role: str = "",
    local: bool = False,
) -> str:
    """Return what ssh starts so that the certificate is there, quoted for its configuration.

    `program` is how spawn itself is started, by an absolute path. Without a key in KMS AWS is not
    asked, and so nothing is said of it. Raises InputError for what ssh can't be given.
    """
    words = [*program, "ssh-ca", "sign", "--if-needed", "--forwarding"]
    words += ["--principal", principal, "--to", str(place)]
    if kms_region:
        words += ["--region", kms_region]
        words += ["--profile", profile] if profile else []
        words += ["--assume-role", assume_role] if assume_role else []
        words += ["--local"] if local else []
    return quoted_for_ssh(words)


def write_certificate(place: Path, line: str) -> None:
    """Write a certificate, whole and private. Raises AccountError."""
    replace_file(place, f"{line}\n".encode(), new_mode=0o600)
