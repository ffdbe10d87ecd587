"""`spawn hold` and `spawn unhold` against a control plane: five things, whatever fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from spawn.core.instants import format_instant
from tests.integration.launch.account import REGION, Account
from tests.integration.lifecycle.lives import Life, user_keys
from tests.tools.faults import Effect, Fault
from tests.tools.programs import Program
from tests.tools.proxy import Proxy

FOR_EVER = 99
REASON = ("--reason", "a stranger's key was found")


def five(life: Life) -> dict[str, bool]:
    """Which of the five things hold, as EC2 and the Scheduler say."""
    return {
        "tag": "spawn:hold" in life.tags(),
        "termination protection": life.attribute("disableApiTermination"),
        "stop protection": life.attribute("disableApiStop"),
        "shutdown behaviour stop": life.attribute("instanceInitiatedShutdownBehavior") == "stop",
        "backstop off": not life.schedules(),
    }


def said(document: dict[str, Any]) -> dict[str, bool]:
    """Which of the five hold, as spawn says."""
    parts = document.get("parts") or document["hold"]
    return {one["part"]: one["state"] == "holds" for one in parts}


@pytest.fixture
def life(account: Account, spawn: Program) -> Life:
    return Life(spawn, account, "--name", "suspect")


def test_a_hold_is_five_things_and_status_shows_them(life: Life) -> None:
    """All five are brought about, told, and seen by `status`; the reason is in the registry."""
    held = life("hold", *REASON, "--case", "case-7", "-o", "json")
    assert held.code == 0, held.stderr
    assert said(held.document()) == dict.fromkeys(five(life), True)
    assert five(life) == dict.fromkeys(five(life), True)
    assert life.tags()["spawn:hold"] == "case-7"
    assert said(life.status()) == dict.fromkeys(five(life), True)
    (record,) = life.records("HOLD#")
    assert (record["case"], record["reason"]) == ("case-7", REASON[1])
    assert record["by"].endswith("user/admin")
    assert REASON[1] not in str(life.described())


def test_nothing_ends_what_is_held(life: Life, spawn: Program) -> None:
    """Cancel, stop, start, hibernate, extend and cleanup leave it, and so does EC2 itself."""
    assert life("hold", *REASON).code == 0
    for words in (("cancel", "--yes"), ("stop", "--yes"), ("hibernate", "--yes"), ("extend", "2h")):
        refused = life(*words)
        assert refused.code == 3, refused.stderr
        assert "held as evidence" in refused.stdout + refused.stderr
    life.tag(spawn__expires_at="2020-01-01T00:00:00Z")
    assert spawn("cleanup", "--all", "--yes").code == 0
    listed = spawn("list", "--region", REGION)
    assert "HELD" in listed.stdout
    assert life.schedules() == {}
    for call in (life.ec2.terminate_instances, life.ec2.stop_instances):
        with pytest.raises(ClientError) as refusal:
            call(InstanceIds=[life.id])
        assert refusal.value.response["Error"]["Code"] == "OperationNotPermitted"
    assert life.state == "running"


def test_a_release_brings_everything_back(life: Life) -> None:
    """Afterwards it is as it was launched: nothing protects it, and its backstop is armed."""
    before = life.fires_at()
    assert life("hold", *REASON).code == 0
    asked = life("unhold", "--reason", "nothing was found")
    assert asked.code == 2
    released = life("unhold", "--reason", "nothing was found", "--yes", "-o", "json")
    assert released.code == 0, released.stderr
    assert five(life) == dict.fromkeys(five(life), False)
    assert life.fires_at() == before
    assert life.status()["backstop"]["state"] == "ARMED"
    assert [one["reason"] for one in life.records("UNHOLD#")] == ["nothing was found"]
    assert life("cancel", "--yes").code == 0


def test_a_release_past_the_end_date_gives_notice(life: Life) -> None:
    """What would have ended long ago has a quarter of an hour to be looked at once more."""
    assert life("hold", *REASON).code == 0
    life.tag(spawn__expires_at=format_instant(datetime.now(UTC) - timedelta(days=2)))
    began = datetime.now(UTC).replace(microsecond=0)
    assert life("unhold", "--reason", "done", "--yes").code == 0
    (fires_at,) = life.fires_at().values()
    assert fires_at >= began + timedelta(minutes=15)


def test_powering_off_means_again_what_it_was_launched_for(
    account: Account, spawn: Program
) -> None:
    """Disks that were to be kept for a week are kept after a hold, too."""
    kept = Life(spawn, account, "--on-expiry", "stop")
    before = kept.fires_at()
    assert kept("hold", *REASON).code == 0
    assert kept("unhold", "--reason", "done", "--yes").code == 0
    assert kept.attribute("instanceInitiatedShutdownBehavior") == "stop"
    assert kept.fires_at() == before


@pytest.mark.parametrize(
    ("operation", "lacking"),
    [
        (
            "ec2:ModifyInstanceAttribute",
            {"termination protection", "stop protection", "shutdown behaviour stop"},
        ),
        ("scheduler:DeleteSchedule", {"backstop off"}),
    ],
)
def test_what_fails_leaves_the_rest_protected(
    operation: str, lacking: set[str], life: Life, proxy: Proxy
) -> None:
    """Exit code 6 says which of the five hold; the command that it names does the rest."""
    proxy.place(Fault(effect=Effect.DENY, operation=operation, times=FOR_EVER))
    half = life("hold", *REASON, "--case", "case-7")
    assert half.code == 6, half.stderr
    assert {part for part, holds in five(life).items() if not holds} == lacking
    for part in five(life):
        word = "does not hold" if part in lacking else "holds"
        assert f"{part}: {word}" in half.stderr
    proxy.forget()
    again = life("hold", *REASON, "--case", "case-7")
    assert again.code == 0, again.stderr
    assert all(five(life).values())


def test_without_the_tag_nothing_is_changed(life: Life, proxy: Proxy) -> None:
    """An instance that could not be told is left with the backstop that it has."""
    proxy.place(Fault(effect=Effect.DENY, operation="ec2:CreateTags", times=FOR_EVER))
    assert life("hold", *REASON).code == 4
    assert not any(five(life).values())


@pytest.mark.parametrize(
    "operation", ["scheduler:CreateSchedule", "ec2:ModifyInstanceAttribute", "ec2:DeleteTags"]
)
def test_a_release_that_fails_leaves_it_held(operation: str, life: Life, proxy: Proxy) -> None:
    """Whatever can't be undone, its tag is there still, and the same command goes on."""
    assert life("hold", *REASON).code == 0
    proxy.place(Fault(effect=Effect.DENY, operation=operation, times=FOR_EVER))
    assert life("unhold", "--reason", "done", "--yes").code in {4, 6}
    assert five(life)["tag"]
    proxy.forget()
    assert life("unhold", "--reason", "done", "--yes").code == 0
    assert not any(five(life).values())


def test_a_hold_of_somebody_elses_is_asked_about(account: Account, life: Life) -> None:
    """A colleague's instance is held by its id, with a word of assent that names its owner."""
    bob = user_keys(account, "bob")
    asked = life("hold", *REASON, **bob)
    assert asked.code == 2
    assert "BELONGS TO admin" in asked.stdout
    assert life("hold", *REASON, "--yes", **bob).code == 0
    assert life("unhold", *REASON, "--yes", **bob).code == 0
    (backstop,) = life.schedules().values()
    name = backstop["Target"]["RoleArn"].rpartition("/")[2]
    tags = account.client("iam").list_role_tags(RoleName=name)["Tags"]
    assert {"Key": "owner", "Value": "admin"} in tags


def test_a_preview_writes_nothing(life: Life, proxy: Proxy) -> None:
    """--dry-run shows the five as they are and the steps, and performs none."""
    proxy.forget()
    shown = life("hold", *REASON, "--dry-run")
    assert "nothing was done" in shown.stdout
    assert "backstop off: does not hold" in shown.stdout
    document = life("hold", *REASON, "--dry-run", "-o", "json").document()
    assert document["stages"][0][0]["operation"] == "ec2:CreateTags"
    assert not [one for one in proxy.records if not one.call.is_read]


def test_a_spot_instance_says_what_cannot_be_had(account: Account, spawn: Program) -> None:
    """Two of the five hold it, three don't exist for it, and the disks are to be saved first."""
    spot = Life(spawn, account, "--spot")
    held = spot("hold", *REASON)
    assert held.code == 0, held.stderr
    assert held.stdout.count("can't be had (it is a spot instance)") >= 3
    assert f"create-snapshots --region {REGION}" in held.stdout
    assert "spawn:hold" in spot.tags()
    assert spot.schedules() == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--reason"),
        (("--reason", " "), "--reason can't be used"),
        (("--reason", "x", "--case", "a b"), "can't name a case"),
    ],
    ids=str,
)
def test_a_wrong_word_is_named(
    words: tuple[str, ...], said: str, spawn: Program, proxy: Proxy
) -> None:
    """What can't be meant is said before AWS is asked."""
    refused = spawn("hold", "suspect", *words, "--region", REGION)
    assert refused.code == 2, refused.stderr
    assert said in refused.stderr
    assert not proxy.records


def test_what_is_held_for_one_case_is_not_taken_for_another(life: Life) -> None:
    """A second case is refused; the same one once more finds nothing to do."""
    assert life("hold", *REASON, "--case", "case-7").code == 0
    other = life("hold", *REASON, "--case", "case-8")
    assert other.code == 2
    assert "held already, for case-7" in other.stderr
    same = life("hold", *REASON)
    assert same.code == 0, same.stderr
    assert len(life.records("HOLD#")) == 1


def test_a_tag_alone_is_made_a_whole_hold(life: Life) -> None:
    """Whoever put the tag by hand, with whatever value, has the rest brought about."""
    life.tag(spawn__hold="")
    assert life("hold", *REASON).code == 0
    assert all(five(life).values())
    assert life.tags()["spawn:hold"] == ""


def test_what_is_not_held_is_not_released(life: Life) -> None:
    """There is nothing to release, and it is said."""
    refused = life("unhold", "--reason", "x", "--yes")
    assert refused.code == 2
    assert "is not held" in refused.stderr
