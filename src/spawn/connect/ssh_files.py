"""The person's ~/.ssh/config and the file of Host blocks that it includes: read, replaced whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spawn.connect.private_files import blaming
from spawn.connect.ssh_config import with_include, without_include
from spawn.core.replacing import replace_file

_NAME = "ssh_config"


@dataclass(frozen=True, kw_only=True)
class SshFiles:
    """`blocks` is spawn's own file, `configuration` the one that ssh reads."""

    blocks: Path
    configuration: Path

    @property
    def is_included(self) -> bool:
        """Whether ssh reads the blocks already. Raises AccountError."""
        text = _read(self.configuration)
        return with_include(text, self.blocks) == text

    def install(self, text: str) -> None:
        """Write the blocks, and see to it that ssh reads them before all else.

        What else the configuration holds stays as it is; a configuration that is a link stays
        one. Raises AccountError where a file can't be read or written, InputError for a path
        that can't be included.
        """
        before = _read(self.configuration)
        after = with_include(before, self.blocks)
        _write(self.blocks, text)
        if after != before:
            _write(self.configuration, after)

    def uninstall(self) -> bool:
        """Take out the line and the blocks; say whether anything was there. Raises AccountError."""
        before = _read(self.configuration)
        after = without_include(before, self.blocks)
        if after != before:
            _write(self.configuration, after)
        had_blocks = self.blocks.exists()
        with blaming(self.blocks):
            self.blocks.unlink(missing_ok=True)
        return had_blocks or after != before


def ssh_files(state_directory: Path, ssh_directory: Path) -> SshFiles:
    """Return the two files of a person."""
    return SshFiles(blocks=state_directory / _NAME, configuration=ssh_directory / "config")


def _read(place: Path) -> str:
    """Return a file's text, every byte of it kept; "" where there is none."""
    try:
        with blaming(place):
            return place.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""


def _write(place: Path, text: str) -> None:
    replace_file(place, text.encode("utf-8", "surrogateescape"), new_mode=0o600)
