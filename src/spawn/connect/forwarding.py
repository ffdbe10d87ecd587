"""Ports that ssh carries to and from an instance: `-L`, `-R` and `-D`, read strictly. Pure.

ssh(1) takes each as one word; whatever is not one of its documented forms is refused here, so
that nothing in it can be taken for an option, a token or a variable.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

from spawn.core.errors import InputError

_HIGHEST_PORT = 65535
# A name as RFC 1123 has it, or an address; `_` is found in names of containers.
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9_])?", re.ASCII)
_IN_BRACKETS = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\]", re.ASCII)
# Of a socket's path: no `%` and no `$`, which ssh would expand, and no `:`, which ends it.
_SOCKET = re.compile(r"/[A-Za-z0-9._/@+=,-]{1,106}", re.ASCII)
_FIELD = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::|\Z)")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Direction(enum.StrEnum):
    """Which side listens; the value is ssh's flag."""

    LOCAL = "-L"
    REMOTE = "-R"
    DYNAMIC = "-D"


@dataclass(frozen=True, kw_only=True)
class Forward:
    """One forwarding. `listens_widely` where others than this machine's own may use it."""

    direction: Direction
    text: str
    listens_widely: bool


@dataclass(frozen=True, kw_only=True)
class Forwarding:
    """All that one connection forwards; `only` is ssh's `-N`: no shell and no command."""

    forwards: tuple[Forward, ...] = ()
    only: bool = False

    @property
    def flags(self) -> tuple[str, ...]:
        """The words that tell ssh."""
        words = [word for each in self.forwards for word in (each.direction.value, each.text)]
        return (*words, *(("-N",) if self.only else ()))


NO_FORWARDING = Forwarding()


def parse_forwarding(
    local: Iterable[str], remote: Iterable[str], dynamic: Iterable[str], *, only: bool
) -> Forwarding:
    """Read what was given with the flags.

    Raises InputError for what ssh(1) does not document, and for `only` with nothing to forward.
    """
    given = ((Direction.LOCAL, local), (Direction.REMOTE, remote), (Direction.DYNAMIC, dynamic))
    forwards = tuple(parse_forward(each, text) for each, texts in given for text in texts)
    if only and not forwards:
        raise InputError("-N forwards ports and runs nothing, but no -L, -R or -D says which")
    return Forwarding(forwards=forwards, only=only)


def parse_forward(direction: Direction, text: str) -> Forward:
    """Read one forwarding. Raises InputError for what is not one of ssh(1)'s forms."""
    fields = _fields(text)
    bind = None if fields is None else _bind_of(direction, fields)
    if bind is None:
        raise InputError(
            f"{direction.value} {text!r} is not a forwarding",
            why=f"write it as ssh takes it: {_FORMS[direction]}",
        )
    widely = direction is not Direction.REMOTE and bind not in _LOOPBACK
    return Forward(direction=direction, text=text, listens_widely=widely)


_FORMS = {
    Direction.LOCAL: "-L 8080:localhost:80, or -L [BIND:]PORT:HOST:PORT, or with a socket's path",
    Direction.REMOTE: "-R 9000:localhost:3000, or -R [BIND:]PORT:HOST:PORT, or -R PORT",
    Direction.DYNAMIC: "-D 1080, or -D [BIND:]PORT",
}


def _fields(text: str) -> list[str] | None:
    """Split at the colons that stand outside brackets; None where brackets are out of place."""
    fields, place = [], 0
    while True:
        match = _FIELD.match(text, place)
        if match is None:
            return None
        fields.append(match[1])
        place = match.end()
        if place == len(text):
            return fields if not text.endswith(":") else None


def _bind_of(direction: Direction, fields: list[str]) -> str | None:
    """Return where it listens: a bind address, a loopback where none is given; None if wrong."""
    listening, target = fields, list[str]()
    if direction is not Direction.DYNAMIC and not _is_proxy(direction, fields):
        size = 1 if _is_socket(fields[-1]) else 2
        listening, target = fields[:-size], fields[-size:]
        if not _is_target(target):
            return None
    match listening:
        case [socket] if _is_socket(socket) and direction is not Direction.DYNAMIC:
            return "localhost"
        case [port] if _is_listening_port(direction, port):
            return "localhost"
        case [bind, port] if _is_bind(bind) and _is_listening_port(direction, port):
            return bind
        case _:
            return None


def _is_proxy(direction: Direction, fields: list[str]) -> bool:
    """Whether it is `-R [bind:]port` alone: the other side's SOCKS proxy."""
    return direction is Direction.REMOTE and len(fields) <= 2 and not _is_socket(fields[-1])


def _is_target(fields: list[str]) -> bool:
    match fields:
        case [socket]:
            return _is_socket(socket)
        case [host, port]:
            return _is_host(host) and _is_port(port, lowest=1)
        case _:
            return False


def _is_socket(text: str) -> bool:
    return _SOCKET.fullmatch(text) is not None


def _is_host(text: str) -> bool:
    return _HOST.fullmatch(text) is not None or _IN_BRACKETS.fullmatch(text) is not None


def _is_bind(text: str) -> bool:
    """ssh(1): an empty bind address, and `*`, mean all interfaces."""
    return text in ("", "*") or _is_host(text)


def _is_listening_port(direction: Direction, text: str) -> bool:
    # ssh(1), -R: "If the port argument is '0', the listen port will be dynamically allocated".
    return _is_port(text, lowest=0 if direction is Direction.REMOTE else 1)


def _is_port(text: str, *, lowest: int) -> bool:
    return text.isascii() and text.isdigit() and lowest <= int(text[:6]) <= _HIGHEST_PORT
