"""Ways into an instance: Session Manager's sessions, and EC2 Instance Connect's keys.

Sources: Systems Manager user guide, "Sample IAM policies for Session Manager"; EC2 user guide,
"Grant IAM permissions for EC2 Instance Connect".
"""

from __future__ import annotations

from spawn.local.control.needs.model import NO_RESOURCE, Need, Question

OPERATIONS = frozenset({"ResumeSession", "StartSession", "TerminateSession"})
_AWS_DOCUMENTS = ("AWS-", "Amazon")  # these belong to no account


def ssm(question: Question) -> list[Need]:
    """An instance and the document where one is named; to end or resume, the session."""
    operation = question.call.operation
    action = f"ssm:{operation}"
    if operation != "StartSession":
        name = question.text("SessionId")
        resource = question.arn("ssm", f"session/{name}") if name else NO_RESOURCE
        return [Need(action=action, resource=resource)]
    target = question.text("Target") or ""
    kind = "managed-instance" if target.startswith("mi-") else "instance"
    service = "ssm" if kind == "managed-instance" else "ec2"
    document = question.text("DocumentName")
    context = _tags(question, target, "ssm")
    if document is not None:
        # Without a document in the call, AWS looks at the default one only for policies that ask
        # it to by this key.
        context["ssm:sessiondocumentaccesscheck"] = ("true",)
    arn = question.arn(service, f"{kind}/{target}")
    needs = [Need(action=action, resource=arn, context=context)]
    if document is not None:
        resource = _document_arn(question, document)
        needs.append(Need(action=action, resource=resource, context=context))
    return needs


def _document_arn(question: Question, name: str) -> str:
    if name.startswith("arn:"):
        return name
    if name.startswith(_AWS_DOCUMENTS):
        partition, region = question.lookup.partition, question.call.region
        return f"arn:{partition}:ssm:{region}::document/{name}"
    return question.arn("ssm", f"document/{name}")


def instance_connect(question: Question) -> list[Need]:
    """The instance that a key is sent to, and the user that it is for."""
    instance_id = question.text("InstanceId")
    resource = question.arn("ec2", f"instance/{instance_id}") if instance_id else NO_RESOURCE
    context = _tags(question, instance_id or "", "ec2")
    user = question.text("InstanceOSUser")
    if user is not None:
        context["ec2:osuser"] = (user,)
    action = f"ec2-instance-connect:{question.call.operation}"
    return [Need(action=action, resource=resource, context=context)]


def _tags(question: Question, resource_id: str, service: str) -> dict[str, tuple[str, ...]]:
    """The resource's tags under both of their names."""
    keys: dict[str, tuple[str, ...]] = {}
    for key, value in question.lookup.tags(resource_id, question.call.region).items():
        keys[f"{service}:resourcetag/{key.lower()}"] = (value,)
        keys[f"aws:resourcetag/{key.lower()}"] = (value,)
    return keys
