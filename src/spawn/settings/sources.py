"""Sources of settings: files, the environment, the command line, each a mapping with a name.

Whoever can write a settings file decides what is launched, so a file that another user of the
machine may have written is refused, and said so, never passed over.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spawn.core.errors import InputError, NamedThingNotFound
from spawn.settings.statements import key_lines, read_toml
from spawn.settings.table import SETTINGS, Origin, Setting, check_origin, checked, setting_of
from spawn.settings.values import Kind, Value, from_text, from_toml

# A launch file may hold user-data, of which EC2 takes 16 KiB before it is encoded.
LARGEST_LAUNCH_FILE_BYTES = 64 * 1024
# Files that are found, not named: TOML can be written so that reading takes the square of its size.
LARGEST_FILE_BYTES = 16 * 1024
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True)
class Given:
    """A value, and where it stands in a person's words: "spawn.toml line 3", "--ttl"."""

    value: Value
    place: str


@dataclass(frozen=True, kw_only=True)
class Source:
    """What one origin says, by key. Nothing in it is invalid."""

    origin: Origin
    given: Mapping[str, Given]


@dataclass(frozen=True, kw_only=True)
class SettingsFile:
    """A settings file: where it lies, what to call it, and who speaks in it."""

    path: Path
    name: str
    origin: Origin


def read_settings(text: str, *, name: str, origin: Origin) -> Source:
    """Read the text of a settings file, or of the organisation's parameter.

    Raises InputError, beginning with the name and where it can with the line, for what is no
    TOML, for unknown keys, and for values that can't be meant or may not be set there.
    """
    try:
        raw = read_toml(text)
    except ValueError as error:
        raise InputError(f"{name} is not TOML", why=str(error)) from error
    lines = key_lines(text) if raw else {}
    given = {}
    for key, value in raw.items():
        place = f"{name} line {lines[key]}" if key in lines else name
        setting = setting_of(key, place=place)
        given[key] = Given(_understood(setting, value, origin, place=f"{place}: {key}"), place)
    return Source(origin=origin, given=given)


def _understood(setting: Setting, raw: object, origin: Origin, *, place: str) -> Value:
    value = checked(setting, from_toml(setting.kind, raw, place=place), place=place)
    check_origin(setting, value, origin, place=place)
    return value


def read_environment(environment: Mapping[str, str]) -> Source:
    """Read the SPAWN_ variables that are settings; an empty one says nothing."""
    given = {}
    for setting in SETTINGS.values():
        text = environment.get(setting.variable, "")
        if text and Origin.ENVIRONMENT in setting.origins:
            place = setting.variable
            value = checked(setting, from_text(setting.kind, text, place=place), place=place)
            given[setting.key] = Given(value, place)
    return Source(origin=Origin.ENVIRONMENT, given=given)


def after_aws(source: Source, environment: Mapping[str, str]) -> Source:
    """Return what a file says, without what AWS's own variables say already, being nearer."""
    if source.origin < Origin.ENVIRONMENT:
        return source
    given = {
        key: one
        for key, one in source.given.items()
        if not any(environment.get(variable) for variable in SETTINGS[key].yields_to)
    }
    return Source(origin=source.origin, given=given)


def from_flags(values: Mapping[str, Value]) -> Source:
    """Return what the command line said as a source. The flags check their values themselves."""
    given = {key: Given(value, SETTINGS[key].flag) for key, value in values.items()}
    return Source(origin=Origin.FLAG, given=given)


def read_file(file: SettingsFile, *, me: int) -> Source:
    """Read a settings file, `me` being the user who runs this; an own one may be missing.

    Paths in it are meant from where it lies. Raises InputError for one that can't be trusted or
    understood, NamedThingNotFound for a launch file that is not there.
    """
    text = text_of_file(file, me=me)
    source = read_settings(text, name=file.name, origin=file.origin)
    given = {
        key: Given(_from_here(SETTINGS[key], one.value, file.path.parent), one.place)
        for key, one in source.given.items()
    }
    return Source(origin=file.origin, given=given)


def text_of_file(file: SettingsFile, *, me: int) -> str:
    """Return a file's text, "" where it may be missing and is. Raises as `read_file` does."""
    try:
        _refuse_others(file, os.lstat(file.path), me=me)
        content = _content(file, me=me)
    except FileNotFoundError as error:
        if file.origin is not Origin.LAUNCH_FILE:
            return ""
        raise NamedThingNotFound(f"there is no file {file.name}") from error
    except OSError as error:
        raise InputError(f"{file.name} can't be read", why=error.strerror or str(error)) from error
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{file.name} line {line} is not UTF-8", why="TOML is") from error


def _content(file: SettingsFile, *, me: int) -> bytes:
    is_named = file.origin is Origin.LAUNCH_FILE
    most = LARGEST_LAUNCH_FILE_BYTES if is_named else LARGEST_FILE_BYTES
    # Without O_NONBLOCK a pipe in a file's place would be waited for.
    descriptor = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as opened:  # noqa: PTH123  a descriptor has no path
        status = os.fstat(descriptor)
        _refuse_others(file, status, me=me)
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{file.name} is no file", why="settings are read from files only")
        content = opened.read(most + 1)
    if len(content) > most:
        raise InputError(f"{file.name} is too large", why=f"it may have {most} bytes at most")
    return content


def _refuse_others(file: SettingsFile, status: os.stat_result, *, me: int) -> None:
    """Refuse what another user may have written; a file named with -f was chosen by the person.

    Of a symbolic link the owner counts as well: whoever made it chose the file.
    """
    if file.origin is Origin.LAUNCH_FILE:
        return
    if status.st_uid not in {me, 0}:
        raise InputError(
            f"{file.name} belongs to another user of this machine (uid {status.st_uid})",
            why="what it holds decides what is launched, and only you may say so",
            next_command=shlex.join(("ls", "-l", str(file.path))),
        )
    if status.st_mode & _OTHERS_WRITE and not stat.S_ISLNK(status.st_mode):
        raise InputError(
            f"{file.name} can be written by other users of this machine",
            why="what it holds decides what is launched, and only you may say so",
            next_command=shlex.join(("chmod", "go-w", str(file.path))),
        )


def _from_here(setting: Setting, value: Value, directory: Path) -> Value:
    """Return a path, or an `@` path, as seen from where the process stands."""
    if setting.kind is Kind.PATH and isinstance(value, str):
        return _placed(value, directory)
    if setting.kind is Kind.CONTENT and isinstance(value, str) and value.startswith("@"):
        return f"@{_placed(value[1:], directory)}"
    return value


def _placed(path: str, directory: Path) -> str:
    """A home directory's `~` and the `-` of standard input stay as they are."""
    return path if path == "-" or path.startswith("~") else str(directory / path)
