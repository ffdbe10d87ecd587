"""Trails, where AWS's differ from moto's: the bucket's policy, selectors, what is shown of them.

Sources: CloudTrail user guide, "Amazon S3 bucket policy for CloudTrail"; API reference.
"""

from __future__ import annotations

from typing import Any

from spawn.local.control import account
from spawn.local.control.duty import Duty
from spawn.local.control.messages import AwsError
from spawn.local.control.resource_policies import allows_service
from spawn.local.control.trail.selectors import DEFAULT_SELECTORS

SERVICE = "cloudtrail.amazonaws.com"


def prefix_of(trail: Any) -> str:
    """Below which key a trail's log files are."""
    before = f"{trail.s3_key_prefix}/" if trail.s3_key_prefix else ""
    return f"{before}AWSLogs/{account.ACCOUNT_ID}/CloudTrail"


def check_bucket(duty: Duty) -> None:
    """CloudTrail has to be let into the bucket that it is to write. Raises AwsError."""
    parameters, region = duty.call.parameters, duty.call.region
    name, bucket = str(parameters.get("Name")), parameters.get("S3BucketName")
    if bucket is None:
        return
    known = account.cloudtrail(region).trails.get(name.rsplit("/", 1)[-1])
    if duty.call.operation == "CreateTrail" and known is not None:
        raise AwsError(
            "TrailAlreadyExistsException",
            f"Trail {name} already exists for customer: {account.ACCOUNT_ID}",
        )
    if account.bucket_owner(bucket) is None:
        raise AwsError("S3BucketDoesNotExistException", f"S3 bucket {bucket} does not exist!")
    prefix = parameters.get("S3KeyPrefix") or (known.s3_key_prefix if known else None)
    if not _may_write(bucket, prefix, _arn(region, name)):
        raise AwsError(
            "InsufficientS3BucketPolicyException",
            f"Incorrect S3 bucket policy is detected for bucket: {bucket}",
        )


def _arn(region: str, name: str) -> str:
    if name.startswith("arn:"):
        return name
    return f"arn:{account.PARTITION}:cloudtrail:{region}:{account.ACCOUNT_ID}:trail/{name}"


def may_deliver(trail: Any) -> bool:
    """Whether the trail's bucket lets CloudTrail write its log files."""
    return _may_write(trail.bucket_name, trail.s3_key_prefix, trail.arn)


def _may_write(bucket: str, prefix: str | None, trail_arn: str) -> bool:
    text = account.bucket_policy(bucket)
    if text is None:
        return False
    arn = f"arn:{account.PARTITION}:s3:::{bucket}"
    before = f"{prefix}/" if prefix else ""
    written = f"{arn}/{before}AWSLogs/{account.ACCOUNT_ID}/CloudTrail/file"
    context = {
        "aws:sourcearn": (trail_arn,),
        "aws:sourceaccount": (account.ACCOUNT_ID,),
        "aws:securetransport": ("true",),
        "s3:x-amz-acl": ("bucket-owner-full-control",),
    }
    return all(
        allows_service(text, SERVICE, action, resource=resource, context=context)
        for action, resource in (("s3:GetBucketAcl", arn), ("s3:PutObject", written))
    )


def put_selectors(duty: Duty) -> dict[str, Any]:
    """One kind of selectors takes the other's place. Raises AwsError."""
    parameters = duty.call.parameters
    basic = parameters.get("EventSelectors") or []
    advanced = parameters.get("AdvancedEventSelectors") or []
    if bool(basic) == bool(advanced):
        raise AwsError(
            "InvalidEventSelectorsException",
            "Specify either EventSelectors or AdvancedEventSelectors, and not both.",
        )
    trail = _find(duty, str(parameters.get("TrailName")))
    trail.event_selectors, trail.advanced_event_selectors = basic, advanced
    return _selectors(trail)


def get_selectors(duty: Duty) -> dict[str, Any]:
    """A trail's selectors; those that every trail begins with where none were put."""
    return _selectors(_find(duty, str(duty.call.parameters.get("TrailName"))))


def _selectors(trail: Any) -> dict[str, Any]:
    if trail.advanced_event_selectors:
        return {"TrailARN": trail.arn, "AdvancedEventSelectors": trail.advanced_event_selectors}
    return {"TrailARN": trail.arn, "EventSelectors": trail.event_selectors or DEFAULT_SELECTORS}


def describe_trails(duty: Duty) -> dict[str, Any]:
    """The trails of a region, and of all regions those that cover it."""
    parameters = duty.call.parameters
    wanted = {str(name).rsplit("/", 1)[-1] for name in parameters.get("trailNameList") or ()}
    shadows = parameters.get("includeShadowTrails")
    backend = account.cloudtrail(duty.call.region)
    found = backend.describe_trails(shadows is None or bool(shadows))
    return {"trailList": [_shown(t) for t in found if not wanted or t.trail_name in wanted]}


def get_trail(duty: Duty) -> dict[str, Any]:
    """One trail."""
    return {"Trail": _shown(_find(duty, str(duty.call.parameters.get("Name"))))}


def _shown(trail: Any) -> dict[str, Any]:
    has_own = bool(trail.event_selectors or trail.advanced_event_selectors)
    shown = {**trail.description(include_region=True), "HasCustomEventSelectors": has_own}
    return {name: value for name, value in shown.items() if value is not None}


def get_status(duty: Duty) -> dict[str, Any]:
    """Whether a trail logs, and how its last delivery went."""
    status = _find(duty, str(duty.call.parameters.get("Name"))).status
    error = getattr(status, "error", None)
    told = {
        "IsLogging": status.is_logging,
        "LatestDeliveryTime": getattr(status, "delivered", None),
        "StartLoggingTime": status.started,
        "StopLoggingTime": status.stopped,
        "LatestDeliveryError": error,
    }
    return {name: value for name, value in told.items() if value is not None}


def delete_trail(duty: Duty) -> dict[str, Any]:
    """The trail goes, its log files stay; moto takes a trail's ARN for no name. Raises AwsError."""
    trail = _find(duty, str(duty.call.parameters.get("Name")))
    account.cloudtrail(trail.region_name).trails.pop(trail.trail_name)
    return {}


def _find(duty: Duty, name: str) -> Any:
    """A trail of this region by name, of any region by ARN. Raises moto's error."""
    region = name.split(":")[3] if name.count(":") >= 5 else duty.call.region
    return account.cloudtrail(region).get_trail(name)
