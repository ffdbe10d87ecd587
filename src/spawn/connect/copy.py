"""Files between this machine and an instance, by OpenSSH's scp.

scp is told to speak SFTP (`-s`): names then travel as data and never through a shell. What is a
pattern or an option to scp is written so that it is none, and exactly what was named is copied.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spawn.connect.connect import reach
from spawn.connect.patience import Patience, Progress, in_silence
from spawn.connect.programs import Completed
from spawn.connect.ssh import SshTarget, checked_address, checked_user, ssh_options
from spawn.connect.way import Way
from spawn.core.errors import InputError

_SSH_FAILED = 255
_AUTHENTICATED = "Authenticated to "
# What ssh logs of a connection that went well (ssh.c, sshconnect2.c).
_OF_SSH = (_AUTHENTICATED, "Transferred: ", "Bytes per second: ")
# glob(3) of OpenBSD, as OpenSSH's sftp-glob.c calls it: neither braces nor tildes are special.
_PATTERN = re.compile(r"[\\*?\[\]]")


@dataclass(frozen=True, kw_only=True)
class Upload:
    """From here to the instance that `instance` names."""

    sources: tuple[str, ...]
    instance: str
    target: str


@dataclass(frozen=True, kw_only=True)
class Download:
    """From the instance that `instance` names to here."""

    instance: str
    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True, kw_only=True)
class Copied:
    """scp's exit code, and what it wrote to standard error of its own."""

    returncode: int
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A path; `instance` is "" on this machine."""

    instance: str
    path: str


def parse_copy(places: Sequence[str]) -> Upload | Download:
    """Read sources and, last, the target, each a path here or `ID|NAME:path` there.

    A colon after the first slash belongs to the path, as with scp. Raises InputError for fewer
    than two places, and where not exactly one side is an instance.
    """
    if len(places) < 2:
        raise InputError("cp needs a source and a target", next_command="spawn cp --help")
    *sources, target = map(_place, places)
    there = {source.instance for source in sources}
    if target.instance and there == {""}:
        return Upload(
            sources=tuple(source.path for source in sources),
            instance=target.instance,
            target=target.path,
        )
    if target.instance:
        raise InputError(
            "cp does not copy from instance to instance",
            why="neither could log in to the other without your key; copy by way of this machine",
        )
    if there == {""}:
        raise InputError(
            "cp needs an instance on one side",
            why="write ID:path or NAME:path there; a file here that has a colon needs ./ before it",
        )
    if len(there) > 1:
        raise InputError(
            "cp copies from one instance at a time", why=f"{', '.join(sorted(there))} were given"
        )
    return Download(
        instance=there.pop(), sources=tuple(source.path for source in sources), target=target.path
    )


def _place(text: str) -> _Place:
    if not text or "\0" in text:
        raise InputError(f"{text!r} is no path")
    instance, colon, path = text.partition(":")
    if not colon or "/" in instance:
        return _Place(instance="", path=text)
    if not instance:
        raise InputError(
            f"{text!r} names no instance before its colon", why="a file here needs ./ before it"
        )
    return _Place(instance=instance, path=path)


def copy(
    way: Way,
    job: Upload | Download,
    *,
    recursive: bool,
    terminal: bool,
    patience: Patience,
    progress: Progress = in_silence,
) -> Copied:
    """Copy, and return how it ended: the first exit code that is not 0, or 0.

    scp shows its progress on a terminal. Raises AccountError where there is no connection,
    InputError for what ssh can't be given and for several sources without a directory.
    """
    done = Copied(returncode=0)
    for sources, target in rounds(job, way.target.instance_id):
        ended = _scp(
            way,
            (*(("-r",) if recursive else ()), "--", *sources, target),
            terminal=terminal,
            patience=patience,
            progress=progress,
        )
        done = Copied(
            returncode=done.returncode or ended.returncode,
            messages=(*done.messages, *ended.messages),
        )
    return done


def rounds(job: Upload | Download, alias: str) -> list[tuple[tuple[str, ...], str]]:
    """Return sources and target of each scp: it logs in once for all that it sends.

    To fetch, it would log in anew for each source, and a key that holds for a minute may be gone.
    Raises InputError for several sources without a directory to put them into.
    """
    if isinstance(job, Upload):
        return [(tuple(map(local_word, job.sources)), f"{alias}:{remote_path(job.target)}")]
    if len(job.sources) > 1 and not Path(job.target).is_dir():
        raise InputError(
            f"{job.target} is not a directory", why="several files need one to be copied into"
        )
    return [
        ((f"{alias}:{pattern_of(remote_path(source))}",), local_word(job.target))
        for source in job.sources
    ]


def local_word(path: str) -> str:
    """Return a path of this machine as scp takes it for one: no option, and no host's."""
    return path if path.startswith(("/", "./", "../")) else f"./{path}"


def remote_path(path: str) -> str:
    """Return a path of the instance, in which only `~` and `~/` stand for a home directory.

    Before a name, scp would take the tilde for that user's home.
    """
    if path.startswith("~") and path != "~" and not path.startswith("~/"):
        return f"./{path}"
    return path


def pattern_of(path: str) -> str:
    """Return the pattern that means this path alone: scp takes what it fetches for patterns."""
    return _PATTERN.sub(r"\\\g<0>", path)


def _scp(
    way: Way, words: Sequence[str], *, terminal: bool, patience: Patience, progress: Progress
) -> Copied:
    said: list[str] = []

    def start(target: SshTarget, log: Path) -> Completed:
        command = scp_command(target, words, terminal=terminal)
        code = way.machine.programs.attach(command, errors=log)
        lines = log.read_text("utf-8", "replace").splitlines()
        logged_in = any(line.startswith(_AUTHENTICATED) for line in lines)
        said[:] = [line for line in lines if line.strip() and not line.startswith(_OF_SSH)]
        # scp ends with 1 as well where its ssh could not connect.
        is_scps = code == 0 or logged_in
        return Completed(returncode=code if is_scps else _SSH_FAILED, stdout=b"", stderr=b"")

    ended = reach(way, start, terminal=terminal, patience=patience, progress=progress)
    return Copied(returncode=ended.returncode, messages=tuple(said))


def scp_command(target: SshTarget, words: Sequence[str], *, terminal: bool) -> tuple[str, ...]:
    """Return the words that start scp; in `words` the instance is called by its id.

    Raises InputError for what ssh can't be given.
    """
    options = (
        *ssh_options(target, terminal=terminal),
        f"HostName={checked_address(target.address)}",
        f"User={checked_user(target.user)}",
        f"Port={target.port}",
    )
    return ("scp", "-s", "-F", "none", *(w for option in options for w in ("-o", option)), *words)
