"""The embedded cloud's SSH server reads an instance's sshd_config as sshd does."""

from pathlib import Path

import pytest

from spawn.launch.sshd import SshdOrders, sshd_part
from spawn.local.plane.access import authority_lines, key_line
from spawn.local.plane.sshd_settings import effective_settings, file_named


@pytest.mark.parametrize(
    ("files", "value"),
    [
        ([["TrustedUserCAKeys /etc/ssh/ca.pub"]], "/etc/ssh/ca.pub"),
        ([["# TrustedUserCAKeys /a", "trustedusercakeys=/b", "TrustedUserCAKeys /c"]], "/b"),
        ([["TrustedUserCAKeys\t/a"], ["TrustedUserCAKeys /b"]], "/a"),
        ([["TrustedUserCAKeys /a"], ["Match all", "  TrustedUserCAKeys /b"]], "/b"),
        ([["Match all", "Port 22"], ["TrustedUserCAKeys /b"]], "/b"),
        ([["Match User root", "TrustedUserCAKeys /a"], ["TrustedUserCAKeys /b"]], "/b"),
        ([['TrustedUserCAKeys "/with blanks"']], "/with blanks"),
        ([["TrustedUserCAKeys none", "TrustedUserCAKeys /c"]], None),
        ([["Port 22", ""]], None),
    ],
)
def test_the_first_mention_counts_and_blocks_before_all(
    files: list[list[str]], value: str | None
) -> None:
    """sshd_config(5): the first value is used, and those of a Match that applies come first."""
    named = file_named(effective_settings(files), "trustedusercakeys")
    assert named == (None if value is None else Path(value))


def test_what_a_launch_writes_is_understood() -> None:
    """The settings of the boothook mean here what they mean to sshd."""
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHVQ"
    part = sshd_part(SshdOrders(login_user="admin", ca_keys=(key,), principals=("ana",)))
    text = part.partition("put $k/00-spawn-ca <<'EOF'\n")[2].partition("EOF\n")[0]
    settings = effective_settings([text.splitlines()])
    assert settings["authorizedkeysfile"] == settings["authorizedkeyscommand"] == "none"
    principals = file_named(settings, "authorizedprincipalsfile", user="admin")
    assert principals == Path("/etc/ssh/spawn/principals/admin")


@pytest.mark.parametrize("name", ["", "#ana", "*", "an?", "!ana", "a,b", 'a"', "from=* ana"])
def test_names_that_could_stand_for_others_admit_nobody(name: str) -> None:
    """What is a pattern, or an option, in authorized_keys does not become one."""
    assert [*authority_lines(["KEY"], [name])] == []
    lines = [*authority_lines(["KEY"], [name, "ana"])]
    assert lines == ['cert-authority,principals="ana" KEY']


def test_a_key_is_written_as_openssh_does() -> None:
    """Its kind is taken out of itself."""
    assert key_line(b"\0\0\0\3abc\1") == "abc AAAAA2FiYwE="
