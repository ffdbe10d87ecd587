"""What a launch does about secrets in what it is given: certain ones refuse it, others warn."""

from __future__ import annotations

from datetime import timedelta

import pytest

from spawn.core.errors import RefusedByControl
from spawn.core.levels import Level
from spawn.launch.plan import LaunchPlan
from spawn.launch.spec import PreStop, Waiver
from spawn.posture.controls.control import Outcome
from spawn.posture.levels import Disposition, Reaction, reaction
from spawn.posture.live import user_data_posture
from spawn.secrets.scan import scan_text
from tests.unit.launch.accounts import plan_of, spec
from tests.unit.launch.requests import user_data_of
from tests.unit.secrets.corpus.making import Maker

PASSWORD = "sunflower42-Velvet"
RANDOM = Maker("a key").fill("BLOB=<base62:40>")


def disposition(plan: LaunchPlan, control: str) -> Disposition:
    """What came of the control."""
    return next(found.disposition for found in plan.findings if found.control == control)


@pytest.mark.parametrize("level", [Level.STANDARD, Level.STRICT])
@pytest.mark.parametrize(
    ("asked", "control", "place"),
    [
        (
            {"user_data": f"#!/bin/sh\nmysql -uroot -p{PASSWORD}\n".encode()},
            "SECRET-IN-USER-DATA",
            "line 2",
        ),
        (
            {"pre_stop": PreStop(command=f"curl -u ops:{PASSWORD} https://in.example")},
            "SECRET-IN-USER-DATA",
            "line 1 of --pre-stop",
        ),
        ({"tags": {"db-password": PASSWORD}}, "SECRET-IN-TAGS", "the tag db-password"),
    ],
    ids=["user-data", "a hook", "a tag"],
)
def test_a_certain_secret_refuses(
    asked: dict[str, object], control: str, place: str, level: Level
) -> None:
    """The refusal says where it stands and what to write, and never what it is."""
    with pytest.raises(RefusedByControl) as refused:
        plan_of(spec(**{"security": level, "ttl": timedelta(hours=1)} | asked))
    told = f"{refused.value.what} {refused.value.why}"
    assert control in refused.value.controls
    assert place in told
    assert "--secret" in told
    assert PASSWORD not in told


@pytest.mark.parametrize("level", [Level.OPEN, Level.STANDARD])
def test_randomness_alone_warns(level: Level) -> None:
    """What only looks like a key is told, and refuses at no level."""
    assert [one.certainty for one in scan_text(RANDOM)] == ["likely"]
    plan = plan_of(spec(security=level, user_data=f"#!/bin/sh\n{RANDOM}\n".encode()))
    assert disposition(plan, "SECRET-LIKELY-IN-USER-DATA") is Disposition.WARNED
    strict = reaction("SECRET-LIKELY-IN-USER-DATA", Outcome.FAIL, Level.STRICT)
    assert strict is Reaction.WARN


def test_a_mark_in_the_text_lets_no_launch_pass() -> None:
    """Who wrote a script can't speak for who launches it: a waiver with a reason does."""
    text = f"#!/bin/sh\nDB_PASSWORD={PASSWORD} # spawn:allow-secret\n".encode()
    with pytest.raises(RefusedByControl):
        plan_of(spec(user_data=text))
    waiver = Waiver(control="SECRET-IN-USER-DATA", reason="a demo")
    plan = plan_of(spec(user_data=text, waivers=(waiver,)))
    assert disposition(plan, "SECRET-IN-USER-DATA") is Disposition.WAIVED


def test_what_spawn_sends_of_its_own_holds_none() -> None:
    """The agent's source and its orders, as an auditor reads them on a live instance, are clean."""
    posture = user_data_posture(user_data_of(plan_of(spec(user_data=b"#!/bin/sh\ndate\n"))))
    assert posture is not None
    assert posture.is_readable
    assert posture.secrets == ()
