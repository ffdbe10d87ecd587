"""What `spawn launch` and `spawn apply` share: planning, showing, carrying out."""

from __future__ import annotations

import base64
from typing import Any, assert_never

from spawn.cli.assembly import Replan, own_public_key, perform_launch
from spawn.cli.launch_words import spec_of
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
from spawn.cli.wiring import Wiring
from spawn.core.errors import InputError
from spawn.launch.apply import Launched
from spawn.launch.plan import LaunchPlan
from spawn.launch.spec import LaunchSpec


def asked_of(wiring: Wiring, region: str, words: dict[str, Any]) -> LaunchSpec:
    """Return the spec; the person's own key is made here where it is missing and needed."""
    public_key = ""
    if words["key_pair"] is None:
        public_key = own_public_key(wiring)
    return spec_of(words, region=region, public_key=public_key)


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


def carry_out(
    wiring: Wiring, account: Account, replan: Replan, *, plan: LaunchPlan, output: Output
) -> int:
    """Perform a plan, and say what came of it."""
    if output is Output.TABLE:
        wiring.show(plan_text(plan, endpoint=account.session.endpoint("ec2", plan.region)))
    progress = Lines(wiring.stderr) if wiring.is_terminal else Silence()
    launched = perform_launch(wiring, account, plan, replan=replan, progress=progress)
    _show_launched(wiring, launched, output)
    mend_after_launch(wiring, account)
    return 0


def _show_launched(wiring: Wiring, launched: Launched, output: Output) -> None:
    match output:
        case Output.TABLE:
            wiring.show(launched_text(launched))
        case Output.JSON | Output.YAML:
            wiring.show(document(launch_document(launched), output))
        case Output.IDS:
            wiring.show_ids((launched.instance.instance_id,))
        case _:
            assert_never(output)
