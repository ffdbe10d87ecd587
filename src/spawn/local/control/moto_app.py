"""One call handed to moto, in process, as the WSGI request that its server would get.

moto reads region, account and service from headers that a client could bend (User-Agent, Host,
paths of its own administration). What it gets here is built from the verified signature.
"""

from __future__ import annotations

import os
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from spawn.local.control import account, moto_filters, moto_memory
from spawn.local.control.messages import AwsError, Request, Response
from spawn.local.control.operations import Call, wsgi_environ

# botocore's service name -> the name it signs with, where moto finds its own services by that.
_SIGNING_NAMES = {"s3control": "s3", "service-quotas": "servicequotas"}


class MotoApp:
    """moto's services, each with its URL map, made when first called."""

    def __init__(self) -> None:
        moto_memory.remember()
        moto_filters.add()
        os.environ["MOTO_ACCOUNT_ID"] = account.ACCOUNT_ID  # whatever key a call is signed with
        self._dispatcher = DomainDispatcherApplication(create_backend_app)
        self._apps: dict[str, Any] = {}
        self._backends: dict[str | None, Any] = {}

    def answer(self, request: Request, call: Call, access_key_id: str) -> Response:
        """moto's answer. Raises AwsError for what moto does not implement."""
        environ = _environ(request, call, access_key_id)
        application = self._application(call, environ)
        status = 500
        headers: list[tuple[str, str]] = []

        def start_response(
            line: str, sent: list[tuple[str, str]], _exc_info: object = None
        ) -> None:
            nonlocal status, headers
            status, headers = int(line.split(" ", 1)[0]), list(sent)

        try:
            chunks = application(environ, start_response)
            body = b"".join(chunks)
        except NotImplementedError as error:
            raise AwsError(
                "NotImplemented",
                f"The embedded cloud does not know {call.name}: {error}",
                status=501,
            ) from error
        return Response(status=status, headers=tuple(headers), body=body)

    def _application(self, call: Call, environ: dict[str, Any]) -> Any:
        host = self._dispatcher.infer_service_region_host(environ, environ["PATH_INFO"])
        if host not in self._backends:  # moto lists its directory to find one
            self._backends[host] = self._dispatcher.get_backend_for_host(host)
        backend = self._backends[host]
        if backend is None:
            raise AwsError(
                "UnknownService", f"The embedded cloud has no {call.service}.", status=404
            )
        if backend not in self._apps:
            self._apps[backend] = create_backend_app(backend)
        return self._apps[backend]


def _environ(request: Request, call: Call, access_key_id: str) -> dict[str, Any]:
    environ = wsgi_environ(request)
    signing_name = _SIGNING_NAMES.get(call.service, call.service)
    environ["HTTP_AUTHORIZATION"] = (
        f"AWS4-HMAC-SHA256 Credential={access_key_id}/20000101/{call.region}/{signing_name}"
        "/aws4_request, SignedHeaders=host, Signature=verified"
    )
    environ["HTTP_USER_AGENT"] = "front-door"  # moto takes a region from it
    environ.pop("HTTP_X_MOTO_ACCOUNT_ID", None)
    if "amazonaws" in environ.get("HTTP_HOST", ""):
        environ["HTTP_HOST"] = "127.0.0.1"  # moto takes a region from it
    return environ
