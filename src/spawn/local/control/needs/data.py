"""Services whose one resource is named by one parameter: tables, queues, logs, trails."""

from __future__ import annotations

from spawn.local.control.needs.iam import pass_role
from spawn.local.control.needs.model import (
    NO_RESOURCE,
    Need,
    Question,
    request_tags,
    resource_tags,
    resource_types,
    tag_list,
)

_BATCHES = {"BatchGetItem": "BatchGetItem", "BatchWriteItem": "BatchWriteItem"}
_TRANSACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}


def _one(question: Question, prefix: str, resource: str | None) -> list[Need]:
    """The operation is the action; it has one resource, or none by AWS's reference."""
    action = question.call.operation
    if resource is None or not resource_types(prefix, action):
        resource = NO_RESOURCE
    context = request_tags(tag_list(question.call.parameters.get("Tags")))
    return [Need(action=f"{prefix}:{action}", resource=resource, context=context)]


def dynamodb(question: Question) -> list[Need]:
    """Tables and their indexes; a batch or transaction needs each of its tables."""
    operation, parameters = question.call.operation, question.call.parameters
    if operation in _BATCHES:
        tables = parameters.get("RequestItems") or {}
        return [_table(question, operation, str(name)) for name in tables]
    if operation.startswith("Transact"):
        return [
            _table(question, _TRANSACTIONS[kind], str(item[kind].get("TableName")))
            for item in question.items("TransactItems")
            for kind in item
            if kind in _TRANSACTIONS
        ]
    name = question.text("TableName")
    if name is None:
        return _one(question, "dynamodb", question.text("ResourceArn"))
    index = question.text("IndexName")
    return [_table(question, operation, f"{name}/index/{index}" if index else name)]


def _table(question: Question, action: str, name: str) -> Need:
    # TableName may be the table's ARN: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html
    arn = name if name.startswith("arn:") else question.arn("dynamodb", f"table/{name}")
    return Need(action=f"dynamodb:{action}", resource=arn)


def sqs(question: Question) -> list[Need]:
    """A queue, by its URL or its name. Batches need the single action."""
    url, name = question.text("QueueUrl"), question.text("QueueName")
    name = url.rstrip("/").rsplit("/", 1)[-1] if url else name
    arn = question.text("SourceArn") or (question.arn("sqs", name) if name else None)
    action = question.call.operation.removesuffix("Batch")
    tags = question.call.parameters.get("tags") or question.call.parameters.get("Tags")
    context = request_tags(tags if isinstance(tags, dict) else {})
    if not arn or not resource_types("sqs", action):
        return [Need(action=f"sqs:{action}", resource=NO_RESOURCE, context=context)]
    context |= resource_tags(question, "sqs", arn)
    return [Need(action=f"sqs:{action}", resource=arn, context=context)]


def sns(question: Question) -> list[Need]:
    """A topic, by its ARN or its name."""
    name = question.text("Name")
    arn = question.text("TopicArn") or (name and question.arn("sns", name)) or None
    return _one(question, "sns", arn)


def ecr(question: Question) -> list[Need]:
    """A repository; those that list several repositories need each."""
    named = question.texts("repositoryNames") or question.texts("repositoryName")
    arns = [question.arn("ecr", f"repository/{name}") for name in named]
    arns = arns or [question.text("resourceArn") or question.arn("ecr", "repository/*")]
    needs = []
    for arn in arns:
        [need] = _one(question, "ecr", arn)
        tags = request_tags(tag_list(question.call.parameters.get("tags")))
        context = {**need.context, **tags, **resource_tags(question, "ecr", need.resource)}
        needs.append(Need(action=need.action, resource=need.resource, context=context))
    return needs


def logs(question: Question) -> list[Need]:
    """A stream of a log group; for actions on the group it is one without a name.

    So the group's ARN alone matches no action but tagging, and with ":*" behind it matches all the
    others. Source: CloudWatch Logs user guide, "CloudWatch Logs resources and operations", and
    AWS's own messages of denial.
    """
    action, parameters = question.call.operation, question.call.parameters
    tags = parameters.get("tags")
    context = request_tags(tags if isinstance(tags, dict) else {})
    named = question.text("logGroupName") or question.text("logGroupIdentifier")
    tagged = (question.text("resourceArn") or "").removesuffix(":*")
    if not resource_types("logs", action) or not (named or tagged):
        return [Need(action=f"logs:{action}", resource=NO_RESOURCE, context=context)]
    if named is None:
        return [Need(action=f"logs:{action}", resource=tagged, context=context)]
    name = named.split(":log-group:", 1)[-1].removesuffix(":*")
    group = question.arn("logs", f"log-group:{name}")
    stream = question.text("logStreamName") or ""
    needs = [
        Need(action=f"logs:{action}", resource=f"{group}:log-stream:{stream}", context=context)
    ]
    if action == "CreateLogGroup" and tags:
        needs.append(Need(action="logs:TagResource", resource=group, context=context))
    return needs


def service_quotas(question: Question) -> list[Need]:
    """One quota of a service."""
    service, code = question.text("ServiceCode"), question.text("QuotaCode")
    arn = question.arn("servicequotas", f"{service}/{code}") if service and code else None
    return _one(question, "servicequotas", arn)


def scheduler(question: Question) -> list[Need]:
    """A schedule in its group, or the group; a schedule with a role passes that role."""
    operation = question.call.operation
    group, name = question.text("GroupName") or "default", question.text("Name")
    if operation in {"CreateScheduleGroup", "GetScheduleGroup", "DeleteScheduleGroup"}:
        resource = f"schedule-group/{name}"
    elif name:
        resource = f"schedule/{group}/{name}"
    else:
        resource = f"schedule/{question.text('GroupName') or '*'}/*"
    arn = question.text("ResourceArn") or question.arn("scheduler", resource)
    needs = _one(question, "scheduler", arn)
    target = question.call.parameters.get("Target")
    role = target.get("RoleArn") if isinstance(target, dict) else None
    if role and operation in {"CreateSchedule", "UpdateSchedule"}:
        needs.append(pass_role(str(role), "scheduler.amazonaws.com", on=arn))
    return needs


def cloudtrail(question: Question) -> list[Need]:
    """A trail, by its name or its ARN; looking around needs none."""
    name = question.text("Name") or question.text("TrailName") or question.text("ResourceId")
    if name is None:
        return _one(question, "cloudtrail", None)
    arn = name if name.startswith("arn:") else question.arn("cloudtrail", f"trail/{name}")
    return _one(question, "cloudtrail", arn)
