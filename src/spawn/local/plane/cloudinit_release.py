"""What differs between releases of cloud-init and shows to whoever reads its words.

The numbers are those of cloud-init's ChangeLog. The names are its own, files and modules alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

STAGES = ("init-local", "init", "modules-config", "modules-final")
# Where each release keeps what a boot has come to; the first holds files, the second links to
# them, which a reboot takes away.
DATA = "/var/lib/cloud/data"
RUN = "/run/cloud-init"
STATUS, RESULT, VERSION = "status.json", "result.json", "version"


@dataclass(frozen=True)
class Release:
    """One release, by its version such as 22.2.2 or 25.1.4-0ubuntu0~24.04.1."""

    version: str

    @property
    def _number(self) -> tuple[int, int]:
        found = re.match(r"(\d+)\.(\d+)", self.version)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    @property
    def has_formats(self) -> bool:
        """Whether `cloud-init status` knows --format."""
        return self._number >= (22, 4)

    @property
    def has_recoverable_errors(self) -> bool:
        """Whether warnings are counted, and make `cloud-init status` exit with 2."""
        return self._number >= (23, 4)

    def module(self, name: str) -> str:
        """What the release calls a module that is named with underscores here."""
        return name if self._number >= (23, 1) else name.replace("_", "-")
