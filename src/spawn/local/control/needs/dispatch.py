"""From a call to its needs: the module of the service, or the rule for all the others."""

from __future__ import annotations

from collections.abc import Callable

from spawn.local.control.needs import data, dns, ec2, governance, iam, s3, secret, session
from spawn.local.control.needs.model import (
    NO_RESOURCE,
    Lookup,
    Need,
    Question,
    request_tags,
    resource_types,
    tag_list,
)
from spawn.local.control.operations import Call

# botocore's service name -> prefix of its IAM actions, where they differ.
_PREFIXES = {
    "accessanalyzer": "access-analyzer",
    "elbv2": "elasticloadbalancing",
    "elb": "elasticloadbalancing",
    "efs": "elasticfilesystem",
    "stepfunctions": "states",
    "resourcegroupstaggingapi": "tag",
    "resource-groups": "resource-groups",
    "opensearch": "es",
    "dynamodbstreams": "dynamodb",
    "s3control": "s3",
    "service-quotas": "servicequotas",
}

_SERVICES: dict[str, Callable[[Question], list[Need]]] = {
    "cloudtrail": data.cloudtrail,
    "config": governance.config,
    "dynamodb": data.dynamodb,
    "ec2": ec2.needs,
    "ec2-instance-connect": session.instance_connect,
    "ecr": data.ecr,
    "iam": iam.needs,
    "kms": secret.kms,
    "logs": data.logs,
    "organizations": governance.organizations,
    "route53": dns.needs,
    "s3": s3.needs,
    "scheduler": data.scheduler,
    "secretsmanager": secret.secretsmanager,
    "service-quotas": data.service_quotas,
    "sns": data.sns,
    "sqs": data.sqs,
    "ssm": secret.ssm,
    "sts": iam.sts,
}

_TAGGING_ACTIONS = {
    "dynamodb:CreateTable": "dynamodb:TagResource",
    "ecr:CreateRepository": "ecr:TagResource",
    "iam:CreateInstanceProfile": "iam:TagInstanceProfile",
    "iam:CreatePolicy": "iam:TagPolicy",
    "iam:CreateRole": "iam:TagRole",
    "iam:CreateUser": "iam:TagUser",
    "kms:CreateKey": "kms:TagResource",
    "scheduler:CreateScheduleGroup": "scheduler:TagResource",
    "secretsmanager:CreateSecret": "secretsmanager:TagResource",
    "cloudtrail:CreateTrail": "cloudtrail:AddTags",
    "sqs:CreateQueue": "sqs:TagQueue",
    "ssm:PutParameter": "ssm:AddTagsToResource",
}

_TAGS = ("Tags", "tags", "TagsList")

# Nothing has to be allowed for these: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
_ALWAYS_ALLOWED = frozenset({"sts:GetCallerIdentity"})


def needs_of(call: Call, lookup: Lookup) -> list[Need]:
    """All that has to be allowed for the call; empty where nothing has to be."""
    if call.name in _ALWAYS_ALLOWED:
        return []
    found = _SERVICES.get(call.service, _other)(Question(call=call, lookup=lookup))
    return found + _tagging(call, found)


def _tagging(call: Call, found: list[Need]) -> list[Need]:
    """Who makes something with tags needs the service's tagging action as well.

    EC2 has its own rule (`ec2`). https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html
    """
    action = _TAGGING_ACTIONS.get(call.name)
    if action is None or not any(call.parameters.get(name) for name in _TAGS):
        return []
    return [Need(action=action, resource=found[0].resource, context=found[0].context)]


def _other(question: Question) -> list[Need]:
    """A resource is known where a parameter is its ARN; all else needs every resource."""
    call = question.call
    prefix = _PREFIXES.get(call.service, call.service)
    arns = [
        value
        for name, value in call.parameters.items()
        if isinstance(value, str) and value.startswith("arn:") and name.lower().endswith("arn")
    ]
    named = [arn for arn in arns if arn.split(":")[2] == prefix]
    has_types = bool(resource_types(prefix, call.operation))
    resource = named[0] if len(named) == 1 and has_types else NO_RESOURCE
    tags = request_tags(tag_list(call.parameters.get("Tags") or call.parameters.get("tags")))
    return [Need(action=f"{prefix}:{call.operation}", resource=resource, context=tags)]
