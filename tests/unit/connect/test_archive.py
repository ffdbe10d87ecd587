"""Directories as streams of tar, and back: all that was named, and nothing outside its place."""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawn.connect.archive import Fetched, list_directory, unpack, write_archive
from spawn.core.errors import AccountError, NamedThingNotFound

NAME = st.binary(min_size=1, max_size=30).filter(
    lambda name: b"\0" not in name and b"/" not in name and name not in (b".", b"..", b".git")
)


def archive_of(root: Path) -> bytes:
    """Send a directory into memory."""
    sink = io.BytesIO()
    write_archive(list_directory(root), sink)
    return sink.getvalue()


def unpacked(archive: bytes, into: Path, *asked: str) -> Fetched:
    """Unpack an archive of what was asked for, else of anything; say what came of it."""
    fetched = Fetched()
    unpack(io.BytesIO(archive), into, fetched, asked=asked or (".",))
    return fetched


def member(name: str, kind: bytes = tarfile.REGTYPE, linkname: str = "") -> tarfile.TarInfo:
    """Return a member as an instance may send it."""
    made = tarfile.TarInfo(name)
    made.type = kind
    made.linkname = linkname
    made.mode = 0o4777
    return made


def packed(*members: tarfile.TarInfo, content: bytes = b"evil") -> bytes:
    """Pack members as an instance may, each file with the same content."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w|") as archive:
        for each in members:
            each.size = len(content) if each.isreg() else 0
            archive.addfile(each, io.BytesIO(content) if each.isreg() else None)
    return sink.getvalue()


def everything_below(place: Path) -> set[str]:
    """Return the names of all that is below a directory."""
    return {str(path.relative_to(place)) for path in place.rglob("*")}


@given(files=st.dictionaries(NAME, st.binary(max_size=2000), max_size=5))
def test_every_name_and_byte_arrives(files: dict[bytes, bytes]) -> None:
    """Whatever a file is called, also no UTF-8, it arrives under that name with its bytes."""
    with tempfile.TemporaryDirectory() as place:
        source, target = Path(place, "from"), Path(place, "to")
        source.mkdir()
        for name, content in files.items():
            Path(source, os.fsdecode(name)).write_bytes(content)
        fetched = unpacked(archive_of(source), target)
        arrived = {os.fsencode(path.name): path.read_bytes() for path in target.iterdir()}
    assert arrived == files
    assert fetched.files == len(files)
    assert fetched.size_bytes == sum(map(len, files.values()))


def test_a_tree_keeps_its_shape(tmp_path: Path) -> None:
    """Directories, empty ones too, programs and links within the tree arrive as they are."""
    source, target = tmp_path / "from", tmp_path / "to"
    (source / "a/b").mkdir(parents=True)
    (source / "empty").mkdir()
    (source / "a/run").write_text("#!/bin/sh\n")
    (source / "a/run").chmod(0o755)
    (source / "a/b/link").symlink_to("../run")
    unpacked(archive_of(source), target)
    assert everything_below(target) == {"a", "a/b", "a/b/link", "a/run", "empty"}
    assert os.access(target / "a/run", os.X_OK)
    assert (target / "a/b/link").resolve() == (target / "a/run").resolve()


def test_what_must_not_go_is_left_out_and_said(tmp_path: Path) -> None:
    """Neither git's own files, nor sockets and pipes, nor what a link leads to is sent."""
    (tmp_path / "outside").write_text("secret")
    source = tmp_path / "from"
    (source / ".git").mkdir(parents=True)
    (source / ".git/config").write_text("token")
    (source / "sub").mkdir()
    (source / "sub/.git").write_text("gitdir: elsewhere")
    (source / "link").symlink_to("../outside")
    (source / "absolute").symlink_to(tmp_path / "outside")
    os.mkfifo(source / "pipe")
    (source / "work").write_text("work")
    tree = list_directory(source)
    assert tree.names == ("sub", "work")
    assert (tree.files, tree.size_bytes) == (1, 4)
    assert {line.partition(":")[0] for line in tree.left_out} == {
        ".git", "sub/.git", "link", "absolute", "pipe",
    }  # fmt: skip
    assert b"secret" not in archive_of(source)
    assert b"token" not in archive_of(source)


def test_nothing_says_who_owned_it(tmp_path: Path) -> None:
    """No name or number of an account of this machine is sent, and no set-user-id bit."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "file").chmod(0o4755)
    with tarfile.open(fileobj=io.BytesIO(archive_of(tmp_path))) as archive:
        (found,) = archive.getmembers()
    assert (found.uid, found.gid, found.uname, found.gname) == (0, 0, "", "")
    assert found.mode == 0o755


def test_a_link_that_took_a_files_place_is_not_followed(tmp_path: Path) -> None:
    """What is a link only since the tree was listed is not read through."""
    source = tmp_path / "from"
    source.mkdir()
    (tmp_path / "outside").write_text("secret")
    (source / "file").write_text("work")
    tree = list_directory(source)
    (source / "file").unlink()
    (source / "file").symlink_to("../outside")
    sink = io.BytesIO()
    write_archive(tree, sink)
    assert b"secret" not in sink.getvalue()


def test_a_file_that_vanishes_is_told(tmp_path: Path) -> None:
    """A tree that changes while it is sent is not called whole."""
    (tmp_path / "file").write_text("work")
    tree = list_directory(tmp_path)
    (tmp_path / "file").unlink()
    with pytest.raises(AccountError, match="file changed while it was being sent"):
        write_archive(tree, io.BytesIO())


def test_a_missing_directory_is_named() -> None:
    """What is not there can't be sent."""
    with pytest.raises(NamedThingNotFound, match="no directory /nowhere"):
        list_directory(Path("/nowhere"))


CHAIN = (member("l", tarfile.SYMTYPE, "."), member("out", tarfile.SYMTYPE, "l/l/../.."))


@pytest.mark.parametrize(
    "members",
    [
        [member("../escaped")],
        [member("a/../../escaped")],
        [member("d", tarfile.SYMTYPE, ".."), member("d/escaped")],
        [member("d", tarfile.SYMTYPE, "../victim"), member("d")],
        [member("d", tarfile.SYMTYPE, "../victim")],
        [member("d", tarfile.SYMTYPE, "/etc/passwd")],
        [*CHAIN],
        [*CHAIN, member("out/escaped")],
        [member("b/a", tarfile.SYMTYPE, ".."), member("b/a/a", tarfile.SYMTYPE, "..")],
        [member("hard", tarfile.LNKTYPE, "../victim")],
        [member("hard", tarfile.LNKTYPE, "../victim"), member("hard")],
        [member("null", tarfile.CHRTYPE)],
        [member("pipe", tarfile.FIFOTYPE)],
    ],
)
def test_nothing_leaves_its_place(tmp_path: Path, members: Iterable[tarfile.TarInfo]) -> None:
    """Whatever an instance packs, nothing outside the directory is made, changed or led to."""
    (tmp_path / "victim").write_text("untouched")
    into = tmp_path / "into"
    fetched = unpacked(packed(*members), into)
    assert fetched.left_out
    assert everything_below(tmp_path) - {"into", "victim"} == {
        f"into/{name}" for name in everything_below(into)
    }
    assert (tmp_path / "victim").read_text() == "untouched"
    for path in into.rglob("*"):
        assert Path(os.path.realpath(path)).is_relative_to(into)
        assert path.is_file() or path.is_dir() or path.is_symlink()


PART = st.sampled_from(["..", "a", "b", ".", "/", "c"])
EVIL = st.builds(
    member,
    st.lists(PART, min_size=1, max_size=4).map("/".join),
    st.sampled_from([tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE]),
    st.lists(PART, min_size=1, max_size=4).map("/".join),
)


@given(st.lists(EVIL, max_size=6))
@settings(max_examples=300)
def test_no_archive_leaves_its_place(members: list[tarfile.TarInfo]) -> None:
    """Of no sequence of files, directories and links does anything land or lead outside."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        into = place / "deep/into"
        into.mkdir(parents=True)
        unpacked(packed(*members), into)
        outside = {name for name in everything_below(place) if not name.startswith("deep/into")}
        assert outside == {"deep"}
        for path in into.rglob("*"):
            # A link in a circle, or to nothing, leads nowhere.
            with suppress(OSError):
                assert os.path.realpath(path, strict=True).startswith(os.path.realpath(into))


def test_an_own_link_is_not_written_through(tmp_path: Path) -> None:
    """A link that the person has in the directory leads no fetched file out of it."""
    (tmp_path / "victim").write_text("untouched")
    into = tmp_path / "into"
    into.mkdir()
    (into / "d").symlink_to("..")
    (into / "file").symlink_to("../victim")
    members = (
        member("d/victim"),
        member("file"),
        member("d/link", tarfile.SYMTYPE, "x"),
        member("hard", tarfile.LNKTYPE, "d/victim"),
    )
    assert len(unpacked(packed(*members), into).left_out) == 4
    assert (tmp_path / "victim").read_text() == "untouched"
    assert everything_below(tmp_path) == {"victim", "into", "into/d", "into/file"}


def test_two_names_of_one_file_arrive(tmp_path: Path) -> None:
    """A hard link within what is fetched is one here, whatever comes before it."""
    members = (member("a"), member("b", tarfile.LNKTYPE, "a"))
    assert unpacked(packed(*members), tmp_path).files == 2
    assert (tmp_path / "b").read_bytes() == b"evil"


@pytest.mark.parametrize("asked", ["out", "./out/", "/var/out", "../out", "a/../out"])
def test_only_what_was_asked_for_arrives(tmp_path: Path, asked: str) -> None:
    """An instance can't slip a file that tools here would run in among the results."""
    inside = "var/out" if asked.startswith("/") else "out"
    members = (
        member(f"{inside}/result"),
        member(".envrc"),
        member(".git/hooks/pre-commit"),
        member(f"{inside}2"),
        member(f"{inside}/hard", tarfile.LNKTYPE, ".envrc"),
    )
    (tmp_path / ".envrc").write_text("mine")
    fetched = unpacked(packed(*members), tmp_path, asked)
    assert (fetched.files, len(fetched.left_out)) == (1, 4)
    assert (tmp_path / inside / "result").read_bytes() == b"evil"
    assert everything_below(tmp_path) == {".envrc", *_parents(f"{inside}/result")}
    assert (tmp_path / ".envrc").read_text() == "mine"


def _parents(name: str) -> set[str]:
    return {name, *(str(each) for each in Path(name).parents if each != Path())}


def test_a_second_name_is_not_written_through(tmp_path: Path) -> None:
    """Links that one archive brought lead none that comes after it to other files."""
    (tmp_path / "own").write_text("mine")
    (tmp_path / "out").mkdir()
    os.link(tmp_path / "own", tmp_path / "out/hard")
    (tmp_path / "out/soft").symlink_to("../own")
    fetched = unpacked(packed(member("out/hard"), member("out/soft")), tmp_path, "out")
    assert (tmp_path / "own").read_text() == "mine"
    assert (tmp_path / "out/hard").read_bytes() == b"evil"
    assert len(fetched.left_out) == 1


def test_two_names_of_one_file_are_sent_whole(tmp_path: Path) -> None:
    """Of a file with two names both arrive, each with all its bytes."""
    source, target = tmp_path / "from", tmp_path / "to"
    source.mkdir()
    (source / "a").write_bytes(b"content")
    os.link(source / "a", source / "b")
    assert unpacked(archive_of(source), target).size_bytes == 2 * len(b"content")
    assert (target / "b").read_bytes() == b"content"


def test_a_cut_archive_is_told(tmp_path: Path) -> None:
    """An archive that ends amid a file is not called whole; none at all is left to the caller."""
    whole = packed(member("a"), member("b"), content=b"x" * 5000)
    with pytest.raises(AccountError, match="cut short"):
        unpacked(whole[:8000], tmp_path)
    assert unpacked(b"", tmp_path / "other").files == 0


def test_a_program_stays_one_and_nobodys_else(tmp_path: Path) -> None:
    """What is fetched can be executed as it could there, and is not writable for others."""
    unpacked(packed(member("program")), tmp_path)
    assert (tmp_path / "program").stat().st_mode & 0o7777 == 0o755
