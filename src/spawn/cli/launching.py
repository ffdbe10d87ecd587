"""What `spawn launch` and `spawn apply` share: planning, showing, carrying out."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any, assert_never

from spawn.cli.launch_words import spec_of
from spawn.cli.options import Account, Output
from spawn.cli.progress import Lines, Silence
from spawn.cli.rendering.documents import as_json, as_yaml
from spawn.cli.rendering.launching import (
    launch_document,
    launched_text,
    plan_text,
    requests_document,
    steps_text,
)
from spawn.cli.wiring import Wiring
from spawn.connect.keys import personal_key
from spawn.connect.programs import LocalPrograms
from spawn.core.errors import InputError
from spawn.core.journal import FileJournal, journal_path
from spawn.launch.apply import Launch, Launched
from spawn.launch.facts import Surroundings
from spawn.launch.memory import IdentityMemory
from spawn.launch.plan import LaunchPlan
from spawn.launch.propose import propose
from spawn.launch.spec import LaunchSpec
from spawn.network.caller import fetch_over_https, find_caller

Replan = Callable[[], LaunchPlan]


def asked_of(wiring: Wiring, region: str, words: dict[str, Any]) -> LaunchSpec:
    """Return the spec; the person's own key is made here where it is missing and needed."""
    public_key = ""
    if words["key_pair"] is None:
        public_key = personal_key(wiring.paths.state, LocalPrograms()).public_key.line
    return spec_of(words, region=region, public_key=public_key)


def planner(
    wiring: Wiring, account: Account, spec: LaunchSpec, *, launch_id: str, now: datetime
) -> Replan:
    """Return what makes the plan, from fresh facts each time it is called."""
    memory = IdentityMemory(
        wiring.paths.cache,
        account.session.access_key_id() or "",
        account.session.endpoint("sts", spec.region),
    )
    url = wiring.address_url

    def plan() -> LaunchPlan:
        around = Surroundings(
            partition=account.session.partition(spec.region),
            memory=memory,
            find_caller=lambda: find_caller(url, fetch_over_https),
        )
        return propose(spec, account.reader, around, now=now, launch_id=launch_id)

    return plan


def show_plan(wiring: Wiring, account: Account, plan: LaunchPlan, *, shown: str | None, output: Output) -> int:
    """Print a plan, or one part of it exactly; nothing here could write."""
    endpoint = account.session.endpoint("ec2", plan.region)
    match shown:
        case "user-data":
            stdout = wiring.stdout
            stdout.flush()
            stdout.buffer.write(base64.b64decode(plan.run.parameters.get("UserData", "")))
            stdout.flush()
            return 0
        case "requests":
            wiring.show(_document(requests_document(plan), output))
            return 0
        case "plan" if output is Output.TABLE:
            wiring.show(steps_text(plan))
            return 0
    match output:
        case Output.TABLE:
            wiring.show(f"{plan_text(plan, endpoint=endpoint)}\n\n{steps_text(plan)}\n\nnothing was done")
        case Output.JSON | Output.YAML:
            wiring.show(_document(plan, output))
        case Output.IDS:
            raise InputError("-o ids has nothing to show", why="a plan has no instance yet")
        case _:
            assert_never(output)
    return 0


def carry_out(
    wiring: Wiring, account: Account, replan: Replan, *, plan: LaunchPlan, output: Output
) -> int:
    """Perform a plan, and say what came of it."""
    endpoint = account.session.endpoint("ec2", plan.region)
    if output is Output.TABLE:
        wiring.show(plan_text(plan, endpoint=endpoint))
    with FileJournal(journal_path(wiring.paths.journal, plan.launch_id)) as journal:
        launch = Launch(
            writer=account.writer,
            clock=wiring.clock,
            journal=journal,
            progress=Lines(wiring.stderr) if wiring.is_terminal else Silence(),
            endpoint=endpoint,
        )
        launched = launch.apply(plan, replan=replan)
    _show_launched(wiring, launched, output)
    return 0


def _show_launched(wiring: Wiring, launched: Launched, output: Output) -> None:
    match output:
        case Output.TABLE:
            wiring.show(launched_text(launched))
        case Output.JSON | Output.YAML:
            wiring.show(_document(launch_document(launched), output))
        case Output.IDS:
            wiring.show(launched.instance.instance_id)
        case _:
            assert_never(output)


def _document(value: Any, output: Output) -> str:
    return as_yaml(value) if output is Output.YAML else as_json(value)
