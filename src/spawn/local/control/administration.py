"""`/_spawn`: the address service, which anybody may ask, and what only the owner may do."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from spawn.local.control import account
from spawn.local.control.buckets import make_foreign
from spawn.local.control.engine import Engine
from spawn.local.control.messages import Request, Response
from spawn.local.control.principals import Principal
from spawn.local.control.switches import Settings


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What `spawn cloud status` shows."""

    instances: dict[str, str]  # id -> state
    regions: list[str]  # in use
    troubles: list[str]


class Administration:
    """Answers under `/_spawn`. Every request but the address is signed by the administrator."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._routes: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("GET", "/_spawn/status"): self._status,
            ("POST", "/_spawn/switches"): self._switches,
            ("POST", "/_spawn/reset"): self._reset,
        }

    def address(self, request: Request) -> Response:
        """The caller's address as text, as address services answer; nothing else of the cloud."""
        if request.method not in {"GET", "HEAD"}:
            return _text(405, "GET only\n")
        return _text(200, f"{self._engine.memory.switches.caller_address}\n")

    def answer(self, request: Request, principal: Principal) -> Response:
        """A request whose signature is proven."""
        if not principal.is_admin:
            return _text(403, "only the cloud's owner may\n")
        route = self._routes.get((request.method, request.path))
        return route(request) if route else _text(404, "not found\n")

    def _status(self, _request: Request) -> Response:
        memory = self._engine.memory
        status = Status(
            instances={name: life.state.value for name, life in memory.lives.items()},
            regions=[region for region, _ in account.ec2_regions_in_use()],
            troubles=list(memory.troubles),
        )
        return _json(200, msgspec.json.encode(status))

    def _switches(self, request: Request) -> Response:
        try:
            settings = msgspec.json.decode(request.body, type=Settings)
            self._engine.memory.switches.set(settings)
        except (msgspec.MsgspecError, ValueError) as error:
            return _text(400, f"{error}\n")
        make_foreign(settings.foreign_buckets or ())
        self._engine.publish()
        return _json(200, b"{}")

    def _reset(self, _request: Request) -> Response:
        self._engine.reset()
        return _json(200, b"{}")


def _text(status: int, body: str) -> Response:
    headers = (("Content-Type", "text/plain; charset=utf-8"),)
    return Response(status=status, headers=headers, body=body.encode())


def _json(status: int, body: bytes) -> Response:
    return Response(status=status, headers=(("Content-Type", "application/json"),), body=body)
