"""IAM and STS: roles, users, profiles and policies, with the keys that guard delegation.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from spawn.local.control.needs.model import (
    NO_RESOURCE,
    Need,
    Question,
    action_keys,
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
# Who leaves the name out means themselves: IAM API reference.
_OF_ONESELF = frozenset(
    {
        *("ChangePassword", "CreateAccessKey", "DeleteAccessKey", "GetUser", "ListAccessKeys"),
        *("ListSSHPublicKeys", "ListSigningCertificates", "UpdateAccessKey"),
        *("DeleteSigningCertificate", "UpdateSigningCertificate", "ListMFADevices"),
        *("UploadSigningCertificate", "CreateLoginProfile", "UpdateLoginProfile"),
        *("DeleteLoginProfile", "GetLoginProfile"),
    }
)


def needs(question: Question) -> list[Need]:
    """The needs of an IAM call; adding a role to a profile passes that role to EC2."""
    operation, parameters = question.call.operation, question.call.parameters
    context = {**request_tags(tag_list(parameters.get("Tags"))), **_delegation(question)}
    tag_keys = question.texts("TagKeys")
    if tag_keys:
        context["aws:tagkeys"] = tuple(tag_keys)
    found = [
        Need(action=f"iam:{operation}", resource=resource, context={**context, **tags})
        for resource, tags in _resources(question)
    ]
    role = question.text("RoleName")
    if operation == "AddRoleToInstanceProfile" and role:
        found.append(pass_role(_arn(question, "role", role), "ec2.amazonaws.com"))
    return found


def pass_role(role_arn: str, service: str, *, on: str | None = None) -> Need:
    """The need of handing a role to a service, for one resource of the service where `on` says."""
    passed = {"iam:passedtoservice": (service,)}
    if on is not None:
        passed["iam:associatedresourcearn"] = (on,)
    return Need(action="iam:PassRole", resource=role_arn, context=passed)


_Tags = dict[str, tuple[str, ...]]


def _resources(question: Question) -> list[tuple[str, _Tags]]:
    operation = question.call.operation
    types = resource_types("iam", operation)
    if not types:
        return [(NO_RESOURCE, {})]
    arn = question.text("PolicyArn") or question.text("PolicySourceArn")
    if arn and ("policy" in types or operation in _BY_SOURCE):
        return [(arn, {})]
    if operation == "CreateServiceLinkedRole":
        return [(_service_linked(question), {})]
    if operation in _OF_ONESELF and not question.text("UserName"):
        name = question.lookup.caller_name
        return [(_arn(question, "user", name) if name else NO_RESOURCE, {})]
    for parameter, kind in _NAMED:
        name = question.text(parameter)
        if name and kind in types:
            return [(_arn(question, kind, name), _tags(question, kind, name))]
    first = next((kind for _, kind in _NAMED if kind in types), None)
    return [(question.arn("iam", f"{first}/*", regional=False) if first else NO_RESOURCE, {})]


_BY_SOURCE = frozenset(
    {"GetContextKeysForPrincipalPolicy", "ListPoliciesGrantingServiceAccess"}
    | {"SimulatePrincipalPolicy"}
)


def _service_linked(question: Question) -> str:
    service = question.text("AWSServiceName") or "*"
    return question.arn("iam", f"role/aws-service-role/{service}/*", regional=False)


def _arn(question: Question, kind: str, name: str) -> str:
    """Of what is there, with its path; of what is to be made, with the path asked for."""
    path = (question.text("Path") or "/").lstrip("/")
    made = question.arn("iam", f"{kind}/{path}{name}", regional=False)
    return question.lookup.iam_arn(kind, name) or made


def _tags(question: Question, kind: str, name: str) -> _Tags:
    """A role's or user's tags, under both of their names."""
    keys: _Tags = {}
    for key, value in question.lookup.iam_tags(kind, name).items():
        keys[f"iam:resourcetag/{key.lower()}"] = (value,)
        keys[f"aws:resourcetag/{key.lower()}"] = (value,)
    return keys


def _delegation(question: Question) -> _Tags:
    """iam:PermissionsBoundary (asked for, or the one that is there), iam:PolicyARN, and more.

    Each is there for the actions alone whose reference names it: a condition on any other fails.
    """
    known = action_keys("iam", question.call.operation)
    boundary = question.text("PermissionsBoundary")
    for parameter, kind in (("RoleName", "role"), ("UserName", "user")):
        name = question.text(parameter)
        if name and not boundary:
            boundary = question.lookup.boundary(kind, name)
    found = {
        "iam:permissionsboundary": boundary,
        "iam:policyarn": question.text("PolicyArn"),
        "iam:awsservicename": question.text("AWSServiceName"),
    }
    return {key: (value,) for key, value in found.items() if value and key in known}


def sts(question: Question) -> list[Need]:
    """Taking a role needs the role, and more for tags and a source identity.

    The other calls of STS have no resource of this account.
    """
    operation = question.call.operation
    resource = question.text("RoleArn") or NO_RESOURCE
    context = request_tags(tag_list(question.call.parameters.get("Tags")))
    for parameter, key in (
        ("ExternalId", "sts:externalid"),
        ("RoleSessionName", "sts:rolesessionname"),
        ("SourceIdentity", "sts:sourceidentity"),
    ):
        value = question.text(parameter)
        if value:
            context[key] = (value,)
    transitive = question.texts("TransitiveTagKeys")
    if transitive:
        context["sts:transitivetagkeys"] = tuple(transitive)
    actions = [operation]
    if operation == "AssumeRole" and question.call.parameters.get("Tags"):
        actions.append("TagSession")
    if operation == "AssumeRole" and question.text("SourceIdentity"):
        actions.append("SetSourceIdentity")
    return [Need(action=f"sts:{each}", resource=resource, context=context) for each in actions]
