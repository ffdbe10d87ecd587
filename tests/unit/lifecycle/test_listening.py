"""Whose consoles are asked for, and what an answer, a refusal and a silence mean."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from spawn.aws.questions import Asker
from spawn.aws.sts import Identity
from spawn.core.errors import AccessDenied, AwsRefusal, Throttled
from spawn.core.instants import format_instant
from spawn.core.steps import Parameters
from spawn.launch.agent import agent_boothook, read_agent_source
from spawn.launch.userdata import assemble, verbatim
from spawn.lifecycle.closely import look_closely
from spawn.lifecycle.heard import Completion, Heard, HeardState, expected_order
from spawn.lifecycle.listed import BackstopState
from spawn.lifecycle.listening import ask_agents, has_agent
from spawn.lifecycle.mend import MOST_LOOKED_AT
from tests.unit.lifecycle.builders import ID, ME, NOW, OTHER_ID, row
from tests.unit.lifecycle.clouds import Account, Reply

ALICE = Identity(account="123456789012", arn="a", user_id="u", partition="aws", owner=ME)
UNTIL = NOW + timedelta(hours=2)
COMPLETES = {"spawn:on-complete": "terminate"}


def boothook() -> bytes:
    tags = {"spawn:expires-at": format_instant(UNTIL)}
    return agent_boothook(read_agent_source(), tags, now=NOW, expires_at=UNTIL)


BEAT = (
    f"spored: 3 {format_instant(NOW)} watching until {format_instant(UNTIL)}"
    f" order {expected_order({'spawn:expires-at': format_instant(UNTIL)})} \r\n"
)


def asked(reply: Any, *rows: Any) -> tuple[dict[str, Heard], Account]:
    account = Account(reply)
    with ThreadPoolExecutor(4) as pool:
        return ask_agents(Asker(account, pool), rows, now=NOW)(), account


def console(text: str, user_data: bytes | AwsRefusal = b"") -> Any:
    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        if key == "ec2:GetConsoleOutput":
            return {"InstanceId": parameters["InstanceId"], "Output": text}
        if isinstance(user_data, AwsRefusal):
            return user_data
        return {"UserData": {"Value": base64.b64encode(user_data).decode()}}

    return reply


def test_what_runs_is_asked_for_its_console_as_it_is_now() -> None:
    """A heartbeat makes an agent heard, and then nothing else is asked."""
    found, account = asked(console(BEAT), row())
    assert found[ID].state is HeardState.HEARD
    assert account.calls == [
        ("ec2:GetConsoleOutput", {"InstanceId": ID, "Latest": True}, "eu-west-1")
    ]


@pytest.mark.parametrize(
    ("refusal", "word"),
    [
        (AwsRefusal("no", code="UnsupportedOperation"), "type"),
        (AccessDenied("no", why="needs ec2:GetConsoleOutput", operation="o"), "GetConsoleOutput"),
        (Throttled("slow down", operation="ec2:GetConsoleOutput"), "slow down"),
    ],
)
def test_a_console_that_cannot_be_read_is_unknown(refusal: AwsRefusal, word: str) -> None:
    """Types that show it late, denials and throttling are no silence: nobody could listen."""
    found, _ = asked(lambda *_: refusal, row())
    assert found[ID].state is HeardState.UNKNOWN
    assert word in found[ID].why


@pytest.mark.parametrize(
    ("user_data", "state"),
    [
        (verbatim(b"#!/bin/sh\necho spored\n", flag="x"), HeardState.NONE),
        (b"", HeardState.NONE),
        (assemble(boothook(), b"#!/bin/sh\ntrue\n", flag="x"), HeardState.SILENT),
        (b"\x1f\x8b damaged", HeardState.SILENT),
        (AccessDenied("no", why="needs x", operation="o"), HeardState.UNKNOWN),
    ],
    ids=["a script", "none", "an agent", "damaged", "denied"],
)
def test_user_data_tells_a_silence_from_no_agent(
    user_data: bytes | AwsRefusal, state: HeardState
) -> None:
    """A tag could pass off a killed agent as none: only what an instance starts with counts."""
    found, _ = asked(console("[ 0.0] Linux", user_data), row(tags={"spawn:agent": "none"}))
    assert found[ID].state is state


def test_one_that_was_heard_before_has_an_agent() -> None:
    """A heartbeat of old proves the agent: its silence is one, and user-data is not asked for."""
    old = BEAT.replace(format_instant(NOW), format_instant(NOW - timedelta(minutes=9)))
    found, account = asked(console(old), row())
    assert found[ID].state is HeardState.SILENT
    assert not account.called("ec2:DescribeInstanceAttribute")


def test_what_has_completed_is_read_of_the_dead() -> None:
    """Of what ended, or stopped, with work that may be done, the last console is asked for."""
    said = 'spored: completed: {"status": "success"}\r\n'
    for state in ("terminated", "stopped"):
        found, account = asked(console(said), row(state=state, tags=COMPLETES))
        assert account.called("ec2:GetConsoleOutput") == [{"InstanceId": ID}]
        assert found[ID].state is HeardState.NOT_ASKED
        assert found[ID].completion == Completion(status="success")


@pytest.mark.parametrize(
    "of_row",
    [{"state": "stopped"}, {"state": "terminated"}, {"state": "pending", "tags": COMPLETES}],
)
def test_where_nothing_can_be_heard_nothing_is_asked(of_row: dict[str, Any]) -> None:
    """What does not run says nothing, unless its work may be done."""
    found, account = asked(console(BEAT), row(**of_row))
    assert (found, account.calls) == ({}, [])


def test_an_agent_travels_recognisably() -> None:
    """The boothook as it is sent is found in user-data, and in nothing that only names it."""
    assert has_agent(assemble(boothook(), None, flag="x"))
    assert has_agent(assemble(boothook(), b"#cloud-config\n{}\n", flag="x"))
    assert not has_agent(b"#!/bin/sh\nrm -r /opt/spored\n")


def closely(*rows: Any) -> tuple[Any, Account]:
    account = Account(console(BEAT))
    with ThreadPoolExecutor(8) as pool:
        return look_closely(Asker(account, pool), rows, caller=ALICE, now=NOW), account


def test_others_and_the_many_cost_nothing() -> None:
    """Only the caller's own are looked at closely, and of these so many; running ones first."""
    fleet = [row(f"i-{number:017x}", state="terminated", tags=COMPLETES) for number in range(60)]
    seen, account = closely(row(OTHER_ID, owner="bob"), *fleet, row())
    consoles = account.called("ec2:GetConsoleOutput")
    assert len(consoles) == MOST_LOOKED_AT
    assert consoles[0]["InstanceId"] == ID
    assert OTHER_ID not in seen.agents
    assert {one["Name"] for one in account.called("scheduler:GetSchedule")} == {
        f"spawn-{ID}",
        f"spawn-{ID}-stop",
    }
    assert closely(row(owner="bob"))[1].calls == []


def test_what_was_seen_is_put_into_the_rows() -> None:
    """A schedule that can't be read and an agent that is heard are in the row; others' are not."""
    seen, _ = closely(row(), row(OTHER_ID, owner="bob"))
    own, others = seen.added_to((row(), row(OTHER_ID, owner="bob")), now=NOW)
    assert own.agent.state is HeardState.HEARD
    assert own.backstop is BackstopState.UNKNOWN
    assert others.agent.state is HeardState.NOT_ASKED
    assert others.backstop is BackstopState.MISSING
