"""What can go wrong on the way to AWS, as data: where, when and how."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.tools.calls import Call


class Moment(enum.Enum):
    """On which side of the deed the fault lies."""

    BEFORE = "AWS never hears of the request"
    AFTER = "AWS has done what was asked, and the answer is lost"


class Effect(enum.Enum):
    """What the client sees in place of AWS's answer."""

    THROTTLE = "an answer that asks for fewer calls"
    DENY = "an answer that denies the call"
    CUT = "the connection closes without an answer"
    GARBLE = "an answer that no service of AWS's would give: a proxy's page"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault: it hits the `nth` matching request, counted from 1, and `times` in all.

    `operation` is a call's key ("ec2:RunInstances"), "" for any. `hook` runs at the moment of the
    fault, before the client can notice anything: it is where a process gets killed.
    """

    effect: Effect
    moment: Moment = Moment.BEFORE
    operation: str = ""
    nth: int = 1
    times: int = 1
    hook: Callable[[], None] | None = None

    def hits(self, call: Call, earlier: Sequence[Call]) -> bool:
        """Whether `call`, which came after all of `earlier`, is one of those to be hit."""
        if self.operation not in ("", call.key):
            return False
        before = sum(self.operation in ("", other.key) for other in earlier)
        return self.nth <= before + 1 < self.nth + self.times


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def error_answer(effect: Effect, call: Call) -> Answer:
    """Return the error as the service's own protocol words it.

    Sources: EC2 API Reference, "Error codes"; S3 API Reference, "Error responses"; smithy.io,
    "AWS JSON 1.1 protocol", "AWS query protocol", "AWS EC2 query protocol".
    """
    if effect is Effect.GARBLE:
        return _answer(200, "text/html", "<html><body>Please log in</body></html>")
    denied = effect is Effect.DENY
    match call.service:
        case "ec2":
            code = "UnauthorizedOperation" if denied else "RequestLimitExceeded"
            text = f"<Response><Errors>{_xml(code)}</Errors><RequestID>fault</RequestID></Response>"
            return _answer(403 if denied else 503, "text/xml", text)
        case "s3":
            return _answer(
                403 if denied else 503,
                "application/xml",
                _xml("AccessDenied" if denied else "SlowDown"),
            )
        case "iam" | "sts" | "route53":
            code = "AccessDenied" if denied else "Throttling"
            text = f"<ErrorResponse>{_xml(code)}<RequestId>fault</RequestId></ErrorResponse>"
            return _answer(403 if denied else 400, "text/xml", text)
        case _:
            code = "AccessDeniedException" if denied else "ThrottlingException"
            text = json.dumps({"__type": code, "message": "placed by a test"})
            # REST-JSON has the code in a header, the other JSON protocols in the body.
            kind = ("x-amzn-ErrorType", code)
            return _answer(400, "application/x-amz-json-1.1", text, kind)


def _xml(code: str) -> str:
    return f"<Error><Code>{code}</Code><Message>placed by a test</Message></Error>"


def _answer(status: int, kind: str, text: str, *headers: tuple[str, str]) -> Answer:
    return Answer(status=status, headers=(("Content-Type", kind), *headers), body=text.encode())
