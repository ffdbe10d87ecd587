"""IAM Access Analyzer's ValidatePolicy: the checks of `policy_checks`, in AWS's shape.

Source: Access Analyzer API Reference, ValidatePolicy, Location, PathElement.
"""

from __future__ import annotations

from typing import Any

from spawn.local.control.duty import Duty
from spawn.local.control.messages import AwsError
from spawn.local.control.policy_checks import Found, check

_LEARN = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"
)
_TRUST = "AWS::IAM::AssumeRolePolicyDocument"
_TYPES = ("IDENTITY_POLICY", "RESOURCE_POLICY", "SERVICE_CONTROL_POLICY")
PAGE = 100


def validate_policy(duty: Duty) -> dict[str, Any]:
    """What is wrong with a policy. Raises AwsError for kinds of which nothing is known here."""
    parameters = duty.call.parameters
    type_ = parameters.get("policyType")
    of_resource = parameters.get("validatePolicyResourceType")
    if type_ not in _TYPES or of_resource not in (None, _TRUST):
        what = of_resource or type_
        raise AwsError("NotImplemented", f"The embedded cloud can't judge {what}.", status=501)
    if of_resource and type_ != "RESOURCE_POLICY":
        raise AwsError("ValidationException", f"{of_resource} has the policy of a resource.")
    text = str(parameters.get("policyDocument") or "")
    found = check(text, names_principals=type_ == "RESOURCE_POLICY", is_trust=of_resource == _TRUST)
    start, size = _page(parameters)
    following = {"nextToken": str(start + size)} if start + size < len(found) else {}
    return {"findings": [_told(each, text) for each in found[start : start + size]], **following}


def _page(parameters: dict[str, Any]) -> tuple[int, int]:
    try:
        start, size = (
            int(parameters.get("nextToken") or 0),
            int(parameters.get("maxResults") or PAGE),
        )
    except ValueError as error:
        raise AwsError("ValidationException", "The token is none of ours.") from error
    if start < 0 or size < 1:
        raise AwsError("ValidationException", "A page begins at a finding and holds some.")
    return start, size


def _told(found: Found, text: str) -> dict[str, Any]:
    where = found.where
    way = [{"index": step} if isinstance(step, int) else {"value": step} for step in where.way]
    span = {"start": _position(text, where.start), "end": _position(text, where.end)}
    return {
        "findingDetails": found.details,
        "findingType": found.type,
        "issueCode": found.code,
        "learnMoreLink": _LEARN,
        "locations": [{"path": way, "span": span}],
    }


def _position(text: str, offset: int) -> dict[str, int]:
    """Lines from 1, columns and offsets from 0."""
    before = text[:offset]
    column = offset - (before.rfind("\n") + 1)
    return {"line": before.count("\n") + 1, "column": column, "offset": offset}
