"""What plain ssh is told of instances, and the line that makes it read that."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.connect.session_manager import quoted_for_ssh
from spawn.connect.ssh import SshTarget
from spawn.connect.ssh_config import (
    INCLUDE_NOTE,
    ReachableHost,
    host_blocks,
    with_include,
    without_include,
)
from spawn.core.errors import InputError
from tests.unit.connect.builders import INSTANCE_ID

OTHER_ID = "i-0aaaaaaaaaaaaaaaa"
PLACE = Path("/home/me/.local/state/my spawn/ssh_config")
TARGET = SshTarget(
    instance_id=INSTANCE_ID,
    address="198.51.100.7",
    user="ec2-user",
    identity_files=(Path("/my 100% state/keys/spawn-ed25519"),),
    certificate_files=(Path("/my 100% state/keys/spawn-ed25519-cert.pub"),),
    known_hosts=Path("/my 100% state/known_hosts") / INSTANCE_ID,
    host_key_algorithms=("ssh-ed25519", "rsa-sha2-512"),
    port=2222,
)
LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=20)


def host(name: str = "box", **changed: Any) -> ReachableHost:
    """Return the usual host, but for what is changed."""
    return ReachableHost(name=name, target=replace(TARGET, **changed))


def understood(text: str, alias: str, tmp_path: Path) -> dict[str, list[str]]:
    """Return what OpenSSH itself makes of a configuration for a host (`ssh -G`)."""
    (tmp_path / "config").write_text(text)
    words = ["ssh", "-G", "-F", str(tmp_path / "config"), "--", alias]
    ended = subprocess.run(words, capture_output=True, text=True, check=True, timeout=10)
    found: dict[str, list[str]] = {}
    for line in ended.stdout.splitlines():
        name, _, value = line.partition(" ")
        found.setdefault(name, []).append(value)
    return found


def aliases(text: str) -> list[str]:
    """Return the patterns of all Host lines."""
    lines = [line.split() for line in text.splitlines()]
    return [alias for words in lines if words and words[0] == "Host" for alias in words[1:]]


@pytest.mark.parametrize("alias", ["box", INSTANCE_ID])
def test_ssh_understands_what_is_meant(tmp_path: Path, alias: str) -> None:
    """By name and by id alike: this address, user and port, this key, and only the pinned host."""
    settings = understood(host_blocks([host()]).text, alias, tmp_path)
    assert settings["hostname"] == ["198.51.100.7"]
    assert settings["user"] == ["ec2-user"]
    assert settings["port"] == ["2222"]
    assert settings["identityfile"] == ["/my 100%% state/keys/spawn-ed25519"]
    assert settings["certificatefile"] == ["/my 100%% state/keys/spawn-ed25519-cert.pub"]
    assert settings["identitiesonly"] == ["yes"]
    assert settings["hostkeyalias"] == [INSTANCE_ID]
    assert settings["userknownhostsfile"] == [f"/my 100% state/known_hosts/{INSTANCE_ID}"]
    assert settings["globalknownhostsfile"] == ["/dev/null"]
    assert settings["hostkeyalgorithms"] == ["ssh-ed25519,rsa-sha2-512"]
    assert settings["stricthostkeychecking"] == ["true"]
    assert settings["updatehostkeys"] == ["false"]


def test_nothing_of_the_persons_weakens_it(tmp_path: Path) -> None:
    """Included above all else, the pins and the agent's refusal win over a `Host *` below."""
    (tmp_path / "spawn").write_text(host_blocks([host()]).text)
    own = "Host *\n  StrictHostKeyChecking no\n  ForwardAgent yes\n  UserKnownHostsFile /x\n"
    settings = understood(with_include(own, tmp_path / "spawn"), "box", tmp_path)
    assert settings["stricthostkeychecking"] == ["true"]
    assert settings["forwardagent"] == ["no"]
    assert settings["userknownhostsfile"] == [f"/my 100% state/known_hosts/{INSTANCE_ID}"]


def test_a_way_through_something_is_written(tmp_path: Path) -> None:
    """What leads to a private instance stands there, to its last character."""
    command = "/opt/spawn proxy --ssm 'a # b' %h:%p"
    settings = understood(host_blocks([host(proxy_command=command)]).text, "box", tmp_path)
    assert settings["proxycommand"] == [command]


def test_without_a_key_it_is_left_to_ssh(tmp_path: Path) -> None:
    """An instance whose key lies nowhere here is tried with the person's own."""
    text = host_blocks([host(identity_files=(), certificate_files=())]).text
    assert understood(text, "box", tmp_path)["identitiesonly"] == ["no"]


@pytest.mark.parametrize(
    "name",
    ["*", "a b", "!box", "box?", "-v", "github.com", "localhost", "a\nHost *", "a#b", '"a"', "ü"],
)
def test_an_unsafe_name_is_left_out_and_said(name: str) -> None:
    """What is a pattern, a list, another machine's name or more than a line is no alias."""
    blocks = host_blocks([host(name)])
    assert aliases(blocks.text) == [INSTANCE_ID]
    assert len(blocks.left_out) == 1
    assert repr(name) in blocks.left_out[0]
    assert INSTANCE_ID in blocks.left_out[0]


@given(name=st.text(max_size=30), command=st.text(max_size=30), user=st.text(max_size=10))
def test_foreign_text_adds_no_line(name: str, command: str, user: str) -> None:
    """No name, command or user makes a line of its own: every line is a Host's or one we know."""
    text = host_blocks([host(name, proxy_command=command), host("", user=user)]).text
    hosts = [line for line in text.splitlines() if line.startswith("Host ")]
    assert set(aliases(text)) <= {name, INSTANCE_ID}
    for line in text.split("\n"):
        known = line.startswith(("    ", "# ")) or not line or line in hosts
        assert known
    names = {line.split()[0] for line in text.split("\n") if line.startswith("    ")}
    assert len(names) <= 22


def test_a_name_of_several_means_none_of_them() -> None:
    """Two instances of one name are reached by their ids alone, and that is said of both."""
    blocks = host_blocks([host(), host(instance_id=OTHER_ID)])
    assert aliases(blocks.text) == [INSTANCE_ID, OTHER_ID]
    assert len(blocks.left_out) == 2


@pytest.mark.parametrize(
    "changed",
    [{"address": "evil.example"}, {"user": "a b"}, {"known_hosts": Path('/a"b')},
     {"proxy_command": "a\nHost *"}],
)  # fmt: skip
def test_what_ssh_would_misread_is_left_out(changed: dict[str, Any]) -> None:
    """An instance that can't be written safely is named; the others are written."""
    blocks = host_blocks([host("bad", **changed), host(instance_id=OTHER_ID)])
    assert aliases(blocks.text) == ["box", OTHER_ID]
    assert blocks.left_out[0].startswith(f"{INSTANCE_ID}: ")


@given(own=st.lists(LINE).map("\n".join))
def test_including_is_undone_to_the_last_byte(own: str) -> None:
    """Whatever a person's configuration holds, taking the line out leaves it as it was."""
    included = with_include(own, PLACE)
    assert included.startswith(f'{INCLUDE_NOTE}\nInclude "{PLACE}"\n')
    assert included.endswith(own)
    assert with_include(included, PLACE) == included
    assert without_include(included, PLACE) == own


def test_what_is_not_ours_stays() -> None:
    """Without our line nothing is taken out, and another Include stays."""
    own = "\nInclude other\nHost a\n"
    assert without_include(own, PLACE) == own
    assert with_include(own, PLACE).endswith("\n\n\nInclude other\nHost a\n")


@pytest.mark.parametrize("place", ["/100%/x", "/a[b]/x", "/*/x", '/a"b/x', "/${HOME}/x"])
def test_a_path_that_include_would_expand_is_refused(place: str) -> None:
    """Include takes patterns, and newer versions take tokens: such a path could be another file."""
    with pytest.raises(InputError):
        with_include("", Path(place))


def test_a_certificate_is_signed_before_ssh_looks_for_it(tmp_path: Path) -> None:
    """OpenSSH itself runs the command for each name of the host, and for no other host."""
    signed = tmp_path / "100% signed"
    command = quoted_for_ssh(("touch", str(signed)))
    text = host_blocks([ReachableHost(name="box", target=TARGET, signing=command)]).text
    assert understood(text, "elsewhere", tmp_path)["port"] == ["22"]
    assert not signed.exists()
    for alias in ("box", INSTANCE_ID):
        assert understood(text, alias, tmp_path)["port"] == ["2222"]
        signed.unlink()


@pytest.mark.parametrize("command", ['touch "x"', "touch x\\y", "touch x\ny"])
def test_a_command_that_could_end_its_quotes_is_left_out(command: str) -> None:
    """What can't stand in a Match line is no line, and its host is named."""
    blocks = host_blocks([ReachableHost(name="box", target=TARGET, signing=command)])
    assert (blocks.written, len(blocks.left_out)) == (0, 1)
