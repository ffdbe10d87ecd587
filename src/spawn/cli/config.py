"""`spawn config`: what is set, where, and how to set it."""

from __future__ import annotations

import os

import click

from spawn.cli.options import AccountWords, account_of, account_options, output_option
from spawn.cli.rendering.config import ShownSetting, settings_table, shown_setting
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.terminal import escape
from spawn.cli.settings import (
    as_flag,
    flag_of,
    organisation_parameter,
    project_file,
    sources_of,
    user_file,
)
from spawn.cli.wiring import Wiring
from spawn.core.errors import AccessDenied, InputError
from spawn.core.replacing import replace_file
from spawn.settings.editing import with_setting, without_setting
from spawn.settings.resolve import given_by, resolve
from spawn.settings.sources import SettingsFile, Source, text_of_file
from spawn.settings.table import SETTINGS, Origin, Setting, check_origin, checked, setting_of
from spawn.settings.values import Value, as_toml, from_text

# One's own settings concern nobody else; a project's are read by those who share the directory.
_NEW_MODE = {Origin.USER: 0o600, Origin.PROJECT: 0o644}
here_option = click.option(
    "--here", is_flag=True, help="In ./spawn.toml instead of your own config file."
)


@click.group(name="config")
def command() -> None:
    """What is set where nobody says otherwise.

    A flag wins over a launch file (-f), that over SPAWN_ variables, those over ./spawn.toml, that
    over your own config file, that over the organisation's defaults.
    """


@command.command(name="show")
@click.argument("key", metavar="[KEY]", required=False)
@click.option("--all", "show_all", is_flag=True, help="Show what is built in, too.")
@click.option("--organisation", is_flag=True, help="Ask the account for its defaults, too.")
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_obj
def show(
    wiring: Wiring,
    /,
    *,
    key: str | None,
    show_all: bool,
    organisation: bool,
    asked: AccountWords,
    output: Output,
) -> int:
    """Show what is set, and where; of one KEY also what something nearer overrides."""
    wanted = None if key is None else setting_of(key)
    sources = sources_of(wiring)
    if organisation:
        sources = (*sources, _organisation(wiring, sources, asked))
    shown = _shown(sources, wanted, show_all=show_all)
    if output is not Output.TABLE:
        wiring.show(document(shown, output))
        return 0
    wiring.show(
        settings_table(
            shown, in_full=key is not None, columns=wiring.columns, colour=wiring.in_colour
        )
    )
    if not organisation:
        wiring.say("the organisation's defaults were not asked for: --organisation does")
    return 0


@command.command(name="set")
@click.argument("key", metavar="KEY")
@click.argument("value", metavar="VALUE")
@here_option
@click.pass_obj
def set_(wiring: Wiring, /, *, key: str, value: str, here: bool) -> int:
    """Set KEY for all that you launch, or with --here for what is launched in this directory.

    Several values are kept apart by commas: t3.micro,t3a.micro or project=x,team=y.
    """
    setting = setting_of(key)
    file = project_file() if here else user_file(wiring)
    meant = _meant(setting, value, file)
    text = text_of_file(file, me=os.geteuid())
    edited = with_setting(text, key, meant, name=file.name)
    replace_file(file.path, edited.encode(), new_mode=_NEW_MODE[file.origin])
    wiring.show(escape(f"{key} = {as_toml(meant)} in {file.name}"))
    _say_what_is_nearer(wiring, key, file)
    return 0


@command.command(name="unset")
@click.argument("key", metavar="KEY")
@here_option
@click.pass_obj
def unset(wiring: Wiring, /, *, key: str, here: bool) -> int:
    """Take KEY out of your own config file, or with --here out of ./spawn.toml."""
    setting_of(key)
    file = project_file() if here else user_file(wiring)
    edited = without_setting(text_of_file(file, me=os.geteuid()), key, name=file.name)
    replace_file(file.path, edited.encode(), new_mode=_NEW_MODE[file.origin])
    wiring.show(escape(f"{key} is no longer set in {file.name}"))
    return 0


def _shown(
    sources: tuple[Source, ...], wanted: Setting | None, *, show_all: bool
) -> list[ShownSetting]:
    resolved = resolve(sources)
    settings = SETTINGS.values() if wanted is None else (wanted,)
    said = {setting.key: [one for _, one in given_by(sources, setting.key)] for setting in settings}
    return [
        shown_setting(setting, resolved.get(setting.key), said[setting.key])
        for setting in settings
        if wanted or said[setting.key] or (show_all and setting.built_in is not None)
    ]


def _organisation(wiring: Wiring, sources: tuple[Source, ...], asked: AccountWords) -> Source:
    """Ask for the organisation's defaults. Raises AccessDenied where they may not be seen."""
    from spawn.aws.questions import answer_of
    from spawn.settings.organisation import organisation_of, organisation_question

    account = account_of(wiring, asked)
    name = organisation_parameter(sources)
    answer = answer_of(account.reader, organisation_question(name, account.region))
    organisation = organisation_of(answer, name=name)
    if organisation.unseen:
        raise AccessDenied(f"AWS denied reading the parameter {name}", why=organisation.unseen)
    return organisation.source


def _meant(setting: Setting, text: str, file: SettingsFile) -> Value:
    """Return what the text means, having passed all that a file's and a flag's value must."""
    from spawn.cli.launch_options import launch_options

    place = setting.key
    value = checked(setting, from_text(setting.kind, text, place=place), place=place)
    check_origin(setting, value, file.origin, place=f"{file.name}: {place}")
    launch = click.command(launch_options(lambda: None))
    flag = flag_of(launch, setting)
    if flag is not None:
        as_flag(click.Context(launch), flag, setting.key, value=value, place=file.name)
    return value


def _say_what_is_nearer(wiring: Wiring, key: str, file: SettingsFile) -> None:
    try:
        resolved = resolve(sources_of(wiring)).get(key)
    except InputError:
        return  # the next command says what is wrong with another source
    if resolved is None or resolved.origin is not file.origin:
        why = "beside the other settings" if resolved is None else f"since {resolved.place} wins"
        wiring.tell(f"note: {key} has no effect there {why}")
