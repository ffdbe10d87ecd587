"""A plan before it is carried out, and the instance that came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, assert_never

import msgspec

from spawn.cli.rendering.tables import fields
from spawn.cli.rendering.terminal import escape
from spawn.cli.rendering.whose import endpoint_words
from spawn.core.instants import format_instant
from spawn.core.steps import Step
from spawn.launch.apply import Launched
from spawn.launch.arrival import Arrived
from spawn.launch.plan import LaunchPlan
from spawn.posture.levels import Disposition, Finding


class LaunchedInstance(msgspec.Struct, frozen=True, kw_only=True):
    """One instance of a launch; where it was not waited for, its id is all that is known.

    `index` counts them from 0, as the instance itself can read in its metadata.
    """

    id: str
    connect: str
    index: int | None = None
    zone: str = ""
    state: str = "pending"
    type: str = ""
    image_id: str = ""
    public_ip: str = ""
    private_ip: str = ""
    launched_at: datetime | None = None
    findings: tuple[Finding, ...] = ()


class LaunchDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The one document that `spawn launch -o json` writes. Times are RFC 3339, UTC.

    `id` is the first instance's: most launches have one.
    """

    id: str
    launch_id: str
    name: str
    account: str
    region: str
    owner: str
    login_user: str | None
    expires_at: datetime
    instances: tuple[LaunchedInstance, ...]
    warnings: tuple[str, ...]


def launch_document(launched: Launched) -> LaunchDocument:
    """Return what came of a launch."""
    plan = launched.plan
    instances = tuple(map(_launched_instance, launched.arrived)) or tuple(
        LaunchedInstance(id=one, connect=connect_command(one)) for one in launched.ids
    )
    return LaunchDocument(
        id=instances[0].id,
        launch_id=plan.launch_id,
        name=plan.spec.name or "",
        account=plan.account,
        region=plan.region,
        owner=plan.owner,
        login_user=plan.login_user,
        expires_at=plan.expires_at,
        instances=instances,
        warnings=launched.warnings,
    )


def _launched_instance(arrived: Arrived) -> LaunchedInstance:
    instance = arrived.instance
    return LaunchedInstance(
        id=instance.instance_id,
        index=instance.ami_launch_index,
        zone=instance.placement.availability_zone,
        state=instance.state.name,
        type=instance.instance_type,
        image_id=instance.image_id,
        public_ip=instance.public_ip_address,
        private_ip=instance.private_ip_address,
        launched_at=instance.launch_time,
        connect=connect_command(instance.instance_id),
        findings=tuple(
            one for one in arrived.findings if one.disposition is not Disposition.PASSED
        ),
    )


def connect_command(instance_id: str) -> str:
    """Return what to type to get a shell."""
    return f"spawn connect {instance_id}"


def plan_text(plan: LaunchPlan, *, endpoint: str) -> str:
    """Return the short summary of a plan."""
    pairs: list[tuple[str, str | Sequence[str]]] = [
        *plan.summary,
        ("endpoint", endpoint_words(endpoint)),
        ("checks", checks_lines(plan.findings)),
    ]
    notes = [("note", note) for note in plan.notes]
    return fields([*pairs, *notes])


def steps_text(plan: LaunchPlan) -> str:
    """Return every step of a plan, numbered in the order in which it is performed."""
    return "\n".join(
        f"{number}. {escape(step.sentence)}{_tries(step)}"
        for number, step in enumerate(plan.steps, start=1)
    )


def _tries(step: Step) -> str:
    if not step.alternatives:
        return ""
    return f"; else {escape(', '.join(choice.label for choice in step.alternatives))}"


def requests_document(plan: LaunchPlan) -> list[dict[str, Any]]:
    """Return each request as it will be sent, in order, with its alternatives."""
    return [
        {
            "operation": step.operation,
            "region": step.region,
            "parameters": step.parameters,
            **({"alternatives": step.alternatives} if step.alternatives else {}),
        }
        for step in plan.steps
    ]


def launched_text(launched: Launched) -> str:
    """Say what runs, what the controls say of it, and how to connect."""
    until = format_instant(launched.plan.expires_at)
    lines = [line for one in launched.arrived for line in _arrived_lines(one, until=until)] or [
        f"{one} was asked for, until {until}; it was not waited for, nor looked at"
        for one in launched.ids
    ]
    lines += [f"warning: {warning}" for warning in launched.warnings]
    lines += [f"connect: {connect_command(launched.ids[0])}"]
    return "\n".join(map(escape, lines))


def _arrived_lines(arrived: Arrived, *, until: str) -> tuple[str, ...]:
    instance = arrived.instance
    address = instance.public_ip_address or instance.private_ip_address
    counted, *others = checks_lines(arrived.findings)
    return (
        f"{instance.instance_id} runs at {address}, until {until}",
        f"checked after launch: {counted}",
        *others,
    )


def checks_lines(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Count the controls that pass and those that the level does not ask for; name the others."""
    found = tuple(findings)
    passed = sum(one.disposition is Disposition.PASSED for one in found)
    noted = sum(one.disposition is Disposition.NOTED for one in found)
    others = [
        f"{_word(one)} {one.control}: {one.evidence}"
        for one in found
        if one.disposition in {Disposition.WARNED, Disposition.WAIVED, Disposition.REFUSED}
    ]
    asked = f"{passed} pass" + (f", {noted} not asked for at this level" if noted else "")
    return (asked, *others)


def _word(finding: Finding) -> str:
    match finding.disposition:
        case Disposition.WARNED:
            return "warning"
        case Disposition.WAIVED:
            return f"waived ({finding.waiver.reason if finding.waiver else ''})"
        case Disposition.REFUSED:
            return "refused"
        case Disposition.PASSED | Disposition.NOTED:
            return "fine"
        case _:
            assert_never(finding.disposition)
