"""Every request's way: who signed it, what it asks, may they, do it, say so.

1. The address service and the administration live under `/_spawn`; all else is AWS's API.
2. Authenticate. 3. Read the operation. 4. Switches. 5. Authorise. 6. Perform. 7. Record.
A refusal is worded in the protocol of the service that was asked.
"""

from __future__ import annotations

import logging
import time

from spawn.local.control import access
from spawn.local.control.administration import Administration
from spawn.local.control.authenticate import authenticate, guess_service
from spawn.local.control.engine import Engine
from spawn.local.control.launch import launch_target
from spawn.local.control.messages import AwsError, Request, Response
from spawn.local.control.operations import operation_of, protocol_of, service_of
from spawn.local.control.principals import (
    Credentials,
    Principal,
    administrator,
    find_principal,
)
from spawn.local.control.protocol import render_error
from spawn.local.control.sigv4 import Signature
from spawn.local.control.trail.identity import caller_of

log = logging.getLogger(__name__)

PREFIX = "/_spawn/"


class FrontDoor:
    """The cloud's one entrance: `answer` is what both listeners call, from many threads."""

    def __init__(
        self, *, admin: Credentials, engine: Engine, administration: Administration
    ) -> None:
        self._admin = administrator(admin)
        self._engine = engine
        self._memory = engine.memory
        self._administration = administration

    def answer(self, request: Request) -> Response:
        """The response to a request; never raises."""
        began = time.perf_counter()
        try:
            response, what = self._answer(request)
        except Exception:  # the process' outermost border: one bad request must not end the cloud
            log.exception("%s %s failed", request.method, request.path)
            response, what = self._failed(request), "-"
        log.info(
            "%s %s %s %s %.0fms",
            request.way_in,
            request.method,
            what,
            response.status,
            (time.perf_counter() - began) * 1000,
        )
        return response

    def _failed(self, request: Request) -> Response:
        service, protocol = guess_service(request)
        error = AwsError(
            "InternalFailure", "The embedded cloud failed: see its control.log.", status=500
        )
        return render_error(error, service=service, protocol=protocol)

    def _answer(self, request: Request) -> tuple[Response, str]:
        if request.path == f"{PREFIX}address":
            return self._administration.address(request), "address"
        with self._memory.lock:
            try:
                signature, principal = authenticate(request, self._principal, self._engine.now())
            except AwsError as error:
                return self._unauthenticated(error, request)
            if request.path.startswith(PREFIX):
                return self._administration.answer(request, principal), request.path
            return self._call(request, signature, principal)

    def _principal(self, access_key_id: str) -> Principal | None:
        if access_key_id == self._admin.credentials.access_key_id:
            return self._admin
        return find_principal(access_key_id)

    @staticmethod
    def _unauthenticated(error: AwsError, request: Request) -> tuple[Response, str]:
        service, protocol = guess_service(request)
        scope = _scope_of(request)
        if scope:
            service, protocol = service_of(scope), protocol_of(service_of(scope))
        return render_error(error, service=service, protocol=protocol), error.code

    def _call(
        self, request: Request, signature: Signature, principal: Principal
    ) -> tuple[Response, str]:
        service = service_of(signature.service)
        protocol = protocol_of(service)
        try:
            call = operation_of(request, signing_name=signature.service, region=signature.region)
        except AwsError as error:
            return render_error(
                error, service=service, protocol=protocol
            ), f"{service} {error.code}"
        what = call.name
        source_ip = self._source_ip(principal)
        try:
            self._memory.switches.fail_if_told(call.name, launch_target(call))
            access.authorize(
                call,
                principal,
                source_ip=source_ip,
                now=self._engine.now(),
                levels=self._memory.switches.levels,
            )
            response = self._engine.perform(request, call, principal)
        except AwsError as error:
            response = render_error(error, service=service, protocol=call.protocol)
            what = f"{call.name} {error.code}"
        agent = request.header("user-agent") or ""
        caller = caller_of(principal, source_ip=source_ip, user_agent=agent)
        self._engine.record(call, caller, response)
        return response, what

    def _source_ip(self, principal: Principal) -> str:
        """An instance's calls come from its public address, all others from the caller's."""
        if principal.source is not None:
            address = self._engine.public_ip(principal.source.instance_id)
            if address is not None:
                return address
        return self._memory.switches.caller_address


def _scope_of(request: Request) -> str | None:
    """The service of the credential scope, unproven: only for wording a refusal."""
    text = (request.header("authorization") or "") + request.query.replace("%2F", "/")
    parts = text.partition("Credential=")[2].split("/", 4)
    return parts[3] if len(parts) == 5 else None
