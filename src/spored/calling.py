"""Calls of AWS with the credentials of the instance's role. Never loaded by the agent itself.

`ssl` and `http.client` take twice the agent's memory: whoever calls is a child that soon ends.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from importlib import import_module
from random import random

from spored.metadata import Metadata
from spored.signing import authorization

# What keeps an answer from coming, in the end or for now; Refused is one of them.
FAULTS = OSError, HTTPException, ValueError
TIMEOUT_SECONDS = 10
LARGEST_BYTES = 5_000_000  # `spawn.launch.userdata` lets no script be larger
# How long to wait before each further try, at the most (AWS SDKs and Tools Reference Guide,
# "Retry behavior": full jitter).
WAITS_SECONDS = 1, 2, 4, 8
_ROLE = "iam/security-credentials/"


class Refused(OSError):
    """AWS says no, in its own words. `passes` where it may say yes a moment later."""

    def __init__(self, status: int, answer: str) -> None:
        words = re.sub("<.*?>", " ", answer).split()
        super().__init__(f"{status} {' '.join(words)[:200]}")
        self.passes = status >= 500 or "hrottl" in answer or "PriorRequest" in answer
        self.is_denial = status == 403 or "AccessDenied" in answer


def call(
    service: str,
    request: str = "POST /",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Return what AWS answers.

    service  the scope that the call is signed for, and the service's URL, unless the environment
             has AWS_ENDPOINT_URL: "us-east-1/s3 https://s3.us-east-1.amazonaws.com"
    request  method and target, as `authorization` takes them

    Raises Refused, and FAULTS where there are no credentials or is no answer.
    """
    waits = [*WAITS_SECONDS]
    while True:
        try:
            return _ask(service, request, body, dict(headers or {}))
        except FAULTS as error:
            if not waits or not getattr(error, "passes", True):
                raise
        time.sleep(waits.pop(0) * random())  # noqa: S311  no secret


def _ask(service: str, request: str, body: bytes, headers: dict[str, str]) -> bytes:
    metadata = known()
    role = metadata.get(_ROLE)
    keys = json.loads((role and metadata.get(_ROLE + role)) or "{}")
    if "Token" not in keys:
        raise OSError("no credentials of a role")
    scope, endpoint = service.split()
    url = os.environ.get("AWS_ENDPOINT_URL") or endpoint
    headers["host"] = url.split("/")[2]
    headers["x-amz-content-sha256"] = sha256(body).hexdigest()
    # The machine's own clock may be wrong by more than AWS lets pass.
    headers["x-amz-date"] = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(metadata.date))
    headers["x-amz-security-token"] = keys["Token"]
    headers["authorization"] = authorization(request, headers, scope, keys)
    return answer(url, request, body, headers)


def answer(url: str, request: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return what answers at a URL; it must have a whole answer, and a good one."""
    kind = HTTPConnection if url.startswith("http:") else HTTPSConnection
    connection = kind(url.split("/")[2], timeout=TIMEOUT_SECONDS)
    method, target = request.split(" ")
    connection.request(method, target, body, headers)
    response = connection.getresponse()
    text = response.read(LARGEST_BYTES)
    if response.length:
        raise OSError("the answer is cut off")
    if response.status >= 300:
        raise Refused(response.status, text.decode("utf-8", "replace"))
    return text


def known() -> Metadata:
    """Return the metadata service, ready to be asked."""
    metadata = Metadata()
    metadata.renew()
    return metadata


def main(words: Sequence[str]) -> None:
    """Do what a duty sent us for, and print what came of it.

    `words` are the duty, its service as `call` takes it, and what its function `job` takes besides
    a `call` of that service and the instance's id. It returns an event, ": ", and words of it.
    """
    name, service, *others = words
    try:
        job = import_module(f"spored.{name}").job
        print(job(partial(call, service), known().get("instance-id"), *others))  # noqa: T201
    except FAULTS as error:
        event = "skipped" if getattr(error, "is_denial", False) else "failed"
        print(f"{event}: {name}: {error}")  # noqa: T201
        sys.exit(1)
