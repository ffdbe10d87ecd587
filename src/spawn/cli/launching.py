"""What `spawn launch` and `spawn apply` share: planning, showing, carrying out."""

from __future__ import annotations

import base64
from typing import assert_never

from spawn.cli.asking import AskedLaunch
from spawn.cli.assembly import perform_launch
from spawn.cli.mending import mend_after_launch
from spawn.cli.options import Account
from spawn.cli.progress import Lines, Silence
from spawn.cli.rendering.documents import Output, document
from spawn.cli.rendering.launching import (
    launch_document,
    launched_text,
    plan_text,
    requests_document,
    steps_text,
)
from spawn.cli.waiting import Wait, Waiting
from spawn.cli.wiring import Wiring
from spawn.core.errors import InputError, PartlyDone
from spawn.launch.apply import Launched
from spawn.launch.plan import LaunchPlan


def show_plan(
    wiring: Wiring, account: Account, plan: LaunchPlan, *, shown: str | None, output: Output
) -> int:
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
            wiring.show(document(requests_document(plan), output))
            return 0
        case "plan" if output is Output.TABLE:
            wiring.show(steps_text(plan))
            return 0
    match output:
        case Output.TABLE:
            wiring.show(
                f"{plan_text(plan, endpoint=endpoint)}\n\n{steps_text(plan)}\n\nnothing was done"
            )
        case Output.JSON | Output.YAML:
            wiring.show(document(plan, output))
        case Output.IDS:
            raise InputError("-o ids has nothing to show", why="a plan has no instance yet")
        case _:
            assert_never(output)
    return 0


def carry_out(wiring: Wiring, asked: AskedLaunch, *, output: Output) -> int:
    """Perform a plan, say what came of it, and wait for as much as was asked."""
    plan = asked.plan(wiring)
    if output is Output.TABLE:
        wiring.show(plan_text(plan, endpoint=asked.endpoint))
    progress = Lines(wiring.stderr) if wiring.is_terminal else Silence()
    launched = perform_launch(
        wiring,
        asked.account,
        plan,
        replan=asked.replan,
        progress=progress,
        until_running=asked.wait is not Wait.NO,
    )
    if output is Output.TABLE:
        _show_launched(wiring, launched, output)
    try:
        # Before the waiting: an error there must not keep earlier launches from being made good.
        mend_after_launch(wiring, asked.account)
        waiting = Waiting(wiring=wiring, account=asked.account, progress=progress.phase)
        waiting.for_launched(launched, asked=asked.wait)
    finally:
        # A document is written when nothing is left to wait for, or nobody waits any more.
        if output is not Output.TABLE:
            _show_launched(wiring, launched, output)
    if launched.missing:
        raise PartlyDone(
            f"{len(launched.ids)} of {plan.spec.count} instances run",
            why="AWS has no capacity for more at the moment, and --min-count accepts fewer",
            next_command="spawn list --mine",
        )
    return 0


def _show_launched(wiring: Wiring, launched: Launched, output: Output) -> None:
    match output:
        case Output.TABLE:
            wiring.show(launched_text(launched))
        case Output.JSON | Output.YAML:
            wiring.show(document(launch_document(launched), output))
        case Output.IDS:
            wiring.show_ids(launched.ids)
        case _:
            assert_never(output)
