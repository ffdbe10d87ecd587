"""Which operations the cloud performs itself or checks first, in place of or ahead of moto.

Three tables: `PERFORMED` answer the call (None leaves it to moto after all), `CHECKED` may
refuse it, `FOLLOWED` run after moto's success. All else is moto's alone.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from spawn.local.control import (
    account,
    attributes,
    boundaries,
    buckets,
    connect_endpoints,
    dns,
    instance_connect,
    instances,
    key_pairs,
    keys,
    launch,
    logs,
    managed,
    pricing,
    quotas,
    region_settings,
    schedules,
    sessions,
    signing_keys,
    simulation,
    spot,
    validation,
    values,
)
from spawn.local.control.denials import decode_denial
from spawn.local.control.duty import Duty
from spawn.local.control.launch import fingerprint
from spawn.local.control.lookups import find_key
from spawn.local.control.memory import Launch
from spawn.local.control.messages import AwsError
from spawn.local.control.needs.model import tag_list
from spawn.local.control.principals import find_role
from spawn.local.control.trail import trails
from spawn.local.control.trail.lookup import lookup_events

CONSOLE_BYTES = 64 * 1024  # EC2 keeps the most recent 64 KB


def _run_instances(duty: Duty) -> Any:
    return launch.run_instances(duty.call, duty.memory, duty.now)


def _terminate(duty: Duty) -> Any:
    return instances.terminate_instances(duty.call, duty.memory, duty.now)


def _stop(duty: Duty) -> Any:
    return instances.stop_instances(duty.call, duty.memory, duty.now)


def _start(duty: Duty) -> Any:
    return instances.start_instances(duty.call, duty.memory, duty.now)


def _reboot(duty: Duty) -> Any:
    return instances.reboot_instances(duty.call, duty.memory, duty.now)


def _console_output(duty: Duty) -> Any:
    """What the instance's console shows: moto answers the same text for every instance."""
    instance_id = duty.call.parameters.get("InstanceId") or ""
    named = dataclasses.replace(duty.call, parameters={"InstanceIds": [instance_id]})
    instance = instances.find_instances(named)[0]
    path = duty.console / f"{instance.id}.log"
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - CONSOLE_BYTES))
            text, modified = file.read(), datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        text, modified = b"", duty.now
    return {
        "InstanceId": instance.id,
        "Output": base64.b64encode(text).decode(),
        "Timestamp": modified.replace(tzinfo=None),
    }


def _describe_images(duty: Duty) -> Any:
    """Deprecated images are left out unless asked for, by id or by IncludeDeprecated.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html
    """
    parameters = duty.call.parameters
    ids = parameters.get("ImageIds") or []
    filters = {f["Name"]: f.get("Values", []) for f in parameters.get("Filters") or []}
    found = account.ec2(duty.call.region).describe_images(
        ami_ids=ids,
        filters=filters,
        exec_users=parameters.get("ExecutableUsers") or [],
        owners=parameters.get("Owners") or [],
    )
    if not ids and not parameters.get("IncludeDeprecated"):
        found = [i for i in found if not getattr(i, "is_deprecated", lambda _: False)(duty.now)]
    return {"Images": found}


def _describe_regions(duty: Duty) -> Any:
    """Regions that the account has not opted in to show with AllRegions only; moto shows all."""
    parameters = duty.call.parameters
    filters = {f["Name"]: f.get("Values", []) for f in parameters.get("Filters") or []}
    names = [*(parameters.get("RegionNames") or []), *filters.get("region-name", [])]
    found = account.ec2(duty.call.region).describe_regions(names)
    statuses = filters.get("opt-in-status")
    if statuses:
        found = [region for region in found if region.opt_in_status in statuses]
    if not parameters.get("AllRegions"):
        found = [region for region in found if region.opt_in_status != "not-opted-in"]
    return {"Regions": found}


def _caller_identity(duty: Duty) -> Any:
    """The one who signed; moto makes somebody up for keys that are not its own."""
    return {
        "UserId": duty.principal.user_id,
        "Account": account.ACCOUNT_ID,
        "Arn": duty.principal.arn,
    }


def _decode_message(duty: Duty) -> Any:
    return {"DecodedMessage": decode_denial(duty.call.parameters.get("EncodedMessage") or "")}


def _create_schedule(duty: Duty) -> Any:
    """A repeated ClientToken answers the first schedule; moto refuses the name as taken."""
    token = duty.call.parameters.get("ClientToken")
    known = duty.memory.tokens.get((duty.call.region, "CreateSchedule", token or ""))
    if known is None:
        return None
    if known.fingerprint != fingerprint(duty.call.parameters):
        raise AwsError(
            "ConflictException",
            "The ClientToken was used for a schedule with other parameters.",
            status=409,
        )
    return {"ScheduleArn": known.result}


def _allocate_address(duty: Duty) -> Any:
    return attributes.allocate_address(duty.call, duty.memory)


def _modify_attribute(duty: Duty) -> Any:
    return attributes.modify_attribute(duty.call)


def _modify_metadata(duty: Duty) -> Any:
    return attributes.modify_metadata_options(duty.call)


def _default_key(_: Duty) -> Any:
    """No account here has chosen a default key of its own, so it is AWS's; moto can't say."""
    return {"KmsKeyId": "alias/aws/ebs"}


PERFORMED: dict[str, Callable[[Duty], Any]] = {
    **region_settings.PERFORMED,
    "accessanalyzer:ValidatePolicy": validation.validate_policy,
    "ec2-instance-connect:SendSSHPublicKey": instance_connect.send_ssh_public_key,
    "cloudtrail:DeleteTrail": trails.delete_trail,
    "cloudtrail:DescribeTrails": trails.describe_trails,
    "cloudtrail:GetEventSelectors": trails.get_selectors,
    "cloudtrail:GetTrail": trails.get_trail,
    "cloudtrail:GetTrailStatus": trails.get_status,
    "cloudtrail:LookupEvents": lookup_events,
    "cloudtrail:PutEventSelectors": trails.put_selectors,
    "ec2:AllocateAddress": _allocate_address,
    "ec2:CreateInstanceConnectEndpoint": connect_endpoints.create_connect_endpoint,
    "ec2:DeleteInstanceConnectEndpoint": connect_endpoints.delete_connect_endpoint,
    "ec2:DescribeImages": _describe_images,
    "ec2:DeleteKeyPair": key_pairs.delete_by_id,
    "ec2:DescribeKeyPairs": key_pairs.describe_key_pairs,
    "ec2:DescribeInstanceConnectEndpoints": connect_endpoints.describe_connect_endpoints,
    "ec2:DescribeRegions": _describe_regions,
    "ec2:DescribeSpotPriceHistory": spot.describe_spot_price_history,
    "ec2:GetConsoleOutput": _console_output,
    "ec2:GetEbsDefaultKmsKeyId": _default_key,
    "ec2:ModifyInstanceAttribute": _modify_attribute,
    "ec2:ModifyInstanceMetadataOptions": _modify_metadata,
    "ec2:RebootInstances": _reboot,
    "ec2:RunInstances": _run_instances,
    "ec2:StartInstances": _start,
    "ec2:StopInstances": _stop,
    "ec2:TerminateInstances": _terminate,
    "kms:DisableKey": keys.disable_key,
    "kms:EnableKey": keys.enable_key,
    "logs:FilterLogEvents": logs.filter_log_events,
    "logs:GetLogEvents": logs.get_log_events,
    "logs:PutLogEvents": logs.put_log_events,
    "pricing:GetProducts": pricing.get_products,
    "kms:GetPublicKey": signing_keys.get_public_key,
    "iam:DeleteUserPermissionsBoundary": boundaries.delete,
    "iam:PutUserPermissionsBoundary": boundaries.put,
    "iam:SimulateCustomPolicy": simulation.simulate_custom_policy,
    "iam:SimulatePrincipalPolicy": simulation.simulate_principal_policy,
    "route53:ChangeResourceRecordSets": dns.change_record_sets,
    "route53:CreateHostedZone": dns.create_hosted_zone,
    "route53:GetChange": dns.get_change,
    "route53:ListHostedZonesByName": dns.list_zones_by_name,
    "route53:ListResourceRecordSets": dns.list_record_sets,
    "scheduler:CreateSchedule": _create_schedule,
    "service-quotas:GetServiceQuota": quotas.get_service_quota,
    "ssm:DescribeInstanceInformation": managed.describe_instance_information,
    "ssm:StartSession": sessions.start_session,
    "ssm:TerminateSession": sessions.terminate_session,
    "sts:DecodeAuthorizationMessage": _decode_message,
    "sts:GetCallerIdentity": _caller_identity,
}
# Those that look further, into states and room, before they say that a dry run would succeed.
TELLS_DRY_RUN = frozenset(
    f"ec2:{operation}"
    for operation in (
        "CreateInstanceConnectEndpoint",
        "DeleteInstanceConnectEndpoint",
        "RebootInstances",
        "RunInstances",
        "StartInstances",
        "StopInstances",
        "TerminateInstances",
    )
)


def _check_tags(duty: Duty) -> None:
    attributes.check_new_tags(duty.call)


def _check_interface_groups(duty: Duty) -> None:
    attributes.check_interface_groups(duty.call)


def _check_role(duty: Duty) -> None:
    """A role that is not there can't be taken; moto takes any. Trust has been asked already."""
    if duty.call.parameters.get("PolicyArns"):
        raise AwsError(
            "NotImplemented", "The embedded cloud has no session policies by ARN.", status=501
        )
    role_arn = str(duty.call.parameters.get("RoleArn"))
    if find_role(role_arn) is None:
        raise AwsError(
            "AccessDenied",
            f"User: {duty.principal.arn} is not authorized to perform: sts:AssumeRole on "
            f"resource: {role_arn}",
            status=403,
        )


def _tag_session(duty: Duty) -> None:
    """The tags of a session, which moto drops: they are aws:PrincipalTag, above the role's."""
    session: Any = account.sts().assumed_roles[-1]
    session.tags = tag_list(duty.call.parameters.get("Tags"))


def _check_schedule(duty: Duty) -> None:
    """An expression that fires here, and a role that trusts the Scheduler."""
    parameters = duty.call.parameters
    schedules.check_expression(
        parameters.get("ScheduleExpression") or "", parameters.get("ScheduleExpressionTimezone")
    )
    target = parameters.get("Target") or {}
    schedules.check_target(target.get("Arn", ""))
    group = parameters.get("GroupName") or "default"
    if group not in account.scheduler(duty.call.region).schedule_groups:
        raise AwsError(
            "ResourceNotFoundException", f"Schedule group {group} does not exist.", status=404
        )
    if not schedules.is_trusted(target.get("RoleArn", ""), duty.call.region, group):
        raise AwsError(
            "ValidationException",
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the "
            "role.",
        )


def _check_table(duty: Duty) -> None:
    """A table that is not there has a code of its own in DynamoDB; moto's is another."""
    name = duty.call.parameters.get("TableName")
    if name not in account.dynamodb(duty.call.region).tables:
        raise AwsError(
            "ResourceNotFoundException", f"Requested resource not found: Table: {name} not found"
        )


_NOT_HERE = {
    "sts:AssumeRoleWithSAML": "identity providers",
    "sts:AssumeRoleWithWebIdentity": "identity providers",
    "sts:GetFederationToken": "sessions of federated users",
    "sts:GetSessionToken": "sessions of users",
}


def _refuse(duty: Duty) -> None:
    """moto would hand out sessions that nobody may have, or that nothing knows."""
    what = _NOT_HERE[duty.call.name]
    raise AwsError("NotImplemented", f"The embedded cloud has no {what}.", status=501)


def _mark_managed_key(duty: Duty) -> None:
    """A key behind an alias of AWS's own is managed by AWS; moto calls each the customer's."""
    key = find_key(duty.call.parameters.get("KeyId") or "", duty.call.region)
    if key is not None and any(alias.startswith("alias/aws/") for alias in key.aliases):
        key.key_manager = "AWS"


CHECKED: dict[str, Callable[[Duty], None]] = {
    "cloudtrail:CreateTrail": trails.check_bucket,
    "cloudtrail:UpdateTrail": trails.check_bucket,
    "dynamodb:DescribeTimeToLive": _check_table,
    "dynamodb:UpdateTimeToLive": _check_table,
    "ec2:CreateTags": _check_tags,
    "ec2:ModifySnapshotAttribute": region_settings.check_snapshot_sharing,
    "ec2:ModifyNetworkInterfaceAttribute": _check_interface_groups,
    "kms:DescribeKey": _mark_managed_key,
    "kms:Sign": signing_keys.check_signing,
    "logs:CreateLogGroup": logs.check_new_group,
    "logs:CreateLogStream": logs.check_new_stream,
    "logs:PutRetentionPolicy": logs.check_retention,
    "iam:CreateRole": boundaries.check,
    "iam:CreateUser": boundaries.check,
    "iam:PutRolePermissionsBoundary": boundaries.check,
    "s3:CreateBucket": buckets.check_new_bucket,
    "s3:PutBucketPolicy": buckets.check_policy,
    "scheduler:CreateSchedule": _check_schedule,
    "scheduler:UpdateSchedule": _check_schedule,
    "secretsmanager:CreateSecret": values.check_secret,
    "secretsmanager:PutSecretValue": values.check_secret,
    "secretsmanager:UpdateSecret": values.check_secret,
    "ssm:PutParameter": values.check_parameter,
    "sts:AssumeRole": _check_role,
    **dict.fromkeys(_NOT_HERE, _refuse),
}


def _remember_profile(duty: Duty) -> None:
    name = duty.call.parameters.get("InstanceProfileName") or ""
    duty.memory.profiles_made_at[name] = duty.now


def _remember_schedule(duty: Duty) -> None:
    parameters, region = duty.call.parameters, duty.call.region
    token = parameters.get("ClientToken")
    group = parameters.get("GroupName") or "default"
    if token:
        schedule = account.scheduler(region).get_schedule(group, parameters["Name"])
        duty.memory.tokens[region, "CreateSchedule", token] = Launch(
            fingerprint=fingerprint(parameters), result=schedule.arn
        )


def _default_the_rest(duty: Duty) -> None:
    """UpdateSchedule resets what it is not given; moto leaves no state at all, or the old deed.

    Source: Scheduler API reference, UpdateSchedule.
    """
    parameters = duty.call.parameters
    group = parameters.get("GroupName") or "default"
    schedule = account.scheduler(duty.call.region).get_schedule(group, parameters["Name"])
    schedule.state = parameters.get("State") or "ENABLED"
    schedule.action_after_completion = parameters.get("ActionAfterCompletion") or "NONE"


def _show_profiles(duty: Duty) -> None:
    attributes.show_associated_profiles(duty.call.region)


FOLLOWED: dict[str, Callable[[Duty], None]] = {
    "ec2:AssociateIamInstanceProfile": _show_profiles,
    "ec2:ReplaceIamInstanceProfileAssociation": _show_profiles,
    "iam:CreateInstanceProfile": _remember_profile,
    "iam:CreateUser": boundaries.complete_user,
    "s3:CreateBucket": buckets.complete_new_bucket,
    "scheduler:CreateSchedule": _remember_schedule,
    "scheduler:UpdateSchedule": _default_the_rest,
    "sts:AssumeRole": _tag_session,
}
