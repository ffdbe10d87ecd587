"""A directory as a stream of tar, and such a stream as a directory. Streams come in as parameters.

1. A tree is listed: what goes, how large it is, what is left out and why.
2. Its files go into the stream one by one.
3. What an instance packs is unpacked, and it may have packed anything: only what was asked for
   gets there, and of that files, directories, and links that stay below the place that was named.

Nothing is held in memory but names.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from spawn.core.errors import AccountError, InputError, NamedThingNotFound

_CHUNK_BYTES = 1024 * 1024
# What a version control system keeps is not the work itself, and may hold secrets of its past.
_LEFT_OUT_NAMES = frozenset({".git"})
# GNU tar takes any bytes as a name in this format, and so do bsdtar and busybox.
_FORMAT = tarfile.GNU_FORMAT
_PERMISSIONS = 0o777
_LEADS_OUT = "a link that leads out of the directory"


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A directory as it will be sent; `names` are relative to it, directories before theirs."""

    root: Path
    names: tuple[str, ...]
    files: int
    size_bytes: int
    left_out: tuple[str, ...]


@dataclass(kw_only=True)
class Fetched:
    """What came back. `left_out` is what was refused here, `messages` the instance's complaints."""

    files: int = 0
    size_bytes: int = 0
    left_out: list[str] = field(default_factory=list)
    messages: tuple[str, ...] = ()


def list_directory(root: Path) -> Tree:
    """List what of a directory can be sent: files, directories, links that stay within it.

    Raises NamedThingNotFound where there is no such directory, InputError where a part of it
    can't be read.
    """
    if not root.is_dir():
        raise NamedThingNotFound(f"there is no directory {root}")
    names: list[str] = []
    left_out: list[str] = []
    files = size_bytes = 0
    try:
        for name, entry in _walk(root, ""):
            why = _why_left_out(name, entry)
            if why:
                left_out.append(f"{name}: {why}")
                continue
            names.append(name)
            if entry.is_file(follow_symlinks=False):
                files += 1
                size_bytes += entry.stat(follow_symlinks=False).st_size
    except OSError as error:
        raise InputError(f"{error.filename} can't be read", why=error.strerror or "") from error
    return Tree(
        root=root,
        names=tuple(names),
        files=files,
        size_bytes=size_bytes,
        left_out=tuple(left_out),
    )


def _walk(directory: Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(directory) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        name = f"{prefix}{entry.name}"
        yield name, entry
        if entry.is_dir(follow_symlinks=False) and entry.name not in _LEFT_OUT_NAMES:
            yield from _walk(directory / entry.name, f"{name}/")


def _why_left_out(name: str, entry: os.DirEntry[str]) -> str:
    if entry.name in _LEFT_OUT_NAMES:
        return "version control's own"
    if entry.is_symlink():
        stays = _stays_inside(name, str(Path(entry.path).readlink()))
        return "" if stays else _LEADS_OUT
    if entry.is_dir() or entry.is_file():
        return ""
    return "neither a file nor a directory"


def _stays_inside(name: str, target: str) -> bool:
    """Say whether a link by that name can't lead out of the tree, whatever else is in the tree.

    First up, within the tree, and then down: `..` after another name could climb from wherever
    that name, itself a link, leads to.
    """
    parts = PurePosixPath(target).parts
    climbs = next((at for at, part in enumerate(parts) if part != ".."), len(parts))
    depth = len(PurePosixPath(name).parent.parts)
    return not target.startswith("/") and climbs <= depth and ".." not in parts[climbs:]


def write_archive(tree: Tree, sink: IO[bytes]) -> None:
    """Write the tree's files as they are now.

    Raises AccountError for one that has changed since, BrokenPipeError where nobody reads on.
    """
    with tarfile.open(
        fileobj=sink,
        mode="w|",
        format=_FORMAT,
        encoding="utf-8",
        errors="surrogateescape",
        bufsize=_CHUNK_BYTES,
    ) as archive:
        for name in tree.names:
            try:
                _add(archive, tree.root, name)
            except BrokenPipeError:
                raise
            except OSError as error:
                raise AccountError(
                    f"{name} changed while it was being sent", why=error.strerror or str(error)
                ) from error


def _add(archive: tarfile.TarFile, root: Path, name: str) -> None:
    """Add one file as it is now: no link that took its place since is followed."""
    path = root / name
    if path.is_symlink() or path.is_dir():
        archive.addfile(_anonymous(archive.gettarinfo(path, arcname=name)))
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("it is no file any more")
        member = archive.gettarinfo(arcname=name, fileobj=file)
        # Two names of one file are sent as two files: the other one may be left out.
        member.type, member.linkname = tarfile.REGTYPE, ""
        member.size = os.fstat(descriptor).st_size
        archive.addfile(_anonymous(member), file)


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Return it without who owns it here, and without what makes a program run as its owner."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode &= _PERMISSIONS
    return member


def unpack(source: IO[bytes], into: Path, fetched: Fetched, *, asked: Iterable[str]) -> None:
    """Unpack files and directories first and links last: nothing is ever written through a link.

    `asked` are the paths that the instance was told to pack: else it could send a `.envrc` or a
    `.git/hooks/…` for a result. Raises AccountError where the archive is cut, or this machine has
    no place for it.
    """
    links: list[tarfile.TarInfo] = []
    wanted = [_packed_parts(path) for path in asked]
    try:
        into.mkdir(parents=True, exist_ok=True)
        with tarfile.open(
            fileobj=source,
            mode="r|",
            encoding="utf-8",
            errors="surrogateescape",
            bufsize=_CHUNK_BYTES,
        ) as archive:
            for member in archive:
                if not _is_below(_packed_parts(member.name), wanted):
                    fetched.left_out.append(f"{member.name}: nobody asked for it")
                elif member.issym() or member.islnk():
                    links.append(member)
                else:
                    _unpack_one(archive, member, into, fetched)
    except tarfile.ReadError as error:
        if fetched.files or links:
            raise AccountError("what the instance sent was cut short", why=str(error)) from error
        return  # nothing came at all: what the instance says of it tells more
    except (tarfile.TarError, OSError) as error:
        raise AccountError(f"what was fetched can't be put into {into}", why=str(error)) from error
    for member in sorted(links, key=lambda member: member.issym()):
        if member.islnk() and not _is_below(_packed_parts(member.linkname), wanted):
            fetched.left_out.append(f"{member.name}: a link to what nobody asked for")
            continue
        _link(member, into, fetched)


def _packed_parts(path: str) -> tuple[str, ...]:
    """Return a path as tar packs it: without its root, and all up to a `..` (GNU tar, names.c)."""
    parts = PurePosixPath(path).parts
    parts = parts[1:] if path.startswith("/") else parts
    climbs = max((at for at, part in enumerate(parts, start=1) if part == ".."), default=0)
    return parts[climbs:]


def _is_below(parts: tuple[str, ...], wanted: Iterable[tuple[str, ...]]) -> bool:
    return any(parts[: len(each)] == each for each in wanted)


def _unpack_one(
    archive: tarfile.TarFile, member: tarfile.TarInfo, into: Path, fetched: Fetched
) -> None:
    name = member.name.lstrip("/")
    if not _is_itself(name, into):
        fetched.left_out.append(f"{member.name}: {_LEADS_OUT}, or its place here is a link")
        return
    try:
        if member.isfile():
            # A file that an earlier archive put there may be another file's second name.
            (into / name).unlink(missing_ok=True)
        # PEP 706: no absolute name, no `..`, no device, no owner, nothing through a link.
        archive.extract(member, into, filter="data")
    except tarfile.FilterError as refusal:
        fetched.left_out.append(f"{member.name}: {refusal}")
        return
    except (IsADirectoryError, NotADirectoryError, FileExistsError, PermissionError) as error:
        fetched.left_out.append(f"{member.name}: {error.strerror}")
        return
    if member.isfile():
        fetched.files += 1
        fetched.size_bytes += member.size


def _link(member: tarfile.TarInfo, into: Path, fetched: Fetched) -> None:
    """Make a link, hard or symbolic, in place of one that is there."""
    name, target = member.name.lstrip("/"), member.linkname
    place = into / name
    if member.issym():
        leads_out = not _stays_inside(name, target)
    else:
        # A hard link names its file from the top of the archive.
        leads_out = not _stays_inside("", target) or not _is_itself(target, into)
    # `_stays_inside` counts directories: a link among them would be miscounted.
    if leads_out or not _is_itself(str(PurePosixPath(name).parent), into):
        fetched.left_out.append(f"{member.name}: {_LEADS_OUT}")
        return
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_symlink():
            place.unlink()
        if member.issym():
            place.symlink_to(target)
        else:
            place.hardlink_to(into / target)
            fetched.files += 1
    except OSError as error:
        fetched.left_out.append(f"{member.name}: {error.strerror or error}")


def _is_itself(name: str, into: Path) -> bool:
    """Say whether a path below `into` is what it says: without `..`, and through no link."""
    top = Path(os.path.realpath(into))
    return (
        ".." not in PurePosixPath(name).parts and Path(os.path.realpath(top / name)) == top / name
    )
