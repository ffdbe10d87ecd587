"""Refusals in AWS's words, and the encoded message by which EC2 tells the rest.

Sources: IAM user guide, "Troubleshoot access denied error messages"; STS API reference,
DecodeAuthorizationMessage.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import zlib
from typing import Any

from spawn.iam.evaluation import CompiledPolicy, Decision, Kind, Outcome, PolicySet, Request
from spawn.iam.evaluation import Statement as PolicyStatement
from spawn.local.control.messages import AwsError
from spawn.local.control.operations import Call

_KINDS = {
    Kind.IDENTITY: "identity-based policy",
    Kind.RESOURCE: "resource-based policy",
    Kind.BOUNDARY: "permissions boundary",
    Kind.SCP: "service control policy",
    Kind.SESSION: "session policy",
}
_SECRET = secrets.token_bytes(32)  # what this cloud encoded, and nothing else, can be decoded
_MAC_BYTES = 16


def access_denied(call: Call, asked: Request, decision: Decision, policies: PolicySet) -> AwsError:
    """AWS's refusal: who, what, on what, why; in EC2's case with the encoded message too."""
    # SQS alone writes its actions in lower case.
    action = asked.action.lower() if call.service == "sqs" else asked.action
    quoted = f'"{asked.resource}"' if asked.action.startswith("s3:") else asked.resource
    where = f" on resource: {quoted}" if asked.resource != "*" else ""
    text = (
        f"User: {asked.principal} is not authorized to perform: {action}{where}"
        f"{_reason(action, decision)}"
    )
    if call.protocol == "ec2":
        return AwsError(
            "UnauthorizedOperation",
            f"You are not authorized to perform this operation. {text}. Encoded authorization "
            f"failure message: {encode_denial(asked, decision, policies)}",
            status=403,
        )
    if call.service != "sqs" and call.protocol in {"json", "rest-json"}:
        status = 400 if call.protocol == "json" else 403
        return AwsError("AccessDeniedException", text, status=status)
    return AwsError("AccessDenied", text, status=403)


def _reason(action: str, decision: Decision) -> str:
    kind = _KINDS[decision.kind]
    if decision.outcome is Outcome.EXPLICIT_DENY:
        article = "an" if kind.startswith("i") else "a"
        return f" with an explicit deny in {article} {kind}"
    if decision.kind is Kind.RESOURCE and action.startswith("sts:"):
        return ""  # what a role's trust lacks AWS doesn't tell
    return f" because no {kind} allows the {action} action"


def encode_denial(asked: Request, decision: Decision, policies: PolicySet) -> str:
    """The message that sts:DecodeAuthorizationMessage makes readable again."""
    conditions = [
        {"key": key, "values": _items(values)} for key, values in sorted(asked.context.items())
    ]
    userid = "".join(asked.context.get("aws:userid", ()))
    message = {
        "allowed": False,
        "explicitDeny": decision.outcome is Outcome.EXPLICIT_DENY,
        "matchedStatements": {"items": _matched(decision, policies)},
        "failures": {"items": []},
        "context": {
            "principal": {
                "id": userid,
                "name": asked.principal.rpartition("/")[2],
                "arn": asked.principal,
            },
            "action": asked.action,
            "resource": asked.resource,
            "conditions": {"items": conditions},
        },
    }
    packed = zlib.compress(json.dumps(message).encode())
    return base64.urlsafe_b64encode(_mac(packed) + packed).decode()


def decode_denial(encoded: str) -> str:
    """The JSON of an encoded message. Raises AwsError for what was not encoded here."""
    try:
        raw = base64.urlsafe_b64decode(encoded.encode("ascii"))
    except ValueError:
        raw = b""
    if not hmac.compare_digest(raw[:_MAC_BYTES], _mac(raw[_MAC_BYTES:])):
        raise AwsError(
            "InvalidAuthorizationMessageException", "The authorization message is not valid."
        )
    return zlib.decompress(raw[_MAC_BYTES:]).decode()


def _mac(packed: bytes) -> bytes:
    return hmac.digest(_SECRET, packed, hashlib.sha256)[:_MAC_BYTES]


def _items(values: Any) -> dict[str, Any]:
    return {"items": [{"value": value} for value in values]}


def _matched(decision: Decision, policies: PolicySet) -> list[dict[str, Any]]:
    """The statement that denied, where one did."""
    if decision.statement is None:
        return []
    for policy in _all(policies):
        if policy.name == decision.policy:
            return [_statement(policy.document.statements[decision.statement - 1])]
    return []


def _all(policies: PolicySet) -> list[CompiledPolicy]:
    single = [policies.resource, policies.boundary, policies.session]
    levels = [policy for level in policies.scps or () for policy in level]
    return [*policies.identity, *(each for each in single if each is not None), *levels]


def _statement(statement: PolicyStatement) -> dict[str, Any]:
    conditions = [
        {"key": key, "values": _items(values), "operator": operator}
        for operator, keys in statement.conditions.items()
        for key, values in keys.items()
    ]
    return {
        "statementId": statement.sid,
        "effect": statement.effect.value.upper(),
        "principals": _items(who for names in statement.principals.values() for who in names),
        "principalGroups": {"items": []},
        "actions": _items(statement.actions or statement.not_actions),
        "resources": _items(statement.resources or statement.not_resources),
        "conditions": {"items": conditions},
    }
