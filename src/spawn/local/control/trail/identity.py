"""Who called, as an event's `userIdentity` tells it.

Source: CloudTrail user guide, "CloudTrail userIdentity element".
"""

from __future__ import annotations

import dataclasses
from typing import Any

from spawn.local.control import account
from spawn.local.control.operations import Call
from spawn.local.control.principals import Principal


@dataclasses.dataclass(frozen=True, kw_only=True)
class Caller:
    """Who made a recorded call, and from where."""

    element: dict[str, Any]  # userIdentity
    username: str | None
    access_key_id: str | None
    source_ip: str
    user_agent: str


def caller_of(principal: Principal, *, source_ip: str, user_agent: str) -> Caller:
    """Who signed. What a service calls with a role comes from the service, not from an address."""
    service = principal.invoked_by
    element = _session(principal) if principal.role_arn else _user(principal)
    if service is not None:
        element["invokedBy"] = service
    session_name = principal.user_id.partition(":")[2]
    return Caller(
        element=element,
        username=session_name if principal.role_arn else principal.username,
        access_key_id=principal.credentials.access_key_id,
        source_ip=service or source_ip,
        user_agent=service or user_agent,
    )


def service_caller(service: str) -> Caller:
    """A service of AWS that acts by itself: "ec2.amazonaws.com"."""
    element = {"type": "AWSService", "invokedBy": service}
    return Caller(
        element=element, username=None, access_key_id=None, source_ip=service, user_agent=service
    )


def role_taken(parameters: dict[str, Any], service: str, region: str) -> tuple[Call, Caller]:
    """The AssumeRole by which a service takes a role that trusts it."""
    call = Call(
        service="sts",
        operation="AssumeRole",
        protocol="query",
        region=region,
        parameters=parameters,
    )
    return call, service_caller(service)


def _user(principal: Principal) -> dict[str, Any]:
    return {
        "type": "IAMUser",
        "principalId": principal.user_id,
        "arn": principal.arn,
        "accountId": account.ACCOUNT_ID,
        "accessKeyId": principal.credentials.access_key_id,
        "userName": principal.username,
    }


def _session(principal: Principal) -> dict[str, Any]:
    role_arn = principal.role_arn or ""
    issued = principal.issued_at
    context: dict[str, Any] = {
        "sessionIssuer": {
            "type": "Role",
            "principalId": principal.user_id.partition(":")[0],
            "arn": role_arn,
            "accountId": account.ACCOUNT_ID,
            "userName": role_arn.rsplit("/", 1)[-1],
        },
        "attributes": {
            "creationDate": issued.strftime("%Y-%m-%dT%H:%M:%SZ") if issued else None,
            "mfaAuthenticated": "false",
        },
    }
    element = {
        "type": "AssumedRole",
        "principalId": principal.user_id,
        "arn": principal.arn,
        "accountId": account.ACCOUNT_ID,
        "accessKeyId": principal.credentials.access_key_id,
        "sessionContext": context,
    }
    if principal.source is not None:
        context["ec2RoleDelivery"] = "2.0"  # credentials that IMDSv2 vended
        element["inScopeOf"] = {
            "issuerType": "AWS::EC2::Instance",
            "credentialsIssuedTo": principal.source.arn,
        }
    return element
