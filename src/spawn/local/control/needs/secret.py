"""Secrets, parameters and the keys that they are encrypted with."""

from __future__ import annotations

from spawn.local.control.needs import session
from spawn.local.control.needs.model import (
    NO_RESOURCE,
    Need,
    Question,
    request_tags,
    resource_types,
    tag_list,
)


def secretsmanager(question: Question) -> list[Need]:
    """A secret by name or ARN; reading one under a customer key needs that key, by this service."""
    action = f"secretsmanager:{question.call.operation}"
    context = request_tags(tag_list(question.call.parameters.get("Tags")))
    identifier = question.text("SecretId")
    if identifier is None:
        name = question.text("Name")
        # The six characters at the end are made with the secret.
        resource = question.arn("secretsmanager", f"secret:{name}-??????") if name else NO_RESOURCE
        return [Need(action=action, resource=resource, context=context)]
    found = question.lookup.secret(identifier, question.call.region)
    if found is None:
        by_name = question.arn("secretsmanager", f"secret:{identifier}-??????")
        arn = identifier if identifier.startswith("arn:") else by_name
        return [Need(action=action, resource=arn, context=context)]
    arn, key = found
    needs = [Need(action=action, resource=arn, context=context)]
    if key and question.call.operation in {"GetSecretValue", "BatchGetSecretValue"}:
        needs.append(_decrypt(question, key, "secretsmanager", of={"secretarn": arn}))
    return needs


def ssm(question: Question) -> list[Need]:
    """Parameters by name or path; decrypting one under a customer key needs that key.

    Sessions and instances have rules of their own (`session`).
    """
    operation = question.call.operation
    if operation in session.OPERATIONS:
        return session.ssm(question)
    names = question.texts("Names") or question.texts("Name") or question.texts("Path")
    if "parameter" not in resource_types("ssm", operation) or not names:
        return [Need(action=f"ssm:{operation}", resource=NO_RESOURCE)]
    context = request_tags(tag_list(question.call.parameters.get("Tags")))
    needs = [
        Need(action=f"ssm:{operation}", resource=_parameter_arn(question, name), context=context)
        for name in names
    ]
    if question.call.parameters.get("WithDecryption"):
        for name in names:
            key = question.lookup.parameter_key(name, question.call.region)
            if key:
                of = {"parameter_arn": _parameter_arn(question, name)}
                needs.append(_decrypt(question, key, "ssm", of=of))
    return needs


def _parameter_arn(question: Question, name: str) -> str:
    if name.startswith("arn:"):
        return name
    bare = name.split(":", 1)[0]  # name:version and name:label
    if bare.startswith("/aws/"):
        # AWS's public parameters belong to no account.
        return f"arn:{question.lookup.partition}:ssm:{question.call.region}::parameter{bare}"
    return question.arn("ssm", f"parameter/{bare.lstrip('/')}")


def _decrypt(question: Question, key_arn: str, service: str, *, of: dict[str, str]) -> Need:
    """The service decrypts for the caller; `of` is the encryption context that it always gives.

    Secrets Manager user guide, "Encryption context"; Systems Manager user guide, "How AWS Systems
    Manager Parameter Store uses AWS KMS".
    """
    via = f"{service}.{question.call.region}.amazonaws.com"
    context = {"kms:viaservice": (via,), "aws:viaawsservice": ("true",)}
    context |= {f"kms:encryptioncontext:{name}": (value,) for name, value in of.items()}
    return Need(action="kms:Decrypt", resource=key_arn, context=context)


def kms(question: Question) -> list[Need]:
    """A key, by any of its names. An alias' own action needs the alias too."""
    operation = question.call.operation
    action = f"kms:{operation}"
    identifier = question.text("KeyId") or question.text("TargetKeyId")
    if operation == "ReEncrypt":
        source, target = question.text("SourceKeyId"), question.text("DestinationKeyId")
        return [
            Need(action="kms:ReEncryptFrom", resource=_key_arn(question, source)),
            Need(action="kms:ReEncryptTo", resource=_key_arn(question, target)),
        ]
    needs = []
    alias = question.text("AliasName")
    if alias:
        needs.append(Need(action=action, resource=question.arn("kms", alias)))
    if identifier or not alias:
        needs.append(Need(action=action, resource=_key_arn(question, identifier)))
    return needs


def _key_arn(question: Question, identifier: str | None) -> str:
    if identifier is None:
        return NO_RESOURCE
    return question.lookup.key_arn(identifier, question.call.region) or NO_RESOURCE
