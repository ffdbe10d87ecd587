"""What the three commands are told, and what is made of it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import click

from spawn.cli.completing import complete_regions
from spawn.cli.options import Account
from spawn.core.errors import InputError
from spawn.iam.guardrails.catalog import CATALOG, named, usual, written
from spawn.iam.guardrails.model import Caller, Guardrail, Kind, Row, Wishes
from spawn.iam.guardrails.places import parse_target
from spawn.lifecycle.guardrails import usual_image_owners
from spawn.lifecycle.guardrails_model import Place

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class GuardrailWords:
    """What was typed; lists with commas are taken apart."""

    names: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    image_owners: tuple[str, ...] = ()
    caller: str | None = None
    owners: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()
    target: str = ""

    @classmethod
    def of(cls, words: Mapping[str, Any]) -> GuardrailWords:
        """Return those among a command's parameters."""
        return cls(**{name: words[name] for name in cls.__annotations__ if name in words})

    def rows(self) -> tuple[Row, ...]:
        """Return the guardrails that are named. Raises InputError for a name that is none."""
        return named(self.names)

    def wishes(self, *, partition: str, account: str) -> Wishes:
        """Return what was said, in an account."""
        return Wishes(
            partition=partition,
            account=account,
            regions=self.regions,
            image_owners=self.image_owners or usual_image_owners(partition),
            caller=None if self.caller is None else Caller(self.caller),
            owners=self.owners,
            exempt=self.exempt,
        )

    def meant(
        self, wishes: Wishes, *, putting: bool = False
    ) -> tuple[tuple[Guardrail, ...], tuple[str, ...]]:
        """Return what is meant, and a note for each guardrail that was left out.

        Policies of the organisation are put on a target only. Raises InputError for names that
        are none, and for what is named and can't be written, or put, as things were said.
        """
        rows, notes = (self.rows(), ()) if self.names else usual(wishes)
        aimless = [row.name for row in rows if row.kind is Kind.SCP] if putting else []
        if aimless and not self.target:
            if self.names:
                raise InputError(
                    f"{aimless[0]} needs --target",
                    why="the root, unit or account of the organisation that it is for",
                    next_command=f"spawn guardrails show {aimless[0]}",
                )
            rows = tuple(row for row in rows if row.name not in aimless)
            notes += tuple(f"{name} is left out: it needs --target" for name in aimless)
        return tuple(written(row, wishes) for row in rows), notes

    def place(self, account: Account, wishes: Wishes) -> Place:
        """Return where guardrails are looked for."""
        return Place(
            partition=wishes.partition,
            account=wishes.account,
            home_region=account.region,
            regions=self.regions or (account.region,),
            target=parse_target(self.target),
        )


def _listed(
    _context: click.Context, _parameter: click.Parameter, value: str | tuple[str, ...] | None
) -> tuple[str, ...]:
    """Take texts with commas apart, each word once."""
    texts = (value,) if isinstance(value, str) else value or ()
    words = (word.strip() for text in texts for word in text.split(","))
    return tuple(dict.fromkeys(word for word in words if word))


_FLAGS: Final[tuple[Callable[[Any], Any], ...]] = (
    click.argument(
        "names",
        metavar="[NAME]...",
        nargs=-1,
        shell_complete=lambda _context, _parameter, start: [
            row.name for row in CATALOG if row.name.startswith(start)
        ],
    ),
    click.option(
        "--regions",
        metavar="REGION,...",
        callback=_listed,
        help="The regions that are used: settings and rules are made there, and scp-regions"
        " allows no others.",
        shell_complete=complete_regions,
    ),
    click.option(
        "--image-owners",
        metavar="OWNER,...",
        callback=_listed,
        help="Whose images may be launched; else those that spawn chooses from.",
    ),
    click.option(
        "--for",
        "caller",
        type=click.Choice([one.value for one in Caller]),
        help="How people sign whom owners and backstops bind: as IAM users, by a role, or by IAM"
        " Identity Center.",
    ),
    click.option(
        "--owner",
        "owners",
        metavar="NAME,...",
        multiple=True,
        callback=_listed,
        help="Whom backstops binds: what spawn writes into their tag owner. Repeatable.",
    ),
    click.option(
        "--except",
        "exempt",
        metavar="ARN,...",
        multiple=True,
        callback=_listed,
        help="Roles whom scp-tags does not bind, wildcards allowed: responders.",
    ),
)
_TARGET: Final = click.option(
    "--target",
    metavar="ID",
    default="",
    help="The root, unit or account that policies of the organisation are for.",
)


def guardrail_options(*, target: bool) -> Callable[[F], F]:
    """Add what guardrails are made from; the command gets it as one `said: GuardrailWords`."""
    flags = (*_FLAGS, *((_TARGET,) if target else ()))

    def add(function: F) -> F:
        @functools.wraps(function)
        def command(*args: Any, **words: Any) -> Any:
            mine = GuardrailWords.__annotations__
            others = {name: word for name, word in words.items() if name not in mine}
            return function(*args, said=GuardrailWords.of(words), **others)

        decorated: Any = command
        for flag in reversed(flags):
            decorated = flag(decorated)
        return cast("F", decorated)

    return add
