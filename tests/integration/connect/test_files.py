"""Files to a real SSH server and back: by scp, by a stream of tar, and by plain ssh's own means."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spawn.connect.archive import list_directory
from spawn.connect.copy import copy, parse_copy
from spawn.connect.programs import LocalPrograms, ProgramMissing
from spawn.connect.ssh_config import ReachableHost, host_blocks
from spawn.connect.transfer import fetch_paths, send_directory
from spawn.core.errors import AccountError
from tests.integration.connect.server import SshServer, at_once
from tests.unit.connect.builders import console_text, public_key

# scp's progress and its glob have their own ideas of bytes that are no text.
NAME = st.text(
    st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1, max_size=20
).filter(lambda name: name not in (".", "..", ".git"))
AWKWARD = (
    "-rf", "--", "two words", "$(touch reached)", "`id`", "a;b", "a|b", "'", '"', "\\", "new\nline",
    "*", "?", "[a]", "{a,b}", "~", "~root", "a:b", "#", "%h", "ü", "..x", " ", "\t",
)  # fmt: skip


def copied(server: SshServer, *places: str, recursive: bool = False) -> tuple[int, str]:
    """Copy by scp; its exit code and what it says."""
    job = parse_copy(places)
    done = copy(server.way(), job, recursive=recursive, terminal=False, patience=at_once())
    return done.returncode, "\n".join(done.messages)


def there_and_back(server: SshServer, place: Path, name: str, content: bytes) -> bytes:
    """Copy a file of that name to the server, and from there to another directory."""
    here, there, back = place / "here", place / "there", place / "back"
    for directory in (here, there, back):
        directory.mkdir()
    (here / name).write_bytes(content)
    assert copied(server, str(here / name), f"box:{there}") == (0, "")
    assert [path.name for path in there.iterdir()] == [name]
    assert copied(server, f"box:{there / name}", str(back)) == (0, "")
    assert [path.name for path in back.iterdir()] == [name]
    return (back / name).read_bytes()


@pytest.mark.parametrize("name", AWKWARD)
def test_exactly_the_file_that_was_named_is_copied(
    server: SshServer, tmp_path: Path, name: str
) -> None:
    """A name is neither an option nor a pattern, a host or a word for a shell, both ways."""
    assert there_and_back(server, tmp_path, name, b"\0\xff") == b"\0\xff"


@given(name=NAME, content=st.binary(max_size=100))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_of_any_name_is_copied(server: SshServer, name: str, content: bytes) -> None:
    """Whatever a file is called, it arrives under that name with its bytes, and nothing else."""
    with tempfile.TemporaryDirectory() as place:
        assert there_and_back(server, Path(place), name, content) == content


def test_a_pattern_matches_nothing_else(server: SshServer, tmp_path: Path) -> None:
    """Of `a*` and `ab`, the one that was named is fetched."""
    for name in ("a*", "ab"):
        (tmp_path / name).write_text(name)
    (tmp_path / "back").mkdir()
    assert copied(server, f"box:{tmp_path}/a*", str(tmp_path / "back"))[0] == 0
    assert [path.name for path in (tmp_path / "back").iterdir()] == ["a*"]


def test_several_sources_and_directories(server: SshServer, tmp_path: Path) -> None:
    """Several files come in one go; a directory needs `-r`, and scp says so."""
    (tmp_path / "d/e").mkdir(parents=True)
    for name in ("a", "b", "d/e/c"):
        (tmp_path / name).write_text(name)
    into = tmp_path / "into"
    into.mkdir()
    sources = [f"box:{tmp_path / name}" for name in ("a", "b", "d")]
    code, said = copied(server, *sources, str(into))
    assert code == 1
    assert "not a regular file" in said
    assert sorted(path.name for path in into.iterdir()) == ["a", "b"]
    assert copied(server, *sources, str(into), recursive=True) == (0, "")
    assert (into / "d/e/c").read_text() == "d/e/c"


def test_scp_says_what_is_missing(server: SshServer, tmp_path: Path) -> None:
    """scp's exit code and its own words come through, and none of ssh's about the connection."""
    code, said = copied(server, f"box:{tmp_path}/nothing", str(tmp_path))
    assert code == 1
    assert said.startswith("scp: ")
    assert "No such file" in said
    assert len(server.logins) == 0


def test_no_file_goes_to_a_stranger(server: SshServer, tmp_path: Path) -> None:
    """With another host key nothing is sent, and it is told as `connect` tells it."""
    (tmp_path / "file").write_text("x")
    way = server.way(console=console_text(public_key()))
    job = parse_copy([str(tmp_path / "file"), f"box:{tmp_path}/copy"])
    with pytest.raises(AccountError, match="does not have its host key"):
        copy(way, job, recursive=False, terminal=False, patience=at_once())
    assert not (tmp_path / "copy").exists()


def test_a_tree_is_sent_and_fetched(server: SshServer, tmp_path: Path) -> None:
    """A directory arrives whole under names of any kind, and comes back as it went."""
    source, there, back = tmp_path / "source", tmp_path / "two words/-there", tmp_path / "back"
    (source / "sub").mkdir(parents=True)
    for name in AWKWARD:
        (source / "sub" / name).write_text(name)
    (source / "large").write_bytes(bytes(range(256)) * 20_000)
    tree = list_directory(source)
    send_directory(server.way(), tree, str(there), patience=at_once())
    fetched = fetch_paths(
        server.way(), ["sub", "./large"], back, base=str(there), patience=at_once()
    )
    assert (fetched.files, fetched.size_bytes) == (tree.files, tree.size_bytes)
    assert (fetched.left_out, fetched.messages) == ([], ())
    assert {path.name for path in (back / "sub").iterdir()} == set(AWKWARD)
    assert (back / "large").read_bytes() == (source / "large").read_bytes()


def test_an_absolute_path_is_fetched_below_the_place(server: SshServer, tmp_path: Path) -> None:
    """What tar says of a leading slash is no complaint: all that was asked for came."""
    (tmp_path / "there").write_text("content")
    back = tmp_path / "back"
    fetched = fetch_paths(server.way(), [str(tmp_path / "there")], back, patience=at_once())
    assert (fetched.files, fetched.messages, fetched.left_out) == (1, (), [])
    assert (back / str(tmp_path / "there").lstrip("/")).read_text() == "content"


def test_what_is_not_there_is_told(server: SshServer, tmp_path: Path) -> None:
    """What can be fetched is, with the instance's complaint; where nothing can be, that is said."""
    (tmp_path / "one").write_text("1")
    some = fetch_paths(
        server.way(), ["one", "none"], tmp_path / "in", base=str(tmp_path), patience=at_once()
    )
    assert some.files == 1
    assert any("none" in message for message in some.messages)
    with pytest.raises(AccountError, match="nothing could be fetched") as caught:
        fetch_paths(server.way(), ["none"], tmp_path / "in", base=str(tmp_path), patience=at_once())
    assert "none" in caught.value.why


def test_a_place_that_can_not_be_written_is_told(server: SshServer, tmp_path: Path) -> None:
    """Where the instance has no room for it, a directory is not called sent."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "source").mkdir()
    (tmp_path / "source/a").write_bytes(b"x" * 3_000_000)
    with pytest.raises(AccountError, match="did not arrive whole") as caught:
        send_directory(
            server.way(),
            list_directory(tmp_path / "source"),
            str(tmp_path / "file"),
            patience=at_once(),
        )
    assert "file" in caught.value.why


def test_plain_ssh_and_scp_work_by_name(server: SshServer, tmp_path: Path) -> None:
    """The written configuration alone leads plain ssh and scp to the pinned host by its name."""
    way = server.way()
    place = tmp_path / "my config"
    place.write_text(host_blocks([ReachableHost(name="box", target=way.target)]).text)
    ended = subprocess.run(
        ["ssh", "-F", str(place), "-o", "BatchMode=yes", "box", "echo reached"],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, b"reached\n")
    (tmp_path / "file").write_text("x")
    words = ["scp", "-q", "-s", "-F", str(place), str(tmp_path / "file"), f"box:{tmp_path}/copy"]
    assert subprocess.run(words, timeout=30, check=False).returncode == 0
    assert (tmp_path / "copy").read_text() == "x"
    assert server.logins == ["ec2-user"]


def test_plain_ssh_refuses_a_stranger(server: SshServer, tmp_path: Path) -> None:
    """What answers with another host key than the pinned one gets no login by name either."""
    way = server.way(console=console_text(public_key()))
    place = tmp_path / "config"
    target = replace(way.target, host_key_algorithms=("ssh-ed25519",))
    place.write_text(host_blocks([ReachableHost(name="box", target=target)]).text)
    words = ["ssh", "-F", str(place), "-o", "BatchMode=yes", "box", "true"]
    ended = subprocess.run(words, capture_output=True, timeout=30, check=False)
    assert ended.returncode == 255
    assert b"Host key verification failed" in ended.stderr
    assert server.logins == []


COUNT_AND_ECHO = "import sys; data = sys.stdin.buffer.read(); sys.stdout.buffer.write(data[::-1])"


def test_a_stream_carries_both_ways(tmp_path: Path) -> None:
    """What is written reaches a program, what it writes is read, and its exit code is told."""
    read = []

    def exchange(stdin: IO[bytes], stdout: IO[bytes]) -> None:
        stdin.write(b"abc")
        stdin.close()
        read.append(stdout.read())

    words = (sys.executable, "-c", f"{COUNT_AND_ECHO}; sys.stderr.write('said'); sys.exit(3)")
    assert LocalPrograms().stream(words, exchange, errors=tmp_path / "errors") == 3
    assert read == [b"cba"]
    assert (tmp_path / "errors").read_text() == "said"


def test_a_stream_that_fails_leaves_no_program(tmp_path: Path) -> None:
    """When what reads it fails, the program is ended at once and not waited for."""

    def exchange(stdin: IO[bytes], stdout: IO[bytes]) -> None:
        raise ValueError("enough")

    words = (sys.executable, "-c", "import time; time.sleep(600)")
    with pytest.raises(ValueError, match="enough"):
        LocalPrograms().stream(words, exchange, errors=tmp_path / "errors")


def test_a_program_that_reads_no_further_is_no_crash(tmp_path: Path) -> None:
    """Its exit code says what there is to say."""

    def exchange(stdin: IO[bytes], _: IO[bytes]) -> None:
        stdin.write(b"x")

    words = (sys.executable, "-c", "import sys; sys.stdin.close(); sys.exit(4)")
    assert LocalPrograms().stream(words, exchange, errors=tmp_path / "errors") == 4


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    """What is not installed is said before anything is read."""
    with pytest.raises(ProgramMissing, match="no-such-program"):
        LocalPrograms().stream(("no-such-program",), lambda _in, _out: None, errors=tmp_path / "e")
