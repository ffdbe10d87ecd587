"""Brings the embedded cloud up for tests, and down again whatever happens."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from spawn.local import cloud as embedded
from spawn.local.client import ControlClient
from spawn.local.files import read_cloud_file
from tests.tools.programs import clean_environment


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """A running embedded cloud; `directory` is all it has on disk."""

    directory: Path
    access: embedded.Environment

    @property
    def endpoint_url(self) -> str:
        """Where AWS's APIs are answered."""
        return self.access.variables["AWS_ENDPOINT_URL"]

    def environment(self, home: Path) -> dict[str, str]:
        """Return the whole environment of a person with this home, whose AWS is this cloud."""
        return self.access.applied_to(clean_environment(home))

    def set_switches(self, **settings: object) -> None:
        """Make happen what AWS does to people at times (`spawn.local.control.switches`)."""
        described = read_cloud_file(self.directory)
        assert described is not None
        ControlClient(described).set_switches(settings)


@contextmanager
def running_cloud(*, control_plane_only: bool = False) -> Iterator[Cloud]:
    """Bring up a cloud of one's own in a directory of its own; both are gone at the end.

    Raises spawn.local.cloud.CloudFailed, with the log's last lines, where it can't be brought up.
    """
    # Not below pytest's tmp_path, which is long: the path of a Unix socket ends at 107 bytes.
    with tempfile.TemporaryDirectory(prefix="spawn-cloud-") as place:
        directory = Path(place)
        access = embedded.up(directory, control_plane_only=control_plane_only)
        try:
            yield Cloud(directory=directory, access=access)
        finally:
            embedded.down(directory)
