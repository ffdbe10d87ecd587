"""The routes to an instance, and which of them leads to one without a public address.

The order is that of what they need: an EC2 Instance Connect Endpoint carries any image's SSH,
Session Manager needs an agent and a role on the instance. What is passed over is told, with why.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from spawn.aws.ec2_endpoints import ConnectEndpoint
from spawn.aws.questions import Absent, Fact, Known, Unseen
from spawn.aws.ssm import ManagedInstance
from spawn.connect.endpoint_tunnel import tunnel_endpoint
from spawn.core.errors import AccountError


class Route(enum.StrEnum):
    """How packets get to the instance's SSH port; the value says so in a sentence."""

    DIRECT = "directly"
    BASTION = "through a bastion"
    ENDPOINT = "through an EC2 Instance Connect Endpoint"
    SESSION_MANAGER = "by Session Manager"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A route that was chosen: the address that ssh is told, and the command that carries it.

    `endpoint` is the one that it goes through, None where it goes through none.
    """

    route: Route
    address: str
    sentence: str
    proxy_command: str = ""
    endpoint: ConnectEndpoint | None = None


@dataclass(frozen=True, kw_only=True)
class PrivateFacts:
    """What can carry SSH to a private address.

    The two checks look for AWS's own programs on this machine; they raise AccountError with the
    line that gets them.
    """

    endpoints: Fact[tuple[ConnectEndpoint, ...]]
    managed: Fact[ManagedInstance | None]
    check_aws_program: Callable[[], None]
    check_plugin: Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Found:
    """Which route is open, None for none.

    endpoint      the endpoint that it goes through
    passed_over   why not the routes before it, a sentence each
    may_open      whether waiting may help
    next_command  what gets a program that is missing here, "" where none is
    """

    route: Route | None
    endpoint: ConnectEndpoint | None = None
    passed_over: tuple[str, ...] = ()
    may_open: bool = False
    next_command: str = ""


def private_route(facts: PrivateFacts, *, vpc_id: str, subnet_id: str, has_role: bool) -> Found:
    """Return the first route that is open to a private address.

    Without a role an instance never gets to be known to Session Manager.
    """
    endpoint, no_endpoint = _endpoint(facts, vpc_id=vpc_id, subnet_id=subnet_id)
    refusal = None
    if endpoint is not None:
        refusal = _refusal(facts.check_aws_program)
        if refusal is None:
            return Found(route=Route.ENDPOINT, endpoint=endpoint)
        no_endpoint = f"{endpoint.instance_connect_endpoint_id} is there, but {refusal.what}"
    not_managed = why_not_managed(facts.managed, has_role=has_role)
    may_open = has_role and bool(not_managed) and isinstance(facts.managed, Known)
    if not not_managed:
        lacking = _refusal(facts.check_plugin)
        if lacking is None:
            return Found(route=Route.SESSION_MANAGER, passed_over=(no_endpoint,))
        not_managed, refusal = f"Session Manager knows it, but {lacking.what}", lacking
    return Found(
        route=None,
        passed_over=(no_endpoint, not_managed),
        may_open=may_open,
        next_command="" if refusal is None else refusal.next_command,
    )


def _endpoint(
    facts: PrivateFacts, *, vpc_id: str, subnet_id: str
) -> tuple[ConnectEndpoint | None, str]:
    match facts.endpoints:
        case Known(value=endpoints):
            found = tunnel_endpoint(endpoints, vpc_id=vpc_id, subnet_id=subnet_id)
            return found, f"{vpc_id} has no EC2 Instance Connect Endpoint that is open"
        case Absent():
            return None, f"{vpc_id} has no EC2 Instance Connect Endpoint"
        case Unseen(operation=operation, why=why):
            return None, f"{operation} could not be asked for an endpoint: {why}"


def why_not_managed(fact: Fact[ManagedInstance | None], *, has_role: bool) -> str:
    """Return why Session Manager can't start a session, "" where it can."""
    match fact:
        case Known(value=ManagedInstance() as managed):
            return "" if managed.is_online else f"Session Manager calls it {managed.ping_status}"
        case Known() | Absent():
            missing = "its agent, a right of its role, or a route is" if has_role else "its role is"
            return f"Session Manager does not know it: {missing} missing"
        case Unseen(operation=operation, why=why):
            return f"{operation} could not be asked whether Session Manager knows it: {why}"


def _refusal(check: Callable[[], None]) -> AccountError | None:
    try:
        check()
    except AccountError as error:
        return error
    return None
