"""`spawn policy install`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from spawn.aws.perform import Performer
from spawn.aws.questions import answer_of
from spawn.cli.launch_options import launch_options
from spawn.cli.launch_words import spec_of
from spawn.cli.options import Account, AccountWords, account_of, account_options, output_option
from spawn.cli.planned import show_first, show_only
from spawn.cli.progress import Lines, Silence
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.installing import install_text, installed_text
from spawn.cli.settings import launch_words, organisation_parameter, sources_of
from spawn.cli.wiring import Wiring
from spawn.core.errors import InputError
from spawn.core.tags import Tag
from spawn.launch.install import InstallPlan, install, propose_install
from spawn.launch.spec import LaunchSpec
from spawn.settings.organisation import organisation_of, organisation_question


@click.command(name="install")
@click.argument("policies", metavar="[TEMPLATE|FILE]…", nargs=-1)
@click.option("--owner", metavar="NAME", help="Whose launches they are for; else yours.")
@launch_options
@click.option("--dry-run", is_flag=True, help="Show the plan and do nothing.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@account_options
@output_option(Output.TABLE, Output.JSON, Output.YAML)
@click.pass_context
def command(context: click.Context, /, **_asked: Any) -> int:
    """Make the roles that a launch with these words uses, so that launchers need only pass them.

    Takes what `spawn launch` takes: what bears on no role changes nothing here. A role is named by
    what is in it, so a launch with the same words finds it and makes none.
    """
    wiring: Wiring = context.obj
    account, spec = _asked_for(wiring, context)
    words = context.params
    output: Output = words["output"]
    plan = propose_install(
        spec,
        account.reader,
        partition=account.session.partition(account.region),
        launch_id=wiring.new_launch_id(),
        now=wiring.clock.now(),
    )
    text = install_text(plan, endpoint=account.session.endpoint("iam", account.region))
    if words["dry_run"]:
        return show_only(wiring, plan, text, output=output)
    show_first(wiring, text, yes=words["yes"] or not plan.stages, output=output)
    if plan.stages and not wiring.confirm("Make these roles?", yes=words["yes"]):
        wiring.say("nothing was made")
        return 0
    _carry_out(wiring, account, plan, output=output)
    return 0


def _asked_for(wiring: Wiring, context: click.Context) -> tuple[Account, LaunchSpec]:
    """Return the launch that is meant, with the same settings as the launch would have."""
    sources = sources_of(wiring, launch_file=context.params["file"])
    account = account_of(wiring, AccountWords.of(launch_words(context, sources).words))
    parameter = organisation_parameter(sources)
    defaults = answer_of(account.reader, organisation_question(parameter, account.region))
    organisation = organisation_of(defaults, name=parameter)
    words = dict(launch_words(context, (*sources, organisation.source)).words)
    words |= _policies(context.params)
    spec = spec_of(words, region=account.region, public_key="")
    owner = context.params["owner"]
    if owner is not None:
        spec = msgspec.structs.replace(spec, tags={**spec.tags, Tag.OWNER.value: owner})
    return account, spec


def _policies(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Take what was named without a flag for what it is: a file where there is one, or a template.

    Raises InputError where a second file is named: a role has one.
    """
    named = typed["policies"]
    files = [word for word in named if Path(word).is_file()]
    templates = tuple(word for word in named if word not in files)
    given = [*filter(None, (typed["iam_policy_file"],)), *files]
    if len(given) > 1:
        raise InputError(f"{given[1]} is a second policy file", why="a role has one: merge them")
    found: dict[str, Any] = {"iam_policy_file": given[0]} if files else {}
    return found | ({"iam_policy": (*typed["iam_policy"], *templates)} if templates else {})


def _carry_out(wiring: Wiring, account: Account, plan: InstallPlan, *, output: Output) -> None:
    progress = Lines(wiring.stderr) if wiring.is_terminal else Silence()
    install(plan, Performer(writer=account.writer, clock=wiring.clock, observers=(progress,)))
    wiring.show(installed_text(plan) if output is Output.TABLE else document(plan, output))
