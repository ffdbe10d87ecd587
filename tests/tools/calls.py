"""Says which AWS operation an HTTP request asks for, by what the wire shows.

The service is in the credential scope of the signature. Query protocols name the operation in
`Action`, the JSON ones in `X-Amz-Target`; for REST it is the route, and botocore's models have it.
Source: AWS General Reference, "Signature Version 4"; smithy.io, "AWS protocols".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.session
from botocore.exceptions import UnknownServiceError

_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/[^/]*/([^/]+)/aws4_request")
_PRESIGNED_SCOPE = re.compile(r"[^/]+/\d{8}/[^/]*/([^/]+)/aws4_request")
# Signing name -> botocore's name, where they differ.
_NAMES = {"access-analyzer": "accessanalyzer", "servicequotas": "service-quotas"}
_READ_VERBS = ("Describe", "Get", "Head", "List", "Query", "Scan", "Validate")


@dataclass(frozen=True, kw_only=True)
class Request:
    """An HTTP request as it came, nothing decoded."""

    method: str
    target: str
    raw_headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def headers(self) -> dict[str, str]:
        """The headers by their names in lower case."""
        return {name.lower(): value for name, value in self.raw_headers}


@dataclass(frozen=True, kw_only=True)
class Call:
    """The service's signing name and the operation's name; "" where the request tells neither."""

    service: str
    operation: str

    @property
    def key(self) -> str:
        """The name as spawn's Operation table has it: "ec2:RunInstances"."""
        return f"{_NAMES.get(self.service, self.service)}:{self.operation}"

    @property
    def is_read(self) -> bool:
        """Whether the call only looks, by the verb that AWS gave it."""
        return self.operation.startswith(_READ_VERBS)


@dataclass(frozen=True, kw_only=True)
class _Route:
    operation: str
    method: str
    path: re.Pattern[str]
    query: Mapping[str, str]
    required_query: frozenset[str]
    required_headers: frozenset[str]

    @property
    def specificity(self) -> tuple[int, int]:
        needs = len(self.query) + len(self.required_query) + len(self.required_headers)
        return needs, len(self.path.pattern)


def call_of(request: Request) -> Call:
    """Name the call. An unsigned request, or one to no known operation, gives empty names."""
    path, _, query_text = request.target.partition("?")
    query = parse_qs(query_text, keep_blank_values=True)
    service = _service_of(request.headers, query)
    if target := request.headers.get("x-amz-target"):
        return Call(service=service, operation=target.rpartition(".")[2])
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    fields = parse_qs(request.body.decode("latin-1")) if form else query
    if action := fields.get("Action"):
        return Call(service=service, operation=action[0])
    return Call(service=service, operation=_operation_of_route(service, request, path, query=query))


def _service_of(headers: Mapping[str, str], query: Mapping[str, list[str]]) -> str:
    found = _SCOPE.search(headers.get("authorization", ""))
    presigned = query.get("X-Amz-Credential", [""])[0]
    found = found or _PRESIGNED_SCOPE.fullmatch(presigned)
    return found[1] if found else ""


def _operation_of_route(
    service: str, request: Request, path: str, *, query: Mapping[str, list[str]]
) -> str:
    fitting = [
        route
        for route in _routes(service)
        if route.method == request.method
        and route.path.fullmatch(unquote(path))
        and all(value in ("", query.get(key, [None])[0]) for key, value in route.query.items())
        and query.keys() >= route.query.keys() | route.required_query
        and request.headers.keys() >= route.required_headers
    ]
    return max(fitting, key=lambda route: route.specificity).operation if fitting else ""


@functools.cache
def _routes(service: str) -> tuple[_Route, ...]:
    try:
        model = botocore.session.Session().get_service_model(_NAMES.get(service, service))
    except UnknownServiceError:
        return ()
    if not model.metadata["protocol"].startswith("rest"):
        return ()
    return tuple(_route(model.operation_model(name)) for name in model.operation_names)


def _route(operation: Any) -> _Route:
    path, _, query = operation.http["requestUri"].partition("?")
    pattern = re.sub(r"\\\{\w+\\\+\\\}", ".+", re.escape(path.rstrip("/")))
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", pattern)
    required: dict[str, set[str]] = {"querystring": set(), "header": set()}
    shape = operation.input_shape
    for name in shape.required_members if shape else ():
        where = shape.members[name].serialization
        if where.get("location") in required:
            required[where["location"]].add(where["name"])
    return _Route(
        operation=operation.name,
        method=operation.http["method"],
        path=re.compile(f"{pattern}/?"),
        query={key: values[0] for key, values in parse_qs(query, keep_blank_values=True).items()},
        required_query=frozenset(required["querystring"]),
        required_headers=frozenset(name.lower() for name in required["header"]),
    )
