"""Settings as commands use them: read where a person keeps them, joined with what was typed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from spawn.cli.wiring import PROJECT_FILE, Wiring
from spawn.core.errors import InputError
from spawn.settings.organisation import DEFAULT_PARAMETER
from spawn.settings.resolve import Resolved, given_by, resolve
from spawn.settings.sources import (
    SettingsFile,
    Source,
    after_aws,
    from_flags,
    read_environment,
    read_file,
)
from spawn.settings.table import SETTINGS, Origin, Setting
from spawn.settings.values import Kind, Value, as_text, from_text


@dataclass(frozen=True, kw_only=True)
class ResolvedWords:
    """A command's parameters as if all had been typed, and where each setting comes from."""

    words: dict[str, Any]
    resolved: dict[str, Resolved]


def project_file() -> SettingsFile:
    """Return the settings file of the directory that one stands in."""
    return SettingsFile(path=Path(PROJECT_FILE), name=PROJECT_FILE, origin=Origin.PROJECT)


def user_file(wiring: Wiring) -> SettingsFile:
    """Return the person's own settings file (XDG base directory specification)."""
    home, path = wiring.paths.home, wiring.settings_files[1]
    name = f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
    return SettingsFile(path=path, name=name, origin=Origin.USER)


def sources_of(wiring: Wiring, *, launch_file: str | None = None) -> tuple[Source, ...]:
    """Read all that a machine says of settings. Raises InputError for what can't be trusted."""
    files = [project_file(), user_file(wiring)]
    if launch_file is not None:
        named = SettingsFile(path=Path(launch_file), name=launch_file, origin=Origin.LAUNCH_FILE)
        files.append(named)
    environment = wiring.environment
    read = (read_file(file, me=os.geteuid()) for file in files)
    return (
        read_environment(environment),
        *(after_aws(source, environment) for source in read),
    )


def text_setting(wiring: Wiring, key: str, *, typed: str | None = None) -> str | None:
    """Return a setting that is one text: what was typed, else what the sources say, else None."""
    if typed is not None:
        return typed
    found = resolve(sources_of(wiring)).get(key)
    return None if found is None else as_text(found.value)


def organisation_parameter(sources: Iterable[Source]) -> str:
    """Return the name of the parameter that holds the organisation's defaults."""
    said = given_by(sources, "organisation-parameter")
    return as_text(said[0][1].value) if said else DEFAULT_PARAMETER


def launch_words(context: click.Context, sources: Sequence[Source]) -> ResolvedWords:
    """Return the command's parameters, those that were not typed from the sources.

    Each is in the very form that its flag would have given it. Raises InputError, naming the flag
    or the place, for a value that can't be meant.
    """
    flags = _by_setting(context.command)
    typed = {key: _typed(context, key, flag) for key, flag in flags.items()}
    said = from_flags({key: value for key, value in typed.items() if value is not None})
    everything = (*sources, said)
    resolved = resolve(everything)
    words = dict(context.params)
    for key, flag in flags.items():
        one = resolved.get(key)
        if one is not None and (one.origin is not Origin.FLAG or _is_joined(everything, key)):
            words[flag.name or ""] = as_flag(context, flag, key, value=one.value, place=one.place)
    return ResolvedWords(words=words, resolved=resolved)


def _is_joined(sources: Iterable[Source], key: str) -> bool:
    """Whether a value is put together from what was typed and what stands elsewhere."""
    return SETTINGS[key].kind is Kind.PAIRS and len(given_by(sources, key)) > 1


def as_flag(
    context: click.Context, flag: click.Parameter, key: str, *, value: Value, place: str
) -> Any:
    """Return a setting's value as its flag would have given it. Raises InputError."""
    raw: Any = value if isinstance(value, bool) else _raw(flag, value)
    try:
        converted = flag.type_cast_value(context, raw)
        if flag.callback is not None:
            converted = flag.callback(context, flag, converted)
    except click.BadParameter as error:
        raise InputError(f"{place}: {key} can't be used", why=error.message.rstrip(".")) from error
    return converted


def flag_of(command: click.Command, setting: Setting) -> click.Parameter | None:
    """Return the command's flag that the setting is the default of, None where it has none."""
    return _by_setting(command).get(setting.key)


def _by_setting(command: click.Command) -> dict[str, click.Parameter]:
    by_flag = {
        name: parameter
        for parameter in command.params
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    return {
        key: by_flag[setting.flag] for key, setting in SETTINGS.items() if setting.flag in by_flag
    }


def _raw(flag: click.Parameter, value: Value) -> Any:
    match value:
        case tuple() if flag.multiple:
            return value
        case Mapping() if flag.multiple:
            return tuple(f"{name}={one}" for name, one in value.items())
        case _:
            return as_text(value)


def _typed(context: click.Context, key: str, flag: click.Parameter) -> Value | None:
    """Return what was typed for a setting, None for nothing. Raises InputError, naming the flag."""
    name = flag.name or ""
    if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
        return None
    word = context.params[name]
    if isinstance(word, int):
        return word
    text = word if isinstance(word, str) else ",".join(word)
    return from_text(SETTINGS[key].kind, text, place=SETTINGS[key].flag)
