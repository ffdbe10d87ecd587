"""What AWS refuses is told in its words, and asked again only where that helps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from spored.asking import Duty, job
from spored.calling import FAULTS, LARGEST_BYTES, Refused, answer
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


@contextmanager
def answering(
    status: int, body: bytes, *, said: int | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Serve this answer, which says to be `said` bytes long; its URL, and what was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(f"{self.requestline} {self.headers['x-a']}")
            asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(status)
            self.send_header("Content-Length", f"{len(body) if said is None else said}")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            serving.join()


def test_an_answer_is_returned_whole() -> None:
    """What was asked is what was meant, and the answer is all that came."""
    with answering(200, b"a" * 100_000) as (url, asked):
        assert answer(url, "POST /a?b=", b"body", {"x-a": "1"}) == b"a" * 100_000
    assert asked == ["POST /a?b= HTTP/1.1 1", "body"]


@pytest.mark.parametrize(
    ("status", "said"), [(200, 10), (500, 10), (200, LARGEST_BYTES + 1)], ids=str
)
def test_half_an_answer_is_none(status: int, said: int) -> None:
    """One that breaks off is asked for again: it is not taken for the whole."""
    with answering(status, b"half", said=said) as (url, _), pytest.raises(OSError, match="cut off"):
        answer(url, "POST /", b"", {})


def test_a_refusal_is_raised() -> None:
    """Whatever is not success is raised, a redirection too: nobody is sent to another host."""
    for status in (301, 403, 503):
        with answering(status, b"<Code>No</Code>") as (url, _), pytest.raises(Refused):
            answer(url, "POST /", b"", {})


def test_silence_is_a_fault() -> None:
    """Where nobody answers, it is a fault like others, to be tried again."""
    with pytest.raises(FAULTS):
        answer("http://127.0.0.1:9", "POST /", b"", {})


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
