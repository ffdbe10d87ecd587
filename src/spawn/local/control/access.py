"""Authorises a call: its needs, each judged with the keys that AWS puts into every request."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime

from spawn.local.control import account
from spawn.local.control.authorize import Decision, Outcome, RequestFacts, decide, trusts
from spawn.local.control.lookups import AccountLookup
from spawn.local.control.messages import AwsError
from spawn.local.control.needs import needs_of
from spawn.local.control.operations import Call
from spawn.local.control.policies import UnreadablePolicy, parse_policy
from spawn.local.control.principals import Principal, find_role

_REASONS = {
    Outcome.DENIED_EXPLICITLY: "with an explicit deny in an identity-based policy",
    Outcome.DENIED_BY_IDENTITY: "because no identity-based policy allows the {action} action",
    Outcome.DENIED_BY_BOUNDARY: "because no permissions boundary allows the {action} action",
    Outcome.DENIED_BY_SESSION: "because no session policy allows the {action} action",
}


def authorize(call: Call, principal: Principal, *, source_ip: str, now: datetime) -> None:
    """Refuse the call unless everything that it needs is allowed. Raises AwsError."""
    if principal.policies is None:
        return
    common = common_context(call, principal, source_ip=source_ip, now=now)
    for need in needs_of(call, AccountLookup()):
        facts = RequestFacts(
            principal_arn=principal.arn,
            action=need.action,
            resource=need.resource,
            context={**common, **need.context},
        )
        decision = decide(facts, principal.policies)
        if not decision.is_allowed:
            raise access_denied(call, facts, decision)


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
        "aws:securetransport": "false",  # loopback: there is no TLS to speak of
        "aws:sourceip": source_ip,
        "aws:userid": principal.user_id,
        "aws:username": principal.username,
        "aws:viaawsservice": "false",
        "aws:tokenissuetime": _text(principal.issued_at),
    }
    if principal.source is not None:
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


def access_denied(call: Call, facts: RequestFacts, decision: Decision) -> AwsError:
    """AWS's refusal: who, what, on what, why; in EC2's case with the encoded message too."""
    reason = _REASONS[decision.outcome].format(action=facts.action)
    quoted = f'"{facts.resource}"' if facts.action.startswith("s3:") else facts.resource
    where = f" on resource: {quoted}" if facts.resource != "*" else ""
    text = (
        f"User: {facts.principal_arn} is not authorized to perform: {facts.action}{where} {reason}"
    )
    if call.protocol == "ec2":
        return AwsError(
            "UnauthorizedOperation",
            f"You are not authorized to perform this operation. {text}. Encoded authorization "
            f"failure message: {encode_denial(facts, decision)}",
            status=403,
        )
    if call.protocol in {"json", "rest-json"}:
        return AwsError(
            "AccessDeniedException", text, status=400 if call.protocol == "json" else 403
        )
    return AwsError("AccessDenied", text, status=403)


def encode_denial(facts: RequestFacts, decision: Decision) -> str:
    """The message that sts:DecodeAuthorizationMessage makes readable again."""
    message = {
        "allowed": False,
        "explicitDeny": decision.outcome is Outcome.DENIED_EXPLICITLY,
        "matchedStatements": {"items": []},
        "failures": {"items": []},
        "context": {
            "principal": {"arn": facts.principal_arn},
            "action": facts.action,
            "resource": facts.resource,
            "conditions": {
                "items": [
                    {"key": key, "values": {"items": [{"value": v} for v in values]}}
                    for key, values in sorted(facts.context.items())
                ]
            },
        },
    }
    return base64.urlsafe_b64encode(json.dumps(message).encode()).decode()


def decode_denial(encoded: str) -> str:
    """The JSON of an encoded message. Raises AwsError."""
    try:
        text = base64.urlsafe_b64decode(encoded.encode()).decode()
        json.loads(text)
    except ValueError as error:
        raise AwsError(
            "InvalidAuthorizationMessageException",
            "The authorization message is not valid.",
        ) from error
    return text


def may_assume(
    role_arn: str, principals: frozenset[tuple[str, str]], context: Mapping[str, tuple[str, ...]]
) -> bool:
    """Whether the role's trust policy lets one of `principals` take it."""
    role = find_role(role_arn)
    if role is None:
        return False
    try:
        policy = parse_policy("trust policy", str(role.assume_role_policy_document))
    except UnreadablePolicy:
        return False
    facts = RequestFacts(
        principal_arn="", action="sts:AssumeRole", resource=role_arn, context=context
    )
    return trusts(policy, principals, facts)


def principals_of(principal: Principal) -> frozenset[tuple[str, str]]:
    """The names by which a trust policy of this account can mean a principal."""
    root = f"arn:{account.PARTITION}:iam::{account.ACCOUNT_ID}:root"
    names = {root, account.ACCOUNT_ID, principal.arn}
    if principal.role_arn:
        names.add(principal.role_arn)
    return frozenset(("AWS", name) for name in names)
