"""A launch as a person asks for it: on flags, in files, in the environment, by the organisation."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import click

from spawn.aws.questions import Fact
from spawn.aws.ssm import Parameter
from spawn.cli.assembly import Replan, own_public_key, own_trust, planner
from spawn.cli.launch_words import spec_of
from spawn.cli.options import Account, AccountWords, account_of
from spawn.cli.settings import launch_words, organisation_parameter, sources_of
from spawn.cli.waiting import Wait
from spawn.cli.wiring import PROJECT_FILE, Wiring
from spawn.launch.plan import LaunchPlan
from spawn.launch.spec import LaunchSpec
from spawn.settings.organisation import check_floor, organisation_of
from spawn.settings.resolve import Resolved
from spawn.settings.table import Origin


@dataclass(frozen=True, kw_only=True)
class AskedLaunch:
    """What was asked, and what makes a plan of it, from fresh facts each time it is called.

    words  the command's parameters, each as if it had been typed
    wait   how far the instances have to be, None where nobody has said
    note   what the person should know of where it was asked, "" for nothing
    """

    account: Account
    replan: Replan
    words: Mapping[str, Any] = field(default_factory=dict)
    wait: Wait | None = None
    note: str = ""

    def plan(self, wiring: Wiring) -> LaunchPlan:
        """Return the plan, and tell what there is to know of who asked for it."""
        made = self.replan()
        if self.note:
            wiring.tell(self.note)
        return made

    @property
    def endpoint(self) -> str:
        """Where the instance will be asked for."""
        return self.account.session.endpoint("ec2", self.account.region)


def asked_launch(context: click.Context) -> AskedLaunch:
    """Read what was asked of `spawn launch` or `spawn run`.

    The person's own key is made here where it is missing and needed. Raises InputError and
    NamedThingNotFound for what can't be meant.
    """
    wiring: Wiring = context.obj
    sources = sources_of(wiring, launch_file=context.params["file"])
    found = launch_words(context, sources)
    own = found.words
    launch_id = wiring.new_launch_id()
    account = account_of(wiring, AccountWords.of(own), user_agent_extra=f"launch/{launch_id}")
    public_key = own_public_key(wiring) if own["key_pair"] is None else ""
    find_trust = functools.cache(functools.partial(own_trust, wiring))

    def read(words: Mapping[str, Any]) -> LaunchSpec:
        return spec_of(words, region=account.region, public_key=public_key, find_trust=find_trust)

    def spec_for(defaults: Fact[Parameter]) -> LaunchSpec:
        organisation = organisation_of(defaults, name=parameter)
        whole = launch_words(context, (*sources, organisation.source))
        check_floor(whole.resolved, organisation)
        return read(whole.words)

    parameter = organisation_parameter(sources)
    read(own)  # what can't be meant, at once
    replan = planner(
        wiring,
        account,
        spec_for,
        parameter=parameter,
        launch_id=launch_id,
        now=wiring.clock.now(),
    )
    said = own.get("wait")
    wait = None if said is None else Wait(said)
    return AskedLaunch(
        account=account, replan=replan, words=own, wait=wait, note=set_by_project(found.resolved)
    )


def set_by_project(resolved: Mapping[str, Resolved]) -> str:
    """Say what the directory one stands in decides: it may be a stranger's, and cost money."""
    keys = [key for key, one in resolved.items() if one.origin is Origin.PROJECT]
    return f"{PROJECT_FILE} here sets {', '.join(keys)}" if keys else ""
