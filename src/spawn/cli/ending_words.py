"""The words of `spawn launch` that say how an instance ends, besides its end date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

import msgspec

from spawn.core.durations import parse_duration
from spawn.core.errors import InputError
from spawn.launch.spec import Completion, EndAction, Idle, PreStop

S = TypeVar("S", bound=msgspec.Struct)


def separated(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the words of a repeatable flag whose value may hold several, with commas between."""
    return tuple(word.strip() for text in texts for word in text.split(",") if word.strip())


def pre_stop(words: Mapping[str, Any]) -> PreStop | None:
    """Return the hook that is asked for. Raises InputError, naming the flag."""
    command = words["pre_stop"]
    given = {"timeout": _duration(words, "pre_stop_timeout")}
    if command is None:
        _refuse_alone(given, {"timeout": "--pre-stop-timeout"}, needs="--pre-stop")
        return None
    return PreStop(command=command, **_said(given))


def idle(words: Mapping[str, Any]) -> Idle | None:
    """Return what idleness is and leads to, None where it leads to nothing. Raises InputError."""
    timeout = _duration(words, "idle_timeout")
    action = words["on_idle"]
    given = {
        "cpu_percent": words["idle_cpu"],
        "network_bytes": words["idle_network"],
        "processes": separated(words["active_processes"]) or None,
        "ports": _ports(words["active_ports"]) or None,
        "action": None if action is None else EndAction(action),
    }
    flags = {
        "cpu_percent": "--idle-cpu",
        "network_bytes": "--idle-network",
        "processes": "--active-processes",
        "ports": "--active-ports",
        "action": "--on-idle",
    }
    if timeout is None:
        _refuse_alone(given, flags, needs="--idle-timeout")
        return None
    # Unless said otherwise it is what powering off does at the end date, too.
    return Idle(timeout=timeout, **({"action": EndAction(words["on_expiry"])} | _said(given)))


def completion(words: Mapping[str, Any]) -> Completion | None:
    """Return what completion leads to, None where nothing waits for it. Raises InputError."""
    action = words["on_complete"]
    given = {
        "file": words["completion_file"],
        "delay": _duration(words, "completion_delay"),
    }
    flags = {"file": "--completion-file", "delay": "--completion-delay"}
    if action is None:
        _refuse_alone(given, flags, needs="--on-complete")
        return None
    return Completion(action=EndAction(action), **_said(given))


def _said(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def _refuse_alone(given: Mapping[str, Any], flags: Mapping[str, str], *, needs: str) -> None:
    """Raise InputError for a flag that says nothing without another."""
    for name in _said(given):
        raise InputError(f"{flags[name]} needs {needs}", why="without it, it changes nothing")


def _duration(words: Mapping[str, Any], name: str) -> timedelta | None:
    text = words[name]
    flag = f"--{name.replace('_', '-')}"
    return None if text is None else parse_duration(text, flag=flag)


def _ports(texts: Iterable[str]) -> tuple[int, ...]:
    words = separated(texts)
    for word in words:
        if not (word.isascii() and word.isdigit()):
            raise InputError(f"--active-ports {word!r} is no port", why="write 1 to 65535")
    return tuple(map(int, words))
