"""Every check of the doctor: what it is content with, what it is not, what it could not see."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from spawn.core.levels import Level
from spawn.launch.doctor.examine import CHECKS, examine
from spawn.launch.doctor.model import Area, Check, Judgement, Verdict
from tests.unit.launch.doctor.builders import facts, of_account, of_region, unseen
from tests.unit.launch.doctor.examples import EXAMPLES, NEVER_UNKNOWN, NOBODY, OMITTED

EVERY_CHECK = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)


def judged(check: Check, found: object) -> Judgement:
    """Return what a check says of facts that it bears on."""
    judgement = check.judge(found)  # type: ignore[arg-type]
    assert judgement is not None
    return judgement


def test_each_check_has_its_examples() -> None:
    """Each check has one id, examples of its own, and stands with its area."""
    ids = [check.id for check in CHECKS]
    assert len(ids) == len(set(ids))
    assert set(ids) == EXAMPLES.keys()
    areas = [check.area for check in CHECKS]
    assert areas == sorted(areas, key=list(Area).index)


@EVERY_CHECK
def test_what_is_right_is_ok(check: Check) -> None:
    """A check is content with what is as it should be, and says what that is."""
    examples = EXAMPLES[check.id]
    assert examples.passing or check.id in OMITTED
    for found in examples.passing:
        judgement = judged(check, found)
        assert judgement.verdict is Verdict.OK, judgement
        assert judgement.found
        assert not judgement.command


@EVERY_CHECK
def test_what_is_wrong_is_said(check: Check) -> None:
    """A check names each thing that it is there for, and how bad it is."""
    assert EXAMPLES[check.id].failing
    for verdict, word, found in EXAMPLES[check.id].failing:
        judgement = judged(check, found)
        assert judgement.verdict is verdict, judgement
        assert word in judgement.found


@EVERY_CHECK
def test_what_was_not_seen_is_unknown(check: Check) -> None:
    """A check that could not look is never content, and names the call that was refused."""
    assert bool(EXAMPLES[check.id].unknown) is (check.id not in NEVER_UNKNOWN)
    for call, found in EXAMPLES[check.id].unknown.items():
        judgement = judged(check, found)
        assert judgement.verdict is Verdict.UNKNOWN, judgement
        assert call in judgement.found


@EVERY_CHECK
def test_a_check_that_does_not_bear_on_the_launch_is_left_out(check: Check) -> None:
    """What a launch of that kind has no use for is not told."""
    left_out = OMITTED.get(check.id)
    assert left_out is None or check.judge(left_out) is None
    assert all(check.judge(found) for found in EXAMPLES[check.id].passing)


@EVERY_CHECK
def test_commands_are_whole(check: Check) -> None:
    """Whatever there is to type is a command that a shell can read."""
    for _, _, found in EXAMPLES[check.id].failing:
        command = judged(check, found).command
        assert "{" not in command.replace("${", "")
        assert not command or shlex.split(command, comments=True)


def test_a_denied_call_names_what_to_type() -> None:
    """Where a permission is wanting, the row says how to see all of them."""
    denied = of_region(vpcs=unseen("ec2:DescribeVpcs"))
    assert denied.account is not None
    account = replace(denied.account, denied={"ec2:DescribeVpcs": "not for you"})
    rows = {row.check: row for row in examine(replace(denied, account=account)).rows}
    assert rows["subnet"].found == "AWS denied ec2:DescribeVpcs"
    assert rows["subnet"].command == rows["may-look"].command == "spawn permissions launch"


@pytest.mark.parametrize("level", Level)
def test_a_healthy_account_lacks_nothing(level: Level) -> None:
    """Where all is as it should be, only what strict asks for besides is missing."""
    rows = examine(facts(level)).rows
    wrong = {row.check for row in rows if row.verdict is not Verdict.OK}
    assert wrong == ({"disks"} if level is Level.STRICT else set())


def test_without_credentials_the_machine_is_looked_at() -> None:
    """Nothing of AWS is known then, nothing of it is called fine, and the rest is still told."""
    found = examine(NOBODY)
    assert found.credentials_refused
    by_area: dict[Area, set[Verdict]] = {}
    for row in found.rows:
        by_area.setdefault(row.area, set()).add(row.verdict)
    assert by_area[Area.MACHINE] == {Verdict.OK}
    assert by_area[Area.PERMISSIONS] == by_area[Area.ACCOUNT] == {Verdict.UNKNOWN}
    assert [row.check for row in found.rows if row.verdict is Verdict.MISSING] == ["credentials"]


def test_a_denial_weighs_more_than_a_doubt() -> None:
    """Of several actions, one that is known to be denied makes the launch impossible."""
    found = of_account(rehearsed=())
    rows = {row.check: row.verdict for row in examine(found).rows}
    assert rows["may-launch"] is Verdict.UNKNOWN
    verdict, _, lacking = EXAMPLES["may-launch"].failing[1]
    assert lacking.account is not None
    both = replace(lacking, account=replace(lacking.account, rehearsed=()))
    assert {row.check: row.verdict for row in examine(both).rows}["may-launch"] is verdict


def test_a_role_that_one_may_not_make_is_an_administrators_to_make() -> None:
    """Whoever may only pass roles is told what makes them, and not what would let them make any."""
    check = next(each for each in CHECKS if each.id == "may-end")
    commands = [judged(check, found).command for _, _, found in EXAMPLES[check.id].failing]
    assert commands == [
        "spawn permissions launch",
        "spawn policy install --region eu-west-1 --owner alice",
    ]
