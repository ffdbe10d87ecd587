"""The records of a machine are there while it is, and lead to where it is."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from spored.dns import Duty, job
from spored.step import Do, State
from tests.unit.spored.agents import FakeAgent, FakeService

WORDS = ("us-east-1/route53 https://r", "Z1", "box.example.com", "public-ipv4 local-ipv4")
TOLD = WORDS[:3]
PUBLIC = {"public-ipv4": "192.0.2.1", "local-ipv4": "10.0.0.5"}


def box(**values: str) -> tuple[FakeAgent, Duty]:
    """Return a machine with these addresses, named as in metadata with "_" for "-"."""
    agent = FakeAgent()
    agent.metadata.values = {name.replace("_", "-"): value for name, value in values.items()}
    return agent, Duty(agent.as_agent, WORDS)


def published(agent: FakeAgent, duty: Duty) -> None:
    """Let the duty look, and what it begins end well."""
    duty.wishes()
    agent.children.end("dns")
    duty.wishes()


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ({"public_ipv4": "192.0.2.1", "local_ipv4": "10.0.0.5"}, ["A 192.0.2.1 True"]),
        ({"local_ipv4": "10.0.0.5"}, ["A 10.0.0.5 True"]),
        (
            {"public_ipv4": "192.0.2.1", "ipv6": "2001:db8::5"},
            ["A 192.0.2.1 True", "AAAA 2001:db8::5 True"],
        ),
        ({"ipv6": "2001:db8::5"}, ["AAAA 2001:db8::5 True"]),
    ],
)
def test_at_boot_its_addresses_are_published(values: dict[str, str], lines: list[str]) -> None:
    """The public address, else the private one, and the IPv6 address where there is one."""
    agent, duty = box(**values)
    duty.wishes()
    assert agent.children.begun == [(*TOLD, *lines)]


def test_what_is_published_is_not_published_again() -> None:
    """While the address stays, no further call is made."""
    agent, duty = box(local_ipv4="10.0.0.5")
    published(agent, duty)
    for _ in range(5):
        duty.look_at = duty.due = 0
        duty.wishes()
    assert len(agent.children.begun) == 1


def test_another_address_is_published() -> None:
    """An elastic address that is attached later takes the record over; so does a lost one."""
    agent, duty = box(local_ipv4="10.0.0.5", ipv6="2001:db8::5")
    published(agent, duty)
    agent.metadata.values = PUBLIC
    duty.look_at = duty.due = 0
    duty.wishes()
    assert agent.children.begun[-1] == (*TOLD, "A 192.0.2.1 True", "AAAA 2001:db8::5 False")


def test_silence_of_metadata_changes_nothing() -> None:
    """Where metadata does not answer, or knows no address, the record stays as it is."""
    agent, duty = box(local_ipv4="10.0.0.5")
    published(agent, duty)
    agent.metadata.values = {}
    duty.look_at = duty.due = 0
    duty.wishes()
    agent.metadata.is_silent = True
    duty.look_at = duty.due = 0
    duty.wishes()
    assert len(agent.children.begun) == 1


def test_a_failure_is_tried_again_later() -> None:
    """Refused, it asks again; ever less often, and it says why once."""
    agent, duty = box(local_ipv4="10.0.0.5")
    duty.wishes()
    for _ in range(8):
        agent.children.end("dns", 1)
        duty.wishes()
        assert not agent.children.running
        duty.due = 0
        duty.wishes()
    assert {*agent.children.begun} == {(*TOLD, "A 10.0.0.5 True")}
    assert duty.pause == 900
    assert len(agent.said) == 1


def test_it_is_withdrawn_at_the_end() -> None:
    """Before the machine ends its records are deleted, at once, whatever was tried just before."""
    agent, duty = box(local_ipv4="10.0.0.5")
    published(agent, duty)
    agent.turn(State.PREPARING)
    duty.act(Do.WITHDRAW)
    assert agent.children.begun[-1] == (*TOLD, "A 10.0.0.5 False")
    agent.children.end("dns")
    for state in (State.STOPPING, State.POWERING_OFF):
        agent.turn(state)
        duty.wishes()
    assert len(agent.children.begun) == 2


def test_a_restarted_agent_withdraws_what_it_did_not_publish() -> None:
    """An agent that was killed on the way to the end deletes the records all the same."""
    agent, duty = box(local_ipv4="10.0.0.5")
    agent.turn(State.STOPPING)
    duty.wishes()
    assert agent.children.begun == [(*TOLD, "A 10.0.0.5 False")]


@pytest.mark.parametrize("state", [State.HELD, State.WATCHING])
def test_an_end_that_does_not_come_publishes_again(state: State) -> None:
    """A hold in the last moment, or a refused stop, brings the name back."""
    agent, duty = box(local_ipv4="10.0.0.5")
    agent.turn(State.PREPARING)
    duty.act(Do.WITHDRAW)
    agent.children.end("dns")
    duty.wishes()
    agent.turn(state)
    duty.due = 0
    duty.wishes()
    assert agent.children.begun[-1] == (*TOLD, "A 10.0.0.5 True")


def test_a_spot_notice_withdraws_for_good() -> None:
    """AWS takes the machine back whatever we are about to do: the name does not come again."""
    agent, duty = box(local_ipv4="10.0.0.5")
    published(agent, duty)
    duty.act(Do.WITHDRAW)
    assert agent.children.begun[-1] == (*TOLD, "A 10.0.0.5 False")
    agent.children.end("dns")
    duty.due = 0
    duty.wishes()
    assert len(agent.children.begun) == 2


def records(body: bytes) -> list[dict[str, str]]:
    """Return the changes of a body, by the names of their innermost elements."""
    space = "{https://route53.amazonaws.com/doc/2013-04-01/}"
    root = ElementTree.fromstring(body.decode())  # noqa: S314  our own text
    assert root.tag == f"{space}ChangeResourceRecordSetsRequest"
    return [
        {leaf.tag.removeprefix(space): leaf.text or "" for leaf in change.iter() if not len(leaf)}
        for change in root.iter(f"{space}Change")
    ]


def test_the_call_is_route_53s_own() -> None:
    """Weighted records of this instance, for a minute, are written in one batch."""
    service = FakeService()
    words = job(service.call, "i-1", "Z1", "box.example.com", "A 192.0.2.1 True")
    [(request, body, _)] = service.asked
    assert request == "POST /2013-04-01/hostedzone/Z1/rrset/"
    assert records(body) == [
        {
            "Action": "UPSERT",
            "Name": "box.example.com",
            "Type": "A",
            "SetIdentifier": "i-1",
            "Weight": "1",
            "TTL": "60",
            "Value": "192.0.2.1",
        }
    ]
    assert words == "dns: box.example.com A 192.0.2.1"


def test_what_goes_is_written_before_it_is_deleted() -> None:
    """A deletion must name what stands there: so it is made to stand there first."""
    service = FakeService()
    lines = ("A 192.0.2.1 True", "AAAA ::1 False")
    job(service.call, "i-1", "Z1", "box.example.com", *lines)
    written, deleted = (records(body) for _, body, _ in service.asked)
    assert [(one["Action"], one["Value"]) for one in written] == [
        ("UPSERT", "192.0.2.1"),
        ("UPSERT", "::1"),
    ]
    assert deleted == [{**written[1], "Action": "DELETE"}]
    assert job(service.call, "i-1", "Z1", "b", "A 192.0.2.1 False") == "dns: b withdrawn"
