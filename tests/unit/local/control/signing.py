"""Requests as botocore makes them: serialised, signed, caught before they leave."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config

from spawn.local.control.messages import Request

ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ENDPOINT = "http://127.0.0.1:4566"


class _Caught(Exception):
    def __init__(self, request: AWSPreparedRequest) -> None:
        super().__init__("caught")
        self.request = request


def _catch(request: AWSPreparedRequest, **_kwargs: Any) -> None:
    raise _Caught(request)


def client(service: str, *, token: str | None = None) -> Any:
    """A client that talks to nobody."""
    return botocore.session.Session().create_client(
        service,
        region_name="us-east-1",
        endpoint_url=ENDPOINT,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET,
        aws_session_token=token,
        config=Config(signature_version="s3v4" if service == "s3" else "v4"),
    )


def signed(service: str, operation: str, *, token: str | None = None, **parameters: Any) -> Request:
    """The request of one call."""
    caller = client(service, token=token)
    caller.meta.events.register("before-send", _catch)
    try:
        caller._make_api_call(operation, parameters)
    except _Caught as caught:
        return _request(caught.request)
    raise AssertionError("nothing was sent")


def _request(prepared: AWSPreparedRequest) -> Request:
    body = prepared.body or b""
    if hasattr(body, "read"):
        body = body.read()
    url = urlsplit(prepared.url)
    headers = [
        (name, value.decode() if isinstance(value, bytes) else str(value))
        for name, value in prepared.headers.items()
    ]
    return Request(
        method=prepared.method,
        path=url.path or "/",
        query=url.query,
        headers=(*headers, ("Host", url.netloc)),
        body=body.encode() if isinstance(body, str) else bytes(body),
    )
