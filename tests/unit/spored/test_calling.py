"""What AWS refuses is told in its words, and asked again only where that helps."""

from __future__ import annotations

import pytest

from spored.asking import Duty, job
from spored.calling import Refused
from spored.step import Do, State
from tests.unit.spored.agents import FakeAgent, FakeService

ROUTE53_DENIED = (
    '<?xml version="1.0"?>\n<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
    "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: arn:aws:sts::1:assumed-role"
    "/spawn-1/i-1 is not authorized to perform: route53:ChangeResourceRecordSets</Message></Error>"
    "<RequestId>ba3f3f9e</RequestId></ErrorResponse>"
)
EC2_DENIED = (
    "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized"
    "</Message></Error></Errors><RequestID>1</RequestID></Response>"
)


@pytest.mark.parametrize(
    ("status", "answer", "is_denial", "passes"),
    [
        (403, ROUTE53_DENIED, True, False),
        (403, EC2_DENIED, True, False),
        (400, '{"__type":"AccessDeniedException","Message":"User: a"}', True, False),
        (400, '{"__type":"ThrottlingException","message":"Rate exceeded"}', False, True),
        (400, "<Code>PriorRequestNotComplete</Code>", False, True),
        (400, "<Code>Throttling</Code>", False, True),
        (503, "<Code>SlowDown</Code>", False, True),
        (500, "", False, True),
        (400, "<Code>InvalidChangeBatch</Code>", False, False),
        (404, "<Code>NoSuchBucket</Code>", False, False),
        (301, "<Code>PermanentRedirect</Code>", False, False),
    ],
)
def test_refusals_are_told_apart(status: int, answer: str, is_denial: bool, passes: bool) -> None:
    """A denial skips a duty, what passes is asked again, all else fails."""
    refused = Refused(status, answer)
    assert (refused.is_denial, refused.passes) == (is_denial, passes)


def test_a_refusal_says_what_is_missing() -> None:
    """It is a line for people: AWS's own words without the markup, and not too long."""
    words = str(Refused(403, ROUTE53_DENIED))
    assert words.startswith("403 Sender AccessDenied User: arn:aws:sts")
    assert "route53:ChangeResourceRecordSets" in words
    assert "<" not in words
    assert len(str(Refused(500, "x" * 5000))) <= 204


@pytest.mark.parametrize(("means", "hibernate"), [("stop", "false"), ("hibernate", "true")])
def test_a_machine_asks_to_be_stopped_itself(means: str, hibernate: str) -> None:
    """EC2 is asked to stop or hibernate this instance; the child bears the state's own name."""
    agent = FakeAgent()
    duty = Duty(agent.as_agent, ("eu-west-1/ec2 https://e",))
    agent.turn(State.ASKING, means)
    duty.act(Do.WITHDRAW)
    assert not agent.children.begun
    duty.act(Do.ASK)
    assert agent.children.begun == [("eu-west-1/ec2 https://e", means)]
    assert State.ASKING in agent.children.running
    service = FakeService()
    assert job(service.call, "i-1", means) == f"asked: EC2 to {means}"
    assert [request for request, _, _ in service.asked] == [
        f"GET /?Action=StopInstances&Hibernate={hibernate}&InstanceId.1=i-1&Version=2016-11-15"
    ]


def test_it_is_asked_again_whenever_the_state_says_so() -> None:
    """However often it was refused, and however short ago: the state knows when it may ask."""
    agent = FakeAgent()
    duty = Duty(agent.as_agent, ("eu-west-1/ec2 https://e",))
    for _ in range(3):
        duty.act(Do.ASK)
        agent.children.end("asking", 1)
        duty.wishes()
    assert len(agent.children.begun) == 3
