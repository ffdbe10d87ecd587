"""What `spawn cp` copies whereto, and the words that scp is given for it."""

from __future__ import annotations

import fnmatch
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawn.connect.copy import (
    Download,
    Upload,
    local_word,
    parse_copy,
    pattern_of,
    remote_path,
    rounds,
    scp_command,
)
from spawn.core.errors import InputError
from tests.unit.connect.test_ssh import TARGET

PATH = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


def test_files_go_to_an_instance() -> None:
    """Several files here, and a place there by name or id."""
    assert parse_copy(["a", "./b:c", "box:~/in"]) == Upload(
        sources=("a", "./b:c"), instance="box", target="~/in"
    )


def test_files_come_from_an_instance() -> None:
    """Several files there, and a place here; a path may itself hold colons."""
    assert parse_copy(["box:a:b", "box:/var/log", "."]) == Download(
        instance="box", sources=("a:b", "/var/log"), target="."
    )


def test_no_path_there_is_the_home_directory() -> None:
    """As with scp, nothing after the colon is where one lands on login."""
    assert parse_copy(["a", "box:"]) == Upload(sources=("a",), instance="box", target="")


@pytest.mark.parametrize(
    ("places", "says"),
    [
        (["a"], "a source and a target"),
        ([], "a source and a target"),
        (["a", "b"], "an instance on one side"),
        (["a:x", "b:y"], "from instance to instance"),
        (["a:x", "c", "b:y"], "from instance to instance"),
        (["a:x", "b:y", "here"], "one instance at a time"),
        (["a:x", "b", "here"], "one instance at a time"),
        ([":x", "here"], "names no instance"),
        (["", "box:"], "no path"),
        (["a\0b", "box:"], "no path"),
    ],
)
def test_what_can_not_be_copied_is_refused(places: list[str], says: str) -> None:
    """Each impossible combination is refused with its reason, before anything is asked."""
    with pytest.raises(InputError, match=says):
        parse_copy(places)


@given(PATH)
def test_a_path_here_is_no_option_and_no_host(path: str) -> None:
    """scp sees a path that begins with a slash or a dot: neither a flag, nor `host:`, nor a URL."""
    word = local_word(path)
    assert word.startswith(("/", "./", "../"))
    assert word.endswith(path)


@given(PATH)
def test_a_path_there_means_itself(path: str) -> None:
    """Without its backslashes the pattern is the path, and no pattern's character stands bare."""
    pattern = pattern_of(path)
    bare = ""
    rest = iter(pattern)
    for character in rest:
        assert character not in "*?[]"
        bare += next(rest) if character == "\\" else character
    assert bare == path


def test_a_pattern_is_what_it_would_be_otherwise() -> None:
    """The check above is about something: unescaped, such a name matches others."""
    assert fnmatch.fnmatchcase("abc", "a*")
    assert pattern_of("a*") == "a\\*"


@pytest.mark.parametrize(
    ("path", "meant"),
    [("~", "~"), ("~/x", "~/x"), ("~root", "./~root"), ("~~", "./~~"), ("a~", "a~"), ("", "")],
)
def test_a_tilde_is_a_home_only_by_itself(path: str, meant: str) -> None:
    """A file whose name begins with a tilde is not looked for in some user's home."""
    assert remote_path(path) == meant


def test_scp_trusts_what_ssh_trusts() -> None:
    """The pinned host key, the given key, SFTP instead of a shell, and no configuration file."""
    words = scp_command(TARGET, ("--", "./a", f"{TARGET.instance_id}:b"), terminal=False)
    assert words[:4] == ("scp", "-s", "-F", "none")
    assert words[-3:] == ("--", "./a", f"{TARGET.instance_id}:b")
    options = {words[at + 1] for at, word in enumerate(words) if word == "-o"}
    assert {
        "StrictHostKeyChecking=yes",
        f"HostKeyAlias={TARGET.instance_id}",
        f"HostName={TARGET.address}",
        f"User={TARGET.user}",
        f"Port={TARGET.port}",
        'IdentityFile="/state/keys/spawn-ed25519"',
    } <= options


def test_scp_is_given_no_name_for_an_address() -> None:
    """What is no address could be an option, or words for a shell."""
    with pytest.raises(InputError, match="not an address"):
        scp_command(replace(TARGET, address="-oProxyCommand=x"), (), terminal=False)


def test_several_files_need_a_directory(tmp_path: Path) -> None:
    """Two files fetched into one name would leave the last one only."""
    job = Download(instance="box", sources=("a", "b"), target=str(tmp_path / "file"))
    with pytest.raises(InputError, match="is not a directory"):
        rounds(job, "i-1")
    into = replace(job, target=str(tmp_path))
    assert len(rounds(into, "i-1")) == 2
