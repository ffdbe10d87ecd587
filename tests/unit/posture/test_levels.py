"""What comes of a finding: levels, waivers, refusals."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from spawn.core.errors import InputError, RefusedByControl
from spawn.core.levels import Level
from spawn.posture.controls.control import Outcome
from spawn.posture.controls.registry import CONTROLS
from spawn.posture.levels import (
    Disposition,
    Finding,
    Reaction,
    Waiver,
    check_waivers,
    judge,
    make_waiver,
    reaction,
    refusals,
    refuse,
)
from spawn.posture.model import Posture
from tests.unit.posture.builders import CONTENT, NOW, denied, with_disk, with_metadata, with_posture
from tests.unit.posture.examples import EXAMPLES

LATER = NOW + timedelta(hours=1)
V1 = with_metadata(http_tokens="optional")
WAIVER = Waiver(control="IMDS-V2", reason="an old agent", by="alice", until=LATER)
# How much is made of a failure, from nothing to an end.
ORDER = list(Reaction)


def finding(posture: Posture, level: Level, control: str, *waivers: Waiver) -> Finding:
    """The one finding of the control."""
    found = {each.control: each for each in judge(posture, level, waivers, NOW)}
    return found[control]


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("control", [control.id for control in CONTROLS])
def test_a_stricter_level_is_never_milder(control: str, outcome: Outcome) -> None:
    """From open over standard to strict, a control leads to the same or to more."""
    steps = [ORDER.index(reaction(control, outcome, level)) for level in Level]
    assert steps == sorted(steps)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("control", [control.id for control in CONTROLS])
def test_unknown_never_counts_as_passed(control: str, level: Level) -> None:
    """What could not be looked at is noticed wherever a failure would be; in strict, the same."""
    on_failure = reaction(control, Outcome.FAIL, level)
    on_unknown = reaction(control, Outcome.UNKNOWN, level)
    assert (on_unknown is Reaction.IGNORE) == (on_failure is Reaction.IGNORE)
    assert level is not Level.STRICT or on_unknown is on_failure


@pytest.mark.parametrize(
    ("level", "disposition"),
    [
        (Level.OPEN, Disposition.WARNED),
        (Level.STANDARD, Disposition.REFUSED),
        (Level.STRICT, Disposition.REFUSED),
    ],
)
def test_levels_differ_in_what_they_refuse(level: Level, disposition: Disposition) -> None:
    """What `open` warns of, the others refuse."""
    assert finding(V1, level, "IMDS-V2").disposition is disposition


@pytest.mark.parametrize(
    ("level", "disposition"),
    [(Level.STANDARD, Disposition.WARNED), (Level.STRICT, Disposition.REFUSED)],
)
def test_strict_fails_closed(level: Level, disposition: Disposition) -> None:
    """A denied look warns in standard and refuses in strict, naming the call."""
    posture = with_posture(metadata=denied("ec2:DescribeInstances"))
    found = finding(posture, level, "IMDS-V2")
    assert (found.outcome, found.disposition) == (Outcome.UNKNOWN, disposition)
    assert "ec2:DescribeInstances" in found.evidence


def test_nothing_is_wrong_with_what_is_right() -> None:
    """What passes every control is refused nowhere, and nothing is said against it."""
    findings = judge(CONTENT, Level.STRICT, (), NOW)
    assert {found.disposition for found in findings} == {Disposition.PASSED}
    refuse(findings, Level.STRICT)


def test_a_waiver_lets_one_refusal_pass() -> None:
    """In standard a waiver turns its control's refusal into a recorded exception, and no other."""
    posture = replace(with_disk(encrypted=False), metadata=V1.metadata)
    findings = judge(posture, Level.STANDARD, (WAIVER,), NOW)
    waived = [found for found in findings if found.disposition is Disposition.WAIVED]
    assert [(found.control, found.waiver) for found in waived] == [("IMDS-V2", WAIVER)]
    assert [found.control for found in refusals(findings)] == ["EBS-ENCRYPTED"]
    check_waivers(findings, (WAIVER,), Level.STANDARD)


def test_a_waiver_runs_out() -> None:
    """At the end of its time a waiver has no effect any more."""
    late = replace(WAIVER, until=NOW)
    assert finding(V1, Level.STANDARD, "IMDS-V2", late).disposition is Disposition.REFUSED


def test_strict_admits_no_waiver() -> None:
    """In strict a waiver changes nothing, and giving one is an error that says so."""
    findings = judge(V1, Level.STRICT, (WAIVER,), NOW)
    assert [found.control for found in refusals(findings)] == ["IMDS-V2"]
    with pytest.raises(InputError) as caught:
        check_waivers(findings, (WAIVER,), Level.STRICT)
    assert "strict" in caught.value.why


@pytest.mark.parametrize(
    ("posture", "level", "why"),
    [
        (CONTENT, Level.STANDARD, "passes"),
        (V1, Level.OPEN, "does not refuse"),
        (with_posture(metadata=denied("ec2:DescribeInstances")), Level.STANDARD, "does not refuse"),
    ],
)
def test_a_waiver_that_waives_nothing_is_an_error(posture: Posture, level: Level, why: str) -> None:
    """No flag is ignored: a waiver without effect is refused, with the reason."""
    with pytest.raises(InputError) as caught:
        check_waivers(judge(posture, level, (WAIVER,), NOW), (WAIVER,), level)
    assert "--allow IMDS-V2" in caught.value.what
    assert why in caught.value.why


def test_what_nobody_may_waive_says_so() -> None:
    """A refusal that standard lets nobody waive stays one, and the waiver is an error."""
    [posture, *_] = EXAMPLES["TAG-OWNER"].failing
    waiver = replace(WAIVER, control="TAG-OWNER")
    findings = judge(posture, Level.STANDARD, (waiver,), NOW)
    assert "TAG-OWNER" in [found.control for found in refusals(findings)]
    with pytest.raises(InputError) as caught:
        check_waivers(findings, (waiver,), Level.STANDARD)
    assert "anyone" in caught.value.why


def test_an_unknown_control_is_answered_with_the_nearest() -> None:
    """A misspelt control is an error that offers the right one."""
    with pytest.raises(InputError) as caught:
        make_waiver("NET-SHH-WORLD", reason="a test", by="alice", until=LATER)
    assert "NET-SSH-WORLD" in caught.value.why


def test_a_waiver_needs_a_reason() -> None:
    """An empty reason is none."""
    with pytest.raises(InputError):
        make_waiver("IMDS-V2", reason=" ", by="alice", until=LATER)
    assert make_waiver("IMDS-V2", reason="an old agent", by="alice", until=LATER) == WAIVER


def test_a_refusal_names_every_control() -> None:
    """The error carries each control that refuses, and how to go on where that is allowed."""
    posture = replace(with_disk(encrypted=False), metadata=V1.metadata)
    with pytest.raises(RefusedByControl) as caught:
        refuse(judge(posture, Level.STANDARD, (), NOW), Level.STANDARD)
    assert caught.value.controls == ("EBS-ENCRYPTED", "IMDS-V2")
    assert "IMDSv1" in caught.value.why
    assert "--allow EBS-ENCRYPTED" in caught.value.why
