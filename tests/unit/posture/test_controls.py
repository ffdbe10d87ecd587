"""Every control: what it passes, what it fails, what it can't know, and the words for it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given

from spawn.core.levels import Level
from spawn.posture.controls.control import Control, Outcome
from spawn.posture.controls.registry import CONTROLS
from spawn.posture.levels import REACTIONS, judge
from spawn.posture.model import Posture
from tests.unit.posture.builders import CONTENT, NOW, as_plan
from tests.unit.posture.examples import EXAMPLES
from tests.unit.posture.strategies import any_of

EVERY_CONTROL = pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
AWS = Path(sys.executable).with_name("aws")
# One for each form of command: the CLI takes most of a second to start.
AWS_REMEDIES = tuple(
    {each.remedy: each for each in CONTROLS if each.remedy.startswith("aws ")}.values()
)
CLI_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_DEFAULT_REGION": "eu-west-1",
}


def remedies(posture: Posture, control: Control) -> Iterator[str]:
    """Yield the control's remedy for the posture."""
    for finding in judge(posture, Level.STRICT, (), NOW):
        if finding.control == control.id:
            yield finding.remedy


def test_each_control_is_in_every_table() -> None:
    """Each control has one id, its examples, and a reaction at each level."""
    ids = [control.id for control in CONTROLS]
    assert len(ids) == len(set(ids))
    assert set(ids) == EXAMPLES.keys() == REACTIONS.keys()


@EVERY_CONTROL
def test_what_is_right_passes(control: Control) -> None:
    """A control is content with what it has seen to be right, and says what that was."""
    for posture in (CONTENT, *EXAMPLES[control.id].passing):
        judgement = control.judge(posture)
        assert judgement.outcome is Outcome.PASS, judgement.evidence
        assert judgement.evidence


@EVERY_CONTROL
def test_what_is_wrong_fails(control: Control) -> None:
    """A control fails each thing that it is there for."""
    assert EXAMPLES[control.id].failing
    for posture in EXAMPLES[control.id].failing:
        judgement = control.judge(posture)
        assert judgement.outcome is Outcome.FAIL, posture
        assert judgement.evidence


@EVERY_CONTROL
def test_what_was_not_seen_is_unknown(control: Control) -> None:
    """A control that could not look neither passes nor fails, and names the call."""
    for call, posture in EXAMPLES[control.id].unknown.items():
        judgement = control.judge(posture)
        assert judgement.outcome is Outcome.UNKNOWN, posture
        assert call in judgement.evidence


@EVERY_CONTROL
def test_remedies_are_whole(control: Control) -> None:
    """For each failure there is something to type, with nothing left to fill in by name."""
    for posture in EXAMPLES[control.id].failing:
        [live] = remedies(posture, control)
        [planned] = remedies(as_plan(posture), control)
        assert shlex.split(live)[0] in ("aws", "spawn")
        assert planned == control.at_launch
        assert "{" not in planned


@pytest.mark.parametrize("control", AWS_REMEDIES, ids=lambda control: control.id)
def test_remedies_are_commands_of_the_aws_cli(control: Control) -> None:
    """The AWS CLI itself accepts each remedy that is a command of its."""
    [remedy] = remedies(EXAMPLES[control.id].failing[0], control)
    _, *words = shlex.split(remedy)
    # Nothing listens at that port: what gets as far as connecting has been parsed and validated.
    done = subprocess.run(
        [sys.executable, str(AWS), *words, "--endpoint-url", "http://127.0.0.1:1"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=CLI_ENVIRONMENT,
    )
    assert "Could not connect to the endpoint URL" in done.stderr


@given(any_of(Posture), any_of(Level))
def test_judging_never_raises(posture: Posture, level: Level) -> None:
    """Whatever the posture holds, each control has one finding with evidence."""
    findings = judge(posture, level, (), NOW)
    assert [finding.control for finding in findings] == [control.id for control in CONTROLS]
    assert all(finding.evidence for finding in findings)


@given(any_of(Posture))
def test_a_plan_is_judged_as_the_machine_it_becomes(posture: Posture) -> None:
    """What has no ids yet is judged like the same machine with them."""
    planned = [control.judge(as_plan(posture)).outcome for control in CONTROLS]
    assert planned == [control.judge(posture).outcome for control in CONTROLS]


@given(any_of(Posture))
def test_postures_survive_json(posture: Posture) -> None:
    """A posture is the same after it was written down and read."""
    assert msgspec.json.decode(msgspec.json.encode(posture), type=Posture) == posture
