"""Flags that several commands share, and what is built from them."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import click
from click.core import ParameterSource

from spawn.aws.door import ReadingDoor, WritingDoor
from spawn.aws.session import Session
from spawn.aws.table import operations_of
from spawn.cli.completing import complete_profiles, complete_regions
from spawn.cli.rendering.documents import Output
from spawn.cli.wiring import LOCAL_SWITCH, Wiring
from spawn.core.errors import InputError

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Account:
    """The way to AWS that the flags and the environment lead to.

    `profile` and `assume_role` are as the person named them, or "": programs that carry a
    connection are told of them, and of `local`, which means the embedded cloud.
    """

    session: Session
    region: str
    profile: str = ""
    assume_role: str = ""
    local: bool = False

    @property
    def reader(self) -> ReadingDoor:
        """A door that can't write."""
        return ReadingDoor(self.session)

    @property
    def writer(self) -> WritingDoor:
        """A door that can."""
        return WritingDoor(self.session)


@dataclass(frozen=True, kw_only=True)
class AccountWords:
    """What a command was told of the account; None is left to settings and environment."""

    region: str | None = None
    profile: str | None = None
    assume_role: str | None = None
    local: bool = False

    @classmethod
    def of(cls, words: Mapping[str, Any]) -> AccountWords:
        """Return those among a command's parameters."""
        return cls(**{name: words[name] for name in cls.__annotations__ if name in words})


def account_flags(*, region: str | None = "The AWS region.") -> Callable[[F], F]:
    """Add the flags that say which account; the command gets them as one `asked: AccountWords`.

    `region` is what the help says of `--region`, None for a command that has none.
    """
    flags = [
        click.option(
            "--profile",
            metavar="NAME",
            help="The profile of your AWS configuration.",
            shell_complete=complete_profiles,
        ),
        click.option(
            "--assume-role", metavar="ARN", help="Act as this role, by the right of your own."
        ),
        click.option("--local", is_flag=True, help="Use the embedded cloud of this machine."),
    ]
    if region is not None:
        in_region = click.option(
            "--region", metavar="REGION", help=region, shell_complete=complete_regions
        )
        flags.insert(0, in_region)

    def add(function: F) -> F:
        @functools.wraps(function)
        def command(*args: Any, **words: Any) -> Any:
            others = {
                name: word
                for name, word in words.items()
                if name not in AccountWords.__annotations__
            }
            return function(*args, asked=AccountWords.of(words), **others)

        decorated: Any = command
        for flag in reversed(flags):
            decorated = flag(decorated)
        return cast("F", decorated)

    return add


account_options = account_flags()


def output_option(*formats: Output) -> Callable[[F], F]:
    """Add `-o`, with these formats; the first is the default, unless a setting names another."""

    def chosen(context: click.Context, parameter: click.Parameter, value: str) -> Output:
        name = parameter.name or ""
        if context.get_parameter_source(name) is ParameterSource.DEFAULT and context.obj:
            value = _among(formats, setting(context.obj, "output")) or value
        return Output(value)

    return click.option(
        "-o",
        "--output",
        type=click.Choice([format_.value for format_ in formats]),
        default=formats[0].value,
        show_default=True,
        callback=chosen,
        help="How the result is written.",
    )


def _among(formats: Sequence[Output], wanted: str | None) -> str | None:
    """Return the format where the command has it: not every one knows every format."""
    return next((format_.value for format_ in formats if format_.value == wanted), None)


class NoRegion(InputError):
    """No region is set anywhere."""


yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")


def account_of(wiring: Wiring, asked: AccountWords, *, user_agent_extra: str = "") -> Account:
    """Return the way to AWS. Raises NoRegion where none is set anywhere."""
    asked = with_settings(wiring, asked)
    local = asked.local or wiring.environment.get(LOCAL_SWITCH, "") not in {"", "0"}
    if local:
        from spawn.cli.local import enter_embedded_cloud

        enter_embedded_cloud(wiring, profile=asked.profile)
    session = Session(
        profile=asked.profile,
        # AWS's SDKs read AWS_REGION; botocore alone knows only its older twin AWS_DEFAULT_REGION.
        region=asked.region or wiring.environment.get("AWS_REGION") or None,
        assume_role=asked.assume_role,
        user_agent_extra=user_agent_extra,
        called=operations_of,
    )
    if not session.region:
        raise NoRegion(
            "no region is set",
            why="neither --region, nor AWS_REGION, nor the profile names one",
            next_command="aws configure set region us-east-1",
        )
    return Account(
        session,
        session.region,
        profile=asked.profile or "",
        assume_role=asked.assume_role or "",
        local=local,
    )


def with_settings(wiring: Wiring, asked: AccountWords) -> AccountWords:
    """Return what was typed, and what a person's settings say of the rest."""
    return AccountWords(
        region=setting(wiring, "region", typed=asked.region),
        profile=setting(wiring, "profile", typed=asked.profile),
        assume_role=setting(wiring, "assume-role", typed=asked.assume_role),
        local=asked.local,
    )


def setting(wiring: Wiring, key: str, *, typed: str | None = None) -> str | None:
    """Return a setting that is one text: what was typed, else what the person has set, else None.

    Where nothing at all is set, what reads settings is not even loaded.
    """
    variable = f"SPAWN_{key.upper().replace('-', '_')}"
    is_set = variable in wiring.environment or any(
        os.path.lexists(file) for file in wiring.settings_files
    )
    if typed is not None or not is_set:
        return typed
    from spawn.cli.settings import text_setting

    return text_setting(wiring, key)
