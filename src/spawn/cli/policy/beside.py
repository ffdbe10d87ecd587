"""What `spawn policy can` is told beside who asks: keys, and policies that stand in files."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from spawn.core.errors import InputError, NamedThingNotFound
from spawn.iam.parsing import parse_document
from spawn.lifecycle.can import Wish
from spawn.lifecycle.policies_of import HeldPolicy

F = TypeVar("F", bound=Callable[..., Any])

_FLAGS = (
    click.option(
        "--context",
        metavar="KEY=VALUE",
        multiple=True,
        help="A condition key of the request; given twice, it has two values.",
    ),
    click.option(
        "--resource-policy",
        metavar="FILE",
        help="The policy that the resource itself has: a bucket's.",
    ),
    click.option(
        "--boundary", metavar="FILE", help="A permissions boundary, instead of the one WHO has."
    ),
    click.option("--session-policy", metavar="FILE", help="The policy of the session that asks."),
    click.option(
        "--scp",
        metavar="FILE[,FILE]",
        multiple=True,
        help="A level of the organisation's policies; given again, the level below it.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Beside:
    """The words of these flags."""

    context: tuple[str, ...] = ()
    resource_policy: str | None = None
    boundary: str | None = None
    session_policy: str | None = None
    scp: tuple[str, ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether any was given."""
        return self != Beside()

    def wish(self, action: str, resource: str) -> Wish:
        """Return what is asked. Raises InputError and its branches for words that mean nothing."""
        return Wish(
            action=_action(action),
            resource=_resource(resource),
            context=_context(self.context),
            resource_policy=_if_any(self.resource_policy),
            boundary=_if_any(self.boundary),
            session=_if_any(self.session_policy),
            scps=tuple(tuple(map(policy_in, level.split(","))) for level in self.scp),
        )


def beside_options(function: F) -> F:
    """Add the flags; the command gets them as one `beside: Beside`."""

    @functools.wraps(function)
    def command(*args: Any, **words: Any) -> Any:
        known = {name: words.pop(name) for name in Beside.__annotations__}
        return function(*args, beside=Beside(**known), **words)

    decorated: Any = command
    for flag in reversed(_FLAGS):
        decorated = flag(decorated)
    return cast("F", decorated)


def _if_any(name: str | None) -> HeldPolicy | None:
    return None if name is None else policy_in(name)


def policy_in(name: str) -> HeldPolicy:
    """Return the policy in a file. Raises InputError and its branches for what is none."""
    try:
        text = Path(name).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise NamedThingNotFound(f"{name} can't be read", why=str(error)) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not text", why=str(error)) from error
    parse_document(text, flag=name)
    return HeldPolicy(name=name, text=text)


def _action(text: str) -> str:
    service, _, name = text.partition(":")
    if not service or not name or "*" in text or "?" in text:
        raise InputError(f"{text!r} is not one action", why="write one like s3:GetObject")
    return text


def _resource(text: str) -> str:
    if text != "*" and not text.startswith("arn:"):
        raise InputError(
            f"{text!r} is not an ARN",
            why="write one like arn:aws:s3:::bucket/key, or * for an action that has no resources",
        )
    return text


def _context(pairs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    context: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise InputError(
                f"--context {pair!r} is not KEY=VALUE", why="such as aws:SourceIp=203.0.113.9"
            )
        context[key.lower()] = (*context.get(key.lower(), ()), value)
    return context
