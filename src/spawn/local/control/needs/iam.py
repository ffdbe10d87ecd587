"""IAM and STS: roles, users, profiles and policies, with the keys that guard delegation."""

from __future__ import annotations

from spawn.local.control.needs.model import (
    NO_RESOURCE,
    Need,
    Question,
    request_tags,
    resource_types,
    tag_list,
)

# Parameter -> (resource type, kind of ARN), in the order in which AWS's reference names them.
_NAMED = (
    ("RoleName", "role"),
    ("UserName", "user"),
    ("GroupName", "group"),
    ("InstanceProfileName", "instance-profile"),
    ("PolicyName", "policy"),
)


def needs(question: Question) -> list[Need]:
    """The needs of an IAM call; adding a role to a profile passes that role to EC2."""
    operation, parameters = question.call.operation, question.call.parameters
    context = {**request_tags(tag_list(parameters.get("Tags"))), **_delegation(question)}
    found = [
        Need(action=f"iam:{operation}", resource=resource, context=context)
        for resource in _resources(question)
    ]
    role = question.text("RoleName")
    if operation == "AddRoleToInstanceProfile" and role:
        found.append(pass_role(_role_arn(question, role), "ec2.amazonaws.com"))
    return found


def pass_role(role_arn: str, service: str) -> Need:
    """The need of handing a role to a service."""
    passed = {"iam:passedtoservice": (service,)}
    return Need(action="iam:PassRole", resource=role_arn, context=passed)


def _resources(question: Question) -> list[str]:
    types = resource_types("iam", question.call.operation)
    if not types:
        return [NO_RESOURCE]
    arn = question.text("PolicyArn")
    if arn and "policy" in types:
        return [arn]
    source = question.text("PolicySourceArn")
    if source and question.call.operation == "SimulatePrincipalPolicy":
        return [source]
    for parameter, kind in _NAMED:
        name = question.text(parameter)
        if name and kind in types:
            return [_arn(question, kind, name)]
    first = next((kind for _, kind in _NAMED if kind in types), None)
    return [question.arn("iam", f"{first}/*", regional=False) if first else NO_RESOURCE]


def _arn(question: Question, kind: str, name: str) -> str:
    if kind == "role":
        return _role_arn(question, name)
    path = (question.text("Path") or "/").lstrip("/")
    return question.arn("iam", f"{kind}/{path}{name}", regional=False)


def _role_arn(question: Question, name: str) -> str:
    """Of the role as it is, with its path; of the one to be made, with the path asked for."""
    path = (question.text("Path") or "/").lstrip("/")
    made = question.arn("iam", f"role/{path}{name}", regional=False)
    return question.lookup.role_arn(name) or made


def _delegation(question: Question) -> dict[str, tuple[str, ...]]:
    """iam:PermissionsBoundary (asked for, or the role's own) and iam:PolicyARN."""
    context: dict[str, tuple[str, ...]] = {}
    role = question.text("RoleName")
    own = question.lookup.boundary_of_role(role) if role else None
    boundary = question.text("PermissionsBoundary") or own
    if boundary:
        context["iam:permissionsboundary"] = (boundary,)
    policy = question.text("PolicyArn")
    if policy:
        context["iam:policyarn"] = (policy,)
    return context


def sts(question: Question) -> list[Need]:
    """Taking a role needs the role; the other calls of STS have no resource of this account."""
    context = {}
    for parameter, key in (
        ("ExternalId", "sts:externalid"),
        ("RoleSessionName", "sts:rolesessionname"),
        ("SourceIdentity", "sts:sourceidentity"),
    ):
        value = question.text(parameter)
        if value:
            context[key] = (value,)
    resource = question.text("RoleArn") or NO_RESOURCE
    return [Need(action=f"sts:{question.call.operation}", resource=resource, context=context)]
