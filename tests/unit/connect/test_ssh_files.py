"""The person's ~/.ssh/config: one line more, nothing else touched, and back again."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from spawn.connect.ssh_files import SshFiles, ssh_files
from spawn.core.errors import AccountError

OWN = b"# mine \xff\r\nHost *\n  User me\n"


@pytest.fixture
def files(tmp_path: Path) -> SshFiles:
    """The files of a person who has neither."""
    return ssh_files(tmp_path / "state", tmp_path / "ssh")


def mode(place: Path) -> int:
    """Return a file's permissions."""
    return stat.S_IMODE(place.stat().st_mode)


def test_files_are_made_for_their_owner_alone(files: SshFiles) -> None:
    """Without a ~/.ssh both files and directories are made, open to nobody else."""
    files.install("blocks\n")
    assert files.is_included
    assert files.blocks.read_text() == "blocks\n"
    assert mode(files.blocks) == mode(files.configuration) == 0o600
    assert mode(files.blocks.parent) == mode(files.configuration.parent) == 0o700


def test_what_is_there_stays_to_the_byte(files: SshFiles) -> None:
    """A configuration keeps its bytes, whatever they are, below the line; uninstalling restores."""
    files.configuration.parent.mkdir()
    files.configuration.write_bytes(OWN)
    files.install("blocks\n")
    assert files.configuration.read_bytes().startswith(b"# spawn")
    assert files.configuration.read_bytes().endswith(b"\n\n" + OWN)
    assert files.uninstall()
    assert files.configuration.read_bytes() == OWN
    assert not files.blocks.exists()


def test_installing_twice_changes_nothing_but_the_blocks(files: SshFiles) -> None:
    """The second time the configuration is the very same file, and the blocks are the new ones."""
    files.install("old\n")
    before = files.configuration.stat()
    files.install("new\n")
    assert files.configuration.stat().st_ino == before.st_ino
    assert files.blocks.read_text() == "new\n"


def test_a_linked_configuration_stays_a_link(files: SshFiles, tmp_path: Path) -> None:
    """Who keeps the file elsewhere, under version control say, finds the line there."""
    kept = tmp_path / "dotfiles/config"
    kept.parent.mkdir()
    kept.write_bytes(OWN)
    files.configuration.parent.mkdir()
    files.configuration.symlink_to(kept)
    files.install("blocks\n")
    assert files.configuration.is_symlink()
    assert b"Include" in kept.read_bytes()
    files.uninstall()
    assert kept.read_bytes() == OWN


def test_uninstalling_nothing_is_told(files: SshFiles) -> None:
    """Without anything to take out nothing is made, and that is said."""
    assert not files.uninstall()
    assert not files.configuration.exists()


def test_a_configuration_that_can_not_be_read_is_named(files: SshFiles) -> None:
    """Nothing is written where the person's own can't be kept."""
    files.configuration.mkdir(parents=True)
    with pytest.raises(AccountError, match="config can't be used"):
        files.install("blocks\n")
    assert not files.blocks.exists()


def test_nothing_half_written_is_left(files: SshFiles) -> None:
    """After a write that fails no draft lies about."""
    files.configuration.parent.mkdir()
    files.configuration.symlink_to(files.configuration)
    with pytest.raises(AccountError):
        files.install("blocks\n")
    assert [path.name for path in files.configuration.parent.iterdir()] == ["config"]
