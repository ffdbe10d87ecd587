"""`spawn extend` against a control plane: tag and schedules together, refused, broken off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from spawn.core.instants import format_instant, parse_instant
from tests.integration.launch.account import REGION, Account
from tests.integration.lifecycle.lives import Life, user_keys
from tests.tools.faults import Effect, Fault, Moment
from tests.tools.programs import PROGRAMS, Program
from tests.tools.proxy import Proxy

UPDATE, TAG = "scheduler:UpdateSchedule", "ec2:CreateTags"
BEHIND = timedelta(minutes=5)
FOR_EVER = 99
API = """\
from datetime import timedelta
import spawn
with spawn.launch() as box:
    print(box.extend(timedelta(minutes=30)) - box.expires_at)
    print(spawn.list_instances()[0].backstop)
"""


def end_date(life: Life) -> datetime:
    return parse_instant(life.tags()["spawn:expires-at"])


def test_tag_and_schedule_move_together(account: Account, spawn: Program) -> None:
    """So much longer from its end date, in both; its price is said, and JSON says the same."""
    life = Life(spawn, account)
    before = end_date(life)
    done = life("extend", "2h", "--no-wait", "-o", "json")
    assert done.code == 0, done.stderr
    document = done.document()
    assert (parse_instant(document["before"]), parse_instant(document["until"])) == (
        before,
        before + timedelta(hours=2),
    )
    assert (document["changed"], document["id"], document["owner"]) == (True, life.id, "admin")
    assert float(document["usd"]) > 0
    assert end_date(life) == before + timedelta(hours=2)
    assert life.fires_at() == {"terminateInstances": before + timedelta(hours=2) + BEHIND}
    assert life.status()["backstop"]["state"] == "ARMED"


def test_where_the_disks_are_kept_both_schedules_move(account: Account, spawn: Program) -> None:
    """The stop and the end a week later are moved in one command."""
    life = Life(spawn, account, "--on-expiry", "stop")
    before = end_date(life)
    assert life("extend", "1h", "--no-wait").code == 0
    end = before + timedelta(hours=1)
    assert end_date(life) == end
    assert life.fires_at() == {
        "stopInstances": end + BEHIND,
        "terminateInstances": end + timedelta(days=7) + BEHIND,
    }


def test_a_program_extends_what_it_launched(account: Account, spawn: Program) -> None:
    """From Python, too, tag and schedule are moved together."""
    done = replace(spawn, path=PROGRAMS / "python")("-c", API)
    assert done.stdout.splitlines() == ["0:30:00", "ARMED"], done.stderr


def test_an_earlier_end_is_asked_about(account: Account, spawn: Program) -> None:
    """Bringing the end nearer wants a word of assent, and says that notice is given."""
    life = Life(spawn, account)
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    asked = life("extend", "--until", format_instant(soon), "--no-wait")
    assert asked.code == 2
    assert "--yes confirms it" in asked.stderr
    done = life("extend", "--until", format_instant(soon), "--no-wait", "--yes")
    assert done.code == 0, done.stderr
    assert "15 minutes' notice" in done.stdout
    assert end_date(life) == soon
    assert life.fires_at() == {"terminateInstances": soon + BEHIND}


def test_a_preview_writes_nothing(account: Account, spawn: Program, proxy: Proxy) -> None:
    """--dry-run shows the steps, as words or as a document, and performs none."""
    life = Life(spawn, account)
    proxy.forget()
    words = life("extend", "2h", "--dry-run")
    plan = life("extend", "2h", "--dry-run", "-o", "json").document()
    assert "nothing was done" in words.stdout
    assert [[step["operation"] for step in stage] for stage in plan["stages"]] == [[UPDATE], [TAG]]
    assert not [one for one in proxy.records if not one.call.is_read]


def test_the_same_date_needs_nothing(account: Account, spawn: Program, proxy: Proxy) -> None:
    """Asked for the date that it has, the command changes nothing, and says that it did not."""
    life = Life(spawn, account)
    proxy.forget()
    date = life.tags()["spawn:expires-at"]
    again = life("extend", "--until", date, "--no-wait", "-o", "json")
    assert (again.code, again.document()["changed"]) == (0, False)
    assert not [one for one in proxy.records if not one.call.is_read]


def test_a_stopped_instance_is_extended(account: Account, spawn: Program) -> None:
    """What is stopped gets its new date, and its agent is not waited for."""
    life = Life(spawn, account)
    account.client("ec2").stop_instances(InstanceIds=[life.id])
    before = end_date(life)
    done = life("extend", "2h")
    assert done.code == 0, done.stderr
    assert "was not asked" in done.stdout
    assert end_date(life) == before + timedelta(hours=2)


def test_a_console_that_shows_nothing_is_listened_to_for_a_while(
    account: Account, spawn: Program
) -> None:
    """Where no agent is ever heard it is said after the listening, and the date stands."""
    life = Life(spawn, account, "--no-agent")
    done = life("extend", "2h")
    assert done.code == 0, done.stderr
    assert "it has no agent" in done.stdout


def test_what_is_beyond_its_limits_is_refused(account: Account, spawn: Program) -> None:
    """Thirty days and the organisation's ttl hold for an extension as for a launch."""
    life = Life(spawn, account)
    before = end_date(life)
    far = life("extend", "31d", "--no-wait")
    assert far.code == 3, far.stderr
    assert "END-WITHIN-30-DAYS" in far.stderr
    ssm = account.client("ssm")
    ssm.put_parameter(Name="/spawn/defaults", Value='ttl = "9h"', Type="String")
    floor = life("extend", "2h", "--no-wait")
    assert floor.code == 3, floor.stderr
    assert "ttl 9h at most" in floor.stderr
    assert end_date(life) == before
    assert life("extend", "30m", "--no-wait").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say how much longer"),
        (("2h", "--until", "2026-01-27T18:00Z"), "say how much longer"),
        (("two hours",), "is not a length of time"),
        (("--until", "tomorrow"), "is not a time"),
        (("--until", "2020-01-01T00:00Z", "--yes"), "has passed"),
    ],
    ids=str,
)
def test_a_wrong_word_is_named(
    words: tuple[str, ...], said: str, account: Account, spawn: Program
) -> None:
    """What can't be meant is said with what to write instead."""
    life = Life(spawn, account) if "2020" in str(words) else None
    target = life.id if life else "web"
    refused = spawn("extend", target, *words, "--region", REGION)
    assert refused.code == 2, refused.stderr
    assert said in refused.stderr


def test_others_are_extended_by_id_and_with_assent(account: Account, spawn: Program) -> None:
    """A colleague's name means nothing; the id is asked about, and their role goes on ending it."""
    bob = user_keys(account, "bob")
    life = Life(spawn, account, "--name", "theirs", **bob)
    role = life.schedules()["terminateInstances"]["Target"]["RoleArn"]
    before = end_date(life)
    assert spawn("extend", "theirs", "2h", "--region", REGION).code == 5
    asked = spawn("extend", life.id, "2h", "--region", REGION, "--no-wait")
    assert asked.code == 2
    assert "BELONGS TO bob" in asked.stdout
    done = spawn("extend", life.id, "2h", "--region", REGION, "--no-wait", "--yes")
    assert done.code == 0, done.stderr
    assert end_date(life) == before + timedelta(hours=2)
    assert life.schedules()["terminateInstances"]["Target"]["RoleArn"] == role


def test_what_only_tags_call_spawns_gets_no_end_date(account: Account, spawn: Program) -> None:
    """An instance that no launch of spawn's made can't be handed to the backstop by its tags."""
    ec2 = account.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ran = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    victim = ran["Instances"][0]["InstanceId"]
    tags = {"spawn": "true", "owner": "admin", "spawn:launch-id": "l-0123456789abcdef"}
    shown = [{"Key": key, "Value": value} for key, value in tags.items()]
    ec2.create_tags(Resources=[victim], Tags=shown)
    refused = spawn("extend", victim, "2h", "--region", REGION, "--yes")
    assert refused.code == 2
    assert "no launch of spawn's made" in refused.stderr
    groups = account.client("scheduler").list_schedule_groups()["ScheduleGroups"]
    assert "spawn" not in [one["Name"] for one in groups]


@pytest.mark.parametrize("is_earlier", [False, True], ids=["later", "earlier"])
def test_half_a_move_is_said_and_mended(
    is_earlier: bool, account: Account, spawn: Program, proxy: Proxy
) -> None:
    """Where the second step is denied, what stands is said; the command that it names finishes."""
    life = Life(spawn, account)
    soon = format_instant(datetime.now(UTC) + timedelta(hours=1))
    words = ("--until", soon, "--yes") if is_earlier else ("2h",)
    second, stands = (UPDATE, "write the end date") if is_earlier else (TAG, "move its termination")
    proxy.place(Fault(effect=Effect.DENY, operation=second, times=FOR_EVER))
    half = life("extend", *words, "--no-wait")
    assert half.code == 6, half.stderr
    assert f"done: {stands}" in half.stderr
    proxy.forget()
    again = half.stderr.partition("try: spawn ")[2].split()
    done = spawn(*again, "--no-wait", "--yes")
    assert done.code == 0, done.stderr
    assert life.fires_at() == {"terminateInstances": end_date(life) + BEHIND}


@pytest.mark.parametrize("operation", [TAG, UPDATE])
def test_a_lost_answer_ends_nothing_early(
    operation: str, account: Account, spawn: Program, proxy: Proxy
) -> None:
    """Whatever answer is lost for good, no schedule fires before the date that the agent reads."""
    life = Life(spawn, account)
    fault = Fault(effect=Effect.CUT, moment=Moment.AFTER, operation=operation, times=FOR_EVER)
    proxy.place(fault)
    assert life("extend", "2h", "--no-wait").code in {1, 6}
    (fires_at,) = life.fires_at().values()
    assert fires_at >= end_date(life) + BEHIND
    proxy.forget()
    assert life("extend", "2h", "--no-wait").code == 0


def test_without_the_permission_it_fails_naming_it(account: Account, spawn: Program) -> None:
    """Who may not update schedules is told which action is missing, and nothing has changed."""
    life = Life(spawn, account)
    before = end_date(life)
    keys = user_keys(account, "carl", UPDATE)
    denied = life("extend", "2h", "--no-wait", "--yes", **keys)
    assert denied.code == 4, denied.stderr
    assert UPDATE in denied.stderr
    assert end_date(life) == before
