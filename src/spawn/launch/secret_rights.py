"""What a role needs for an instance's secrets: to read exactly these, and to decrypt no more. Pure.

A secret's ARN is whole where the caller may look at it. Where not, it ends in the six characters
that Secrets Manager adds and nobody else knows; a secret with a longer name is not meant by that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from spawn.aws import kms
from spawn.aws.questions import Known
from spawn.aws.sts import Identity
from spawn.iam.documents import Statement, allow
from spawn.iam.scopes import via_service
from spawn.launch.secret_facts import SecretFacts, key_name, of_service
from spawn.launch.spec import LaunchSpec
from spawn.posture.model import KeyManager
from spawn.secrets.references import SecretReference, SecretService

_ACTIONS = {
    SecretService.SECRETS_MANAGER: "secretsmanager:GetSecretValue",
    SecretService.SSM: "ssm:GetParameter",
}
_DECRYPT = "kms:Decrypt"
# Secrets Manager user guide, "Secret encryption and decryption", and Systems Manager user guide,
# "How AWS KMS protects SecureString parameters": what each call to KMS says of what it is for.
_CONTEXTS = {
    SecretService.SECRETS_MANAGER: "kms:EncryptionContext:SecretARN",
    SecretService.SSM: "kms:EncryptionContext:PARAMETER_ARN",
}
_SUFFIX = "-??????"
# Secrets Manager user guide, "What's in a secret": so ends a whole ARN.
_WHOLE = re.compile(r".+-[A-Za-z0-9]{6}", re.ASCII)


def secret_statements(
    spec: LaunchSpec, caller: Identity, facts: SecretFacts | None
) -> Iterator[Statement]:
    """Yield what reads the secrets: a statement a service, and one a customer key.

    AWS's own keys need none: their policies let in whoever comes by the service.
    """
    if facts is None:
        return
    for service in SecretService:
        found = of_service(spec.secrets, service)
        if not found:
            continue
        arns = tuple(dict.fromkeys(secret_arn(one, spec, caller, facts) for one in found))
        yield allow((_ACTIONS[service],), arns)
        yield from _decrypting(spec, caller, facts, found)


def reads_secrets(statement: Statement) -> bool:
    """Say whether a statement is one of these, and of no duty of the agent's."""
    return {_DECRYPT, *_ACTIONS.values()}.issuperset(statement.actions)


def _decrypting(
    spec: LaunchSpec, caller: Identity, facts: SecretFacts, found: Iterable[SecretReference]
) -> Iterator[Statement]:
    by_key: dict[str, list[SecretReference]] = {}
    for one in found:
        key = _key_arn(one, spec, caller, facts)
        if key:
            by_key.setdefault(key, []).append(one)
    for key, ones in by_key.items():
        service = ones[0].service
        arns = tuple(dict.fromkeys(secret_arn(one, spec, caller, facts) for one in ones))
        via = via_service(service, region=spec.region, partition=caller.partition)
        exact = {"kms:ViaService": via}
        context = {_CONTEXTS[service]: arns}
        is_open = any("?" in arn for arn in arns)
        conditions = (
            {"StringEquals": exact, "StringLike": context}
            if is_open
            else {"StringEquals": {**exact, **context}}
        )
        yield allow((_DECRYPT,), (key,), conditions)


def secret_arn(one: SecretReference, spec: LaunchSpec, caller: Identity, facts: SecretFacts) -> str:
    """Return the ARN of what is read, as a pattern where its end is not known."""
    home = f"arn:{caller.partition}:{one.service}:{spec.region}:{caller.account}"
    if one.service is SecretService.SSM:
        return f"{home}:parameter/{one.parameter_name.removeprefix('/')}"
    fact = facts.secrets[one.id]
    if isinstance(fact, Known):
        return fact.value.arn
    if one.arn is None:
        return f"{home}:secret:{one.id}{_SUFFIX}"
    return one.id if _WHOLE.fullmatch(one.id) else f"{one.id}{_SUFFIX}"


def _key_arn(one: SecretReference, spec: LaunchSpec, caller: Identity, facts: SecretFacts) -> str:
    """Return the customer key that decrypts it, "" for none, any of the account if not known.

    IAM user guide, "Resource": an alias names no key there. What key it may be, the condition
    on what is decrypted holds to this one secret.
    """
    name = key_name(one, facts)
    if name == "":
        return ""
    match facts.keys.get(name or ""):
        case Known(value=kms.Key(key_manager=KeyManager.AWS.value)):
            return ""
        case Known(value=key):
            return key.arn
    if name is not None and name.startswith("arn:") and ":key/" in name:
        return name
    account = caller.account if one.arn is None else one.arn.account
    key_id = "*" if name is None or "alias/" in name else name
    return f"arn:{caller.partition}:kms:{spec.region}:{account}:key/{key_id}"
