"""Who a certificate is for: an owner's name, spelled so that it is nothing else. Pure.

Names of owners come from sessions and tags, and whoever chooses one may choose any. Two are never
spelled the same way, and none is the name of a user of a machine: what trusts the authority, and
knows no principals, admits whoever has the login's own name in the certificate.
"""

from __future__ import annotations

import re

from spawn.core.errors import InputError

_PREFIX = "owner:"
# sshd(8), AUTHORIZED_KEYS FILE FORMAT: spaces, quotes, commas and `#` mean something there.
_UNSAFE = re.compile(r"[^A-Za-z0-9_.@/+-]", re.ASCII)
_PRINCIPAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@/+=:-]{0,4095}", re.ASCII)


def principal_of(owner: str) -> str:
    """Return the principal of an owner: what is unsafe in the name becomes `=` and two digits.

    Raises InputError for no name at all, and for one that is longer than any tag.
    """
    spelled = _UNSAFE.sub(_escaped, owner)
    if not owner or not _PRINCIPAL.fullmatch(f"{_PREFIX}{spelled}"):
        raise InputError(f"{owner!r} can't be the owner in a certificate", why="it needs a name")
    return f"{_PREFIX}{spelled}"


def checked_principal(text: str, *, flag: str) -> str:
    """Return a principal that a person named. Raises InputError for what could be another."""
    if not _PRINCIPAL.fullmatch(text):
        raise InputError(
            f"{flag} {text!r} can't be a principal",
            why="letters, digits and _ . @ / + = : - can; owners are written owner:NAME",
        )
    return text


def _escaped(found: re.Match[str]) -> str:
    encoded = found[0].encode("utf-8", "surrogatepass")
    return "".join(f"={byte:02X}" for byte in encoded)
