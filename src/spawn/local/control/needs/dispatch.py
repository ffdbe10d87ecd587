"""From a call to its needs: the module of the service, or the rule for all the others."""

from __future__ import annotations

from collections.abc import Callable

from spawn.local.control.needs import data, ec2, iam, s3, secret
from spawn.local.control.needs.model import NO_RESOURCE, Lookup, Need, Question
from spawn.local.control.operations import Call

# botocore's service name -> prefix of its IAM actions, where they differ.
_PREFIXES = {
    "elbv2": "elasticloadbalancing",
    "elb": "elasticloadbalancing",
    "efs": "elasticfilesystem",
    "stepfunctions": "states",
    "resourcegroupstaggingapi": "tag",
    "resource-groups": "resource-groups",
    "opensearch": "es",
    "dynamodbstreams": "dynamodb",
    "s3control": "s3",
}

_SERVICES: dict[str, Callable[[Question], list[Need]]] = {
    "dynamodb": data.dynamodb,
    "ec2": ec2.needs,
    "ecr": data.ecr,
    "iam": iam.needs,
    "kms": secret.kms,
    "logs": data.logs,
    "s3": s3.needs,
    "scheduler": data.scheduler,
    "secretsmanager": secret.secretsmanager,
    "sns": data.sns,
    "sqs": data.sqs,
    "ssm": secret.ssm,
    "sts": iam.sts,
}

# Nothing has to be allowed for these: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
_ALWAYS_ALLOWED = frozenset({"sts:GetCallerIdentity"})


def needs_of(call: Call, lookup: Lookup) -> list[Need]:
    """All that has to be allowed for the call; empty where nothing has to be."""
    if call.name in _ALWAYS_ALLOWED:
        return []
    needs = _SERVICES.get(call.service, _other)
    return needs(Question(call=call, lookup=lookup))


def _other(question: Question) -> list[Need]:
    call = question.call
    prefix = _PREFIXES.get(call.service, call.service)
    return [Need(action=f"{prefix}:{call.operation}", resource=NO_RESOURCE)]
