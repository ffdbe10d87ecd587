"""Flags that several commands share, and what is built from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from spawn.aws.door import ReadingDoor, WritingDoor
from spawn.aws.session import Session
from spawn.cli.rendering.documents import Output
from spawn.cli.wiring import LOCAL_SWITCH, Wiring
from spawn.core.errors import InputError

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Account:
    """The way to AWS that the flags and the environment lead to."""

    session: Session
    region: str

    @property
    def reader(self) -> ReadingDoor:
        """A door that can't write."""
        return ReadingDoor(self.session)

    @property
    def writer(self) -> WritingDoor:
        """A door that can."""
        return WritingDoor(self.session)


def account_options(function: F) -> F:
    """Add `--region`, `--profile` and `--local`."""
    decorators = (
        click.option("--region", metavar="REGION", help="The AWS region."),
        click.option("--profile", metavar="NAME", help="The profile of your AWS configuration."),
        click.option("--local", is_flag=True, help="Use the embedded cloud of this machine."),
    )
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


def output_option(*formats: Output) -> Callable[[F], F]:
    """Add `-o`, with these formats; the first one is the default."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice([format_.value for format_ in formats]),
        default=formats[0].value,
        show_default=True,
        callback=lambda _context, _parameter, value: Output(value),
        help="How the result is written.",
    )


yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")


def account_of(
    wiring: Wiring,
    *,
    region: str | None,
    profile: str | None,
    local: bool,
    user_agent_extra: str = "",
) -> Account:
    """Return the way to AWS. Raises InputError where no region is set anywhere."""
    if local or wiring.environment.get(LOCAL_SWITCH, "") not in {"", "0"}:
        from spawn.cli.local import enter_embedded_cloud

        enter_embedded_cloud(wiring, profile=profile)
    # AWS's SDKs read AWS_REGION; botocore alone knows only its older twin AWS_DEFAULT_REGION.
    asked = region or wiring.environment.get("AWS_REGION") or None
    session = Session(profile=profile, region=asked, user_agent_extra=user_agent_extra)
    if not session.region:
        raise InputError(
            "no region is set",
            why="neither --region, nor AWS_REGION, nor the profile names one",
            next_command="aws configure set region us-east-1",
        )
    return Account(session, session.region)
