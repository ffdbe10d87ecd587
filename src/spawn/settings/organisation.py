"""The organisation's defaults: a parameter of the account, and a floor where they have an order.

The text is TOML like a settings file's. A text that can't be understood stops launches: guessing
at what an organisation demands would be worse than not launching.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from spawn.aws.questions import Absent, Fact, Known, Question, Unseen
from spawn.aws.ssm import GET_PARAMETER, Parameter, parameter
from spawn.core.errors import AccountError, InputError, RefusedByControl
from spawn.settings.resolve import Resolved, values_of
from spawn.settings.sources import Source, read_settings
from spawn.settings.table import RIVALS, SETTINGS, Origin
from spawn.settings.values import Value

DEFAULT_PARAMETER = str(SETTINGS["organisation-parameter"].built_in)
CONTROL = "ORG-FLOOR"
# Systems Manager user guide, "Managing parameter tiers": what an advanced parameter can hold.
LARGEST_PARAMETER_BYTES = 8 * 1024


@dataclass(frozen=True, kw_only=True)
class Organisation:
    """What the organisation says. `unseen` is AWS's reason where it could not be looked at."""

    name: str
    source: Source
    unseen: str = ""

    @property
    def demands(self) -> dict[str, Value]:
        """The values that have an order, by key."""
        given = self.source.given.items()
        return {key: one.value for key, one in given if SETTINGS[key].floor is not None}


def organisation_question(name: str, region: str) -> Question[Parameter]:
    """Ask for the parameter; most accounts have none."""
    return Question(
        operation=GET_PARAMETER,
        parameters={"Name": name},
        region=region,
        understand=parameter,
        absent_codes=("ParameterNotFound",),
    )


def organisation_of(fact: Fact[Parameter], *, name: str) -> Organisation:
    """Return what the answer says; nothing where there is no parameter, or it can't be seen.

    Raises AccountError for a parameter that can't be understood.
    """
    match fact:
        case Known(value=found) if found.type != "String":
            raise _not_understood(name, f"it is a {found.type}, and must be a String")
        case Known(value=found) if len(found.value.encode()) > LARGEST_PARAMETER_BYTES:
            raise _not_understood(name, f"it is larger than {LARGEST_PARAMETER_BYTES} bytes")
        case Known(value=found):
            return parse_organisation(found.value, name=name)
        case Absent():
            return parse_organisation("", name=name)
        case Unseen(why=why):
            nothing = parse_organisation("", name=name)
            return Organisation(name=name, source=nothing.source, unseen=why or "denied")


def parse_organisation(text: str, *, name: str = DEFAULT_PARAMETER) -> Organisation:
    """Read the parameter's text. Raises AccountError, naming the parameter, for a bad one."""
    try:
        source = read_settings(text, name=f"organisation {name}", origin=Origin.ORGANISATION)
    except InputError as error:
        raise _not_understood(name, "; ".join(filter(None, (error.what, error.why)))) from error
    for key, rivals in RIVALS.items():
        both = sorted(rivals & source.given.keys())
        if key in source.given and both:
            raise _not_understood(name, f"{key} and {both[0]} exclude each other")
    return Organisation(name=name, source=source)


def _not_understood(name: str, why: str) -> AccountError:
    return AccountError(
        f"the organisation's parameter {name} can't be understood, so nothing is launched",
        why=why,
        next_command=f"aws ssm get-parameter --name {name}",
    )


def check_floor(
    resolved: Mapping[str, Resolved],
    organisation: Organisation,
    *,
    only: Collection[str] = SETTINGS.keys(),
) -> None:
    """Raise RefusedByControl where the values go below what the organisation demands.

    `only` are the settings that are at stake, for a command that changes just these. Every breach
    is named, with the flag or file that it comes from. No waiver reaches this.
    """
    values = values_of(resolved)
    breaches = []
    for key, demanded in organisation.demands.items():
        floor = SETTINGS[key].floor if key in only else None
        broken_by = floor.broken_by(demanded, values) if floor is not None else None
        if floor is None or broken_by is None:
            continue
        breaches.append(f"{_said(broken_by, resolved)}: it demands {floor.demand(demanded)}")
    if breaches:
        raise RefusedByControl(
            f"the organisation's defaults do not allow this ({organisation.name})",
            why="\n".join(breaches),
            next_command="spawn config show --organisation",
            controls=(CONTROL,),
        )


def _said(key: str, resolved: Mapping[str, Resolved]) -> str:
    if key not in resolved:
        return f"{key} is not given"
    one = resolved[key]
    return one.place if one.place == SETTINGS[key].flag else f"{one.place}: {key}"


def stated(values: Mapping[str, Value], *, place: str) -> dict[str, Resolved]:
    """Return values that come from one place, a saved plan say, for `check_floor` to look at."""
    return {
        key: Resolved(value=value, origin=Origin.FLAG, place=place) for key, value in values.items()
    }
