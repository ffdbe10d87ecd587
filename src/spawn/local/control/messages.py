"""The words of the front door: a request as it came, a response as it leaves, AWS's errors."""

from __future__ import annotations

import dataclasses
import enum


class WayIn(enum.StrEnum):
    """Which listener a request came by: it decides the source address that policies see."""

    LOOPBACK = "loopback"
    INSTANCE = "instance"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request, its target undecoded, as SigV4 has to see it."""

    method: str
    path: str  # raw, still percent-encoded
    query: str  # raw, without the question mark
    headers: tuple[tuple[str, str], ...]  # as sent, in order
    body: bytes
    way_in: WayIn = WayIn.LOOPBACK

    def header(self, name: str) -> str | None:
        """The value of a header, several joined by commas (RFC 9110 5.3); None when absent."""
        wanted = name.lower()
        values = [value for key, value in self.headers if key.lower() == wanted]
        return ",".join(values) if values else None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Response:
    """One HTTP response, complete in memory."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class AwsError(Exception):
    """A refusal in AWS's own words; `status` is the HTTP status code."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def dry_run_succeeded() -> AwsError:
    """EC2's answer to a DryRun that would have worked."""
    return AwsError(
        "DryRunOperation", "Request would have succeeded, but DryRun flag is set.", status=412
    )
