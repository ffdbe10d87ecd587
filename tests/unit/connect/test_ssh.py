"""The words that start the OpenSSH client."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.connect.ssh import SshTarget, remote_command, ssh_command
from spawn.core.errors import InputError
from tests.unit.connect.builders import INSTANCE_ID

TARGET = SshTarget(
    instance_id=INSTANCE_ID,
    address="198.51.100.7",
    user="ec2-user",
    identity_files=(Path("/state/keys/spawn-ed25519"),),
    known_hosts=Path("/state/known_hosts") / INSTANCE_ID,
    host_key_algorithms=("ssh-ed25519", "rsa-sha2-512"),
)
WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def command(*words: str, terminal: bool = False, **changed: Any) -> tuple[str, ...]:
    """Return the command for the usual target, but for what is changed."""
    return ssh_command(
        replace(TARGET, **changed), words, log=Path("/state/ssh.log"), terminal=terminal
    )


def options(words: tuple[str, ...]) -> dict[str, str]:
    """Return the -o options of a command; each must be given once, since ssh takes the first."""
    pairs = [words[at + 1].split("=", 1) for at, word in enumerate(words) if word == "-o"]
    assert len({name for name, _ in pairs}) == len(pairs)
    return dict(pairs)


def test_nothing_is_trusted_but_the_pinned_key() -> None:
    """Neither a configuration file, nor the system's known hosts, nor a first meeting counts."""
    words = command()
    given = options(words)
    assert words[:3] == ("ssh", "-F", "none")
    assert given["StrictHostKeyChecking"] == "yes"
    assert given["GlobalKnownHostsFile"] == "/dev/null"
    assert given["UpdateHostKeys"] == "no"
    assert given["HostKeyAlias"] == INSTANCE_ID
    assert given["UserKnownHostsFile"] == f'"/state/known_hosts/{INSTANCE_ID}"'
    assert given["HostKeyAlgorithms"] == "ssh-ed25519,rsa-sha2-512"


def test_nothing_is_given_away() -> None:
    """No agent, no display, no password goes to the instance, and no key but the one meant."""
    given = options(command())
    for name in ("ForwardAgent", "ForwardX11", "PasswordAuthentication"):
        assert given[name] == "no"
    assert given["KbdInteractiveAuthentication"] == "no"
    assert given["IdentitiesOnly"] == "yes"
    assert given["IdentityFile"] == '"/state/keys/spawn-ed25519"'


def test_without_a_key_file_ssh_uses_its_own() -> None:
    """Where spawn has no key for the instance, ssh's files and agent are not shut out."""
    given = options(command(identity_files=()))
    assert "IdentitiesOnly" not in given
    assert "IdentityFile" not in given


def test_ssh_asks_only_on_a_terminal() -> None:
    """Without a terminal it must fail instead of asking."""
    assert options(command(terminal=True))["BatchMode"] == "no"
    assert options(command(terminal=False))["BatchMode"] == "yes"


def test_where_to_and_as_whom() -> None:
    """Address, port, login name, log and proxy command are the ones given."""
    words = command(address="2001:db8::7", port=2222, user="ubuntu", proxy_command="nc %h %p")
    assert words[-2:] == ("--", "2001:db8::7")
    assert words[words.index("-p") + 1] == "2222"
    assert words[words.index("-l") + 1] == "ubuntu"
    assert words[words.index("-E") + 1] == "/state/ssh.log"
    assert options(words)["ProxyCommand"] == "nc %h %p"
    assert "ProxyCommand" not in options(command())


def test_paths_keep_their_spaces_and_percent_signs() -> None:
    """A home directory of an odd name does not become two files, nor a token of ssh's."""
    given = options(command(identity_files=(Path("/home/a b/100%d/key"),)))
    assert given["IdentityFile"] == '"/home/a b/100%%d/key"'


@pytest.mark.parametrize(
    "changed",
    [
        {"user": "-oProxyCommand=x"},
        {"user": "a b"},
        {"user": ""},
        {"identity_files": (Path('/home/a"b/key'),)},
        {"known_hosts": Path("/home/${HOME}/kh")},
        {"known_hosts": Path("/home/a\nb/kh")},
    ],
)
def test_refuses_what_ssh_would_misread(changed: dict[str, Any]) -> None:
    """Names and paths that ssh would take for something else are refused."""
    with pytest.raises(InputError):
        command(**changed)


@pytest.mark.parametrize("address", ["-oProxyCommand=x", "example.com", "", "fe80::1%$(id)"])
def test_refuses_a_host_that_is_no_address(address: str) -> None:
    """Only addresses are connected to: a name could be an option, or words for a shell."""
    with pytest.raises(InputError, match="not an address"):
        command(address=address)


@given(st.lists(WORDS, min_size=1))
def test_a_shell_splits_the_line_into_the_same_words(words: list[str]) -> None:
    """The remote command is one word for ssh, and for a shell exactly the words given."""
    line = command(*words)[-1]
    assert line == remote_command(words)
    assert shlex.split(line) == words


def test_a_zero_byte_is_refused() -> None:
    """It would cut the word in two on the other side."""
    with pytest.raises(InputError, match="zero byte"):
        command("echo", "a\0b")
