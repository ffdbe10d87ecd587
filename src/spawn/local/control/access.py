"""Authorises a call: its needs, each judged with the keys that AWS puts into every request."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime

import msgspec

from spawn.iam.evaluation import Decision, Kind, Outcome, PolicySet, Request, decide
from spawn.local.control import account
from spawn.local.control.lookups import AccountLookup
from spawn.local.control.messages import AwsError
from spawn.local.control.needs import needs_of
from spawn.local.control.operations import Call
from spawn.local.control.principals import ADMINISTRATION, Principal, compiled, find_role

# IAM user guide, "Troubleshoot access denied error messages": AWS's names of the kinds.
_KINDS = {
    Kind.IDENTITY: "identity-based policy",
    Kind.RESOURCE: "resource-based policy",
    Kind.BOUNDARY: "permissions boundary",
    Kind.SCP: "service control policy",
    Kind.SESSION: "session policy",
}


def authorize(call: Call, principal: Principal, *, source_ip: str, now: datetime) -> None:
    """Refuse the call unless everything that it needs is allowed. Raises AwsError."""
    if principal.policies is None:
        return
    common = common_context(call, principal, source_ip=source_ip, now=now)
    for need in needs_of(call, AccountLookup()):
        asked = Request(
            principal=principal.arn,
            role_arn=principal.role_arn,
            action=need.action,
            resource=need.resource,
            context={**common, **need.context},
        )
        decision = decide(asked, principal.policies)
        if not decision.is_allowed:
            raise access_denied(call, asked, decision)


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


def access_denied(call: Call, asked: Request, decision: Decision) -> AwsError:
    """AWS's refusal: who, what, on what, why; in EC2's case with the encoded message too."""
    quoted = f'"{asked.resource}"' if asked.action.startswith("s3:") else asked.resource
    where = f" on resource: {quoted}" if asked.resource != "*" else ""
    text = (
        f"User: {asked.principal} is not authorized to perform: {asked.action}{where} "
        f"{_reason(asked, decision)}"
    )
    if call.protocol == "ec2":
        return AwsError(
            "UnauthorizedOperation",
            f"You are not authorized to perform this operation. {text}. Encoded authorization "
            f"failure message: {encode_denial(asked, decision)}",
            status=403,
        )
    if call.protocol in {"json", "rest-json"}:
        return AwsError(
            "AccessDeniedException", text, status=400 if call.protocol == "json" else 403
        )
    return AwsError("AccessDenied", text, status=403)


def _reason(asked: Request, decision: Decision) -> str:
    kind = _KINDS[decision.kind]
    if decision.outcome is Outcome.EXPLICIT_DENY:
        article = "an" if kind.startswith("i") else "a"
        return f"with an explicit deny in {article} {kind}"
    return f"because no {kind} allows the {asked.action} action"


def encode_denial(asked: Request, decision: Decision) -> str:
    """The message that sts:DecodeAuthorizationMessage makes readable again."""
    message = {
        "allowed": False,
        "explicitDeny": decision.outcome is Outcome.EXPLICIT_DENY,
        "matchedStatements": {"items": []},
        "failures": {"items": []},
        "context": {
            "principal": {"arn": asked.principal},
            "action": asked.action,
            "resource": asked.resource,
            "conditions": {
                "items": [
                    {"key": key, "values": {"items": [{"value": v} for v in values]}}
                    for key, values in sorted(asked.context.items())
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


def service_may_assume(
    role_arn: str, context: Mapping[str, tuple[str, ...]], *, service: str
) -> bool:
    """Whether the role's trust policy lets a service take it."""
    asked = Request(principal=service, action="sts:AssumeRole", resource=role_arn, context=context)
    return _is_trusted(asked, PolicySet())


def principal_may_assume(
    role_arn: str, principal: Principal, context: Mapping[str, tuple[str, ...]]
) -> bool:
    """Whether the role's trust policy, and where that leaves it to them the principal's, do."""
    asked = Request(
        principal=principal.arn,
        role_arn=principal.role_arn,
        action="sts:AssumeRole",
        resource=role_arn,
        context=context,
    )
    return _is_trusted(asked, principal.policies or ADMINISTRATION)


def _is_trusted(asked: Request, policies: PolicySet) -> bool:
    role = find_role(asked.resource)
    if role is None:
        return False
    trust = compiled("trust policy", str(role.assume_role_policy_document))
    return decide(asked, msgspec.structs.replace(policies, resource=trust)).is_allowed
