"""The certificate of one connection: signed when it is needed, gone when the connection is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from spawn.connect.ssh_ca.signing import VALID

_FILE = "fresh-cert.pub"
# A connection that is waited for may take longer than a certificate is valid.
_STILL_GOOD_SECONDS = VALID.total_seconds() - 60.0


class Certify(Protocol):
    """Whatever signs the person's key."""

    def __call__(self, *, forwards: bool) -> str:
        """Return a certificate on one line; `forwards` is whether ports may be forwarded."""


@dataclass
class FreshCertificate:
    """A certificate in a scratch directory; `clock` is monotonic, in seconds."""

    certify: Certify
    scratch: Path
    clock: Callable[[], float]
    forwards: bool
    _signed_at: float | None = None

    def offered(self) -> Path:
        """Return the file, signed anew where it would soon be over. Raises as `Signer.sign`."""
        now = self.clock()
        place = self.scratch / _FILE
        if self._signed_at is None or now - self._signed_at > _STILL_GOOD_SECONDS:
            line = self.certify(forwards=self.forwards)
            place.touch(mode=0o600)
            place.write_text(f"{line}\n", encoding="utf-8")
            self._signed_at = now
        return place
