"""Authorises a call: its needs, each judged with the keys that AWS puts into every request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from spawn.iam.evaluation import Decision, Outcome, PolicySet, Request, decide
from spawn.local.control import account
from spawn.local.control.denials import access_denied
from spawn.local.control.lookups import AccountLookup
from spawn.local.control.needs import Need, needs_of
from spawn.local.control.operations import Call
from spawn.local.control.principals import ADMINISTRATION, Levels, Principal
from spawn.local.control.resource_policies import SERVICES, is_granted, policy_of


def authorize(
    call: Call,
    principal: Principal,
    *,
    source_ip: str,
    now: datetime,
    levels: Levels | None = None,
) -> None:
    """Refuse the call unless everything that it needs is allowed. Raises AwsError.

    `levels` are the organisation's service control policies, the root's first.
    """
    if principal.policies is None and levels is None and call.service not in SERVICES:
        return  # nothing could hold the administrator back
    policies = msgspec.structs.replace(principal.policies or ADMINISTRATION, scps=levels)
    common = common_context(call, principal, source_ip=source_ip, now=now)
    for need in needs_of(call, AccountLookup(principal.username)):
        asked = _request(need, principal, common)
        bearing = policies
        policy = policy_of(need.action, need.resource, call.region)
        if policy is not None:
            bearing = msgspec.structs.replace(policies, resource=policy)
        decision = decide(asked, bearing)
        if not decision.is_allowed and not _by_grant(asked, decision, call.region):
            raise access_denied(call, asked, decision, bearing)


def _request(need: Need, principal: Principal, common: Mapping[str, tuple[str, ...]]) -> Request:
    context = {**common, **need.context}
    owners = context.get("aws:resourceaccount", ())
    return Request(
        principal=principal.arn,
        role_arn=principal.role_arn,
        action=need.action,
        resource=need.resource,
        context=context,
        resource_account=owners[0] if owners else None,
    )


def _by_grant(asked: Request, decision: Decision, region: str) -> bool:
    """What no policy allows, a grant on a key may; what one denies, nothing does."""
    if decision.outcome is Outcome.EXPLICIT_DENY:
        return False
    grantees = {asked.principal, asked.role_arn or asked.principal}
    return is_granted(asked.action, asked.resource, region, grantees=grantees)


def common_context(
    call: Call, principal: Principal, *, source_ip: str, now: datetime
) -> dict[str, tuple[str, ...]]:
    """The global condition keys, in lower case.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    keys = {
        "aws:currenttime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(now.timestamp())),
        "aws:principalaccount": account.ACCOUNT_ID,
        "aws:principalarn": _principal_arn(principal),
        "aws:principaltype": principal.kind,
        "aws:requestedregion": call.region,
        "aws:resourceaccount": account.ACCOUNT_ID,
        "aws:principalisawsservice": "false",
        # A loopback has no TLS; policies are told what they would be of the same call to AWS.
        "aws:securetransport": "true",
        "aws:sourceip": source_ip,
        "aws:userid": principal.user_id,
        "aws:username": principal.username,
        "aws:viaawsservice": "false",
        "aws:tokenissuetime": _text(principal.issued_at),
    }
    if principal.role_arn is not None:
        keys["aws:multifactorauthpresent"] = "false"
    if principal.source is not None:
        keys["ec2:roledelivery"] = "2.0"
        keys["ec2:sourceinstancearn"] = principal.source.arn
        keys["aws:ec2instancesourcevpc"] = principal.source.vpc_id
        keys["aws:ec2instancesourceprivateipv4"] = principal.source.private_ip
    context: dict[str, tuple[str, ...]] = {
        key: (value,) for key, value in keys.items() if value is not None
    }
    for key, value in principal.tags.items():
        context[f"aws:principaltag/{key.lower()}"] = (value,)
    return context


def _text(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _principal_arn(principal: Principal) -> str:
    """For a session, the role's ARN: that is what aws:PrincipalArn compares with."""
    return principal.role_arn or principal.arn


def service_may_assume(
    role_arn: str, context: Mapping[str, tuple[str, ...]], *, service: str
) -> bool:
    """Whether the role's trust policy lets a service take it."""
    trust = policy_of("sts:AssumeRole", role_arn, "")
    asked = Request(principal=service, action="sts:AssumeRole", resource=role_arn, context=context)
    return trust is not None and decide(asked, PolicySet(resource=trust)).is_allowed
