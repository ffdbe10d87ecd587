"""The person's key, made by the real ssh-keygen."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from spawn.connect.keys import existing_key, find_private_key, personal_key
from spawn.connect.machine import Machine
from spawn.core.errors import AccountError


def test_the_key_is_made_once(machine: Machine) -> None:
    """The second launch uses the first one's key; nobody else can read it; no draft is left."""
    key = personal_key(machine.state_directory, machine.programs)
    assert personal_key(machine.state_directory, machine.programs) == key
    assert key.private_path.stat().st_mode & 0o777 == 0o600
    assert key.private_path.parent.stat().st_mode & 0o777 == 0o700
    assert list(key.private_path.parent.iterdir()) == [key.private_path]


def test_the_public_half_is_the_one_ssh_knows(machine: Machine) -> None:
    """What is told to AWS is what ssh-keygen says that the private key's public half is."""
    key = personal_key(machine.state_directory, machine.programs)
    shown = subprocess.run(
        ["ssh-keygen", "-y", "-f", str(key.private_path)],
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    )
    assert shown.stdout.strip() == key.public_line
    assert key.public_key.algorithm == "ssh-ed25519"


def test_launches_that_race_share_one_key(machine: Machine) -> None:
    """Of many that make it at once, each gets the same key."""
    with ThreadPoolExecutor(8) as pool:
        made = pool.map(lambda _: personal_key(machine.state_directory, machine.programs), range(8))
    assert len(set(made)) == 1


def test_no_key_is_made_by_looking(machine: Machine) -> None:
    """A command that only connects makes no key."""
    assert existing_key(machine.state_directory) is None
    assert not machine.state_directory.exists()


@pytest.mark.parametrize("kept_characters", [200, 35, 0])
def test_a_damaged_key_is_told(machine: Machine, kept_characters: int) -> None:
    """It is neither used nor replaced, and the error says how to get a new one."""
    place = personal_key(machine.state_directory, machine.programs).private_path
    place.write_text(place.read_text()[:kept_characters])
    with pytest.raises(AccountError, match="can't be read") as caught:
        personal_key(machine.state_directory, machine.programs)
    subprocess.run(["/bin/sh", "-c", caught.value.next_command], timeout=10, check=True)
    assert personal_key(machine.state_directory, machine.programs).private_path == place


def test_a_key_open_to_others_is_not_used(machine: Machine) -> None:
    """Who else has read it is not known."""
    personal_key(machine.state_directory, machine.programs).private_path.chmod(0o644)
    with pytest.raises(AccountError, match="open to other users"):
        personal_key(machine.state_directory, machine.programs)


def test_a_state_directory_that_can_not_be_is_told(machine: Machine, tmp_path: Path) -> None:
    """A file in the directory's place is named, not raised as the system's own error."""
    (tmp_path / "file").write_text("")
    broken = replace(machine, state_directory=tmp_path / "file" / "state")
    with pytest.raises(AccountError, match=r"file.*can't be used"):
        personal_key(broken.state_directory, broken.programs)


def test_the_private_key_of_a_name_is_found(machine: Machine) -> None:
    """spawn's own key under its own name; a file of the name, with `.pem` or without; or none."""
    own = personal_key(machine.state_directory, machine.programs)
    directory = machine.ssh_directory
    directory.mkdir()
    for name, text in (
        ("plain", own.private_path.read_text()),
        ("web.pem", "-----BEGIN RSA PRIVATE KEY-----\n"),
        ("config", "Host *\n"),
        ("plain.pub", own.public_line),
    ):
        (directory / name).write_text(text)
    (directory.parent / "outside").write_text(own.private_path.read_text())

    def find(name: str) -> Path | None:
        return find_private_key(name, held=(own,), ssh_directory=directory)

    assert find(own.pair_name) == own.private_path
    assert find("plain") == directory / "plain"
    assert find("web") == directory / "web.pem"
    for nothing in ("config", "plain.pub", "absent", "", "../outside", f"{directory}/plain", "."):
        assert find(nothing) is None
