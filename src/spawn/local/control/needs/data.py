"""Services whose one resource is named by one parameter: tables, queues, logs, schedules."""

from __future__ import annotations

from spawn.local.control.needs.model import (
    NO_RESOURCE,
    Need,
    Question,
    request_tags,
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
    arn = question.arn("sqs", name) if name else None
    action = question.call.operation.removesuffix("Batch")
    if not arn or not resource_types("sqs", action):
        arn = NO_RESOURCE
    return [Need(action=f"sqs:{action}", resource=arn)]


def sns(question: Question) -> list[Need]:
    """A topic, by its ARN or its name."""
    name = question.text("Name")
    arn = question.text("TopicArn") or (name and question.arn("sns", name)) or None
    return _one(question, "sns", arn)


def ecr(question: Question) -> list[Need]:
    """A repository; those that list several repositories need each."""
    names = question.texts("repositoryNames") or question.texts("repositoryName")
    needs = [
        need
        for name in names
        for need in _one(question, "ecr", question.arn("ecr", f"repository/{name}"))
    ]
    if needs:
        return needs
    all_repositories = question.arn("ecr", "repository/*")
    return _one(question, "ecr", all_repositories)


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
        passed = {"iam:passedtoservice": ("scheduler.amazonaws.com",)}
        needs.append(Need(action="iam:PassRole", resource=str(role), context=passed))
    return needs
