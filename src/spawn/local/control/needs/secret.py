"""Secrets, parameters and the keys that they are encrypted with."""

from __future__ import annotations

from spawn.local.control.needs import session
from spawn.local.control.needs.model import (
    NO_RESOURCE,
    Need,
    Question,
    request_tags,
    resource_tags,
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
    context |= resource_tags(question, "secretsmanager", arn)
    context["secretsmanager:secretid"] = (arn,)
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
    blob = question.call.parameters.get("CiphertextBlob")
    if operation == "ReEncrypt":
        source = question.text("SourceKeyId") or _key_of(question, blob)
        target = question.text("DestinationKeyId")
        return [
            _on_key(question, "kms:ReEncryptFrom", source),
            _on_key(question, "kms:ReEncryptTo", target),
        ]
    identifier = question.text("KeyId") or question.text("TargetKeyId")
    needs = []
    alias = question.text("AliasName")
    if alias:
        needs.append(Need(action=action, resource=question.arn("kms", alias)))
    if identifier or not alias:
        needs.append(_on_key(question, action, identifier or _key_of(question, blob)))
    return needs


def _key_of(question: Question, blob: object) -> str | None:
    """What was encrypted names its key."""
    if not isinstance(blob, bytes):
        return None
    return question.lookup.key_of_ciphertext(blob, question.call.region)


def _on_key(question: Question, action: str, identifier: str | None) -> Need:
    """The need of a key, with KMS's own condition keys: its developer guide, "Condition keys"."""
    if identifier is None:
        return Need(action=action, resource=NO_RESOURCE, context=_tagged(question))
    region = question.call.region
    arn = question.lookup.key_arn(identifier, region) or NO_RESOURCE
    context = {"kms:calleraccount": (question.lookup.account_id,), **_tagged(question)}
    aliases = question.lookup.key_aliases(identifier, region)
    if aliases:
        context["kms:resourcealiases"] = aliases
    if "alias/" in identifier:
        context["kms:requestalias"] = (f"alias/{identifier.partition('alias/')[2]}",)
    context |= resource_tags(question, "kms", arn) if arn != NO_RESOURCE else {}
    return Need(action=action, resource=arn, context={**context, **_cryptography(question)})


def _tagged(question: Question) -> dict[str, tuple[str, ...]]:
    tags = question.items("Tags")
    return request_tags({str(tag.get("TagKey")): str(tag.get("TagValue")) for tag in tags})


def _cryptography(question: Question) -> dict[str, tuple[str, ...]]:
    """The encryption context, and of a grant whom it is for and what it lets them do."""
    given = question.call.parameters.get("EncryptionContext")
    pairs = given if isinstance(given, dict) else {}
    context: dict[str, tuple[str, ...]] = {
        f"kms:encryptioncontext:{name.lower()}": (str(value),) for name, value in pairs.items()
    }
    if pairs:
        context["kms:encryptioncontextkeys"] = tuple(pairs)
    if question.call.operation == "CreateGrant":
        context["kms:grantisforawsresource"] = ("false",)  # a person's, not a service's
        context["kms:grantoperations"] = tuple(question.texts("Operations"))
        context["kms:granteeprincipal"] = tuple(question.texts("GranteePrincipal"))
    return context
