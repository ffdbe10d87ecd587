"""Policies that resources carry: of buckets, queues, secrets, keys, repositories, and roles' trust.

Source: IAM user guide, "AWS services that work with IAM": which services' resources have policies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from spawn.iam.evaluation import CompiledPolicy, PolicySet, Request, decide
from spawn.local.control import account
from spawn.local.control.lookups import find_key
from spawn.local.control.principals import compiled, find_role

SERVICES = frozenset({"ecr", "kms", "s3", "secretsmanager", "sqs", "sts"})

# What a stranger who wants others' data lets everybody do with a bucket (`buckets.make_foreign`).
_OPEN = (
    '{"Statement":{"Effect":"Allow","Principal":"*","Resource":"*","Action":["s3:GetObject",'
    '"s3:PutObject","s3:ListBucket","s3:GetBucketLocation","s3:AbortMultipartUpload"]}}'
)


def policy_of(action: str, resource: str, region: str) -> CompiledPolicy | None:
    """The policy that a resource carries, for the action that is asked; None where it has none."""
    find = _POLICIES.get(action.partition(":")[0]) if action != "s3:CreateBucket" else None
    text = find(resource, region) if find is not None else None
    return compiled("resource-based policy", text) if text else None


def _of_bucket(arn: str, _region: str) -> str | None:
    name = arn.rpartition(":")[2].partition("/")[0]
    if account.bucket_owner(name) == account.STRANGER_ID:
        return _OPEN
    return account.bucket_policy(name)


def _of_queue(arn: str, region: str) -> str | None:
    queue: Any = account.sqs(region).queues.get(arn.rpartition(":")[2])
    return queue.policy if queue is not None else None


def _of_secret(arn: str, region: str) -> str | None:
    secrets: Any = account.secrets(region).secrets.values()
    return next((secret.policy for secret in secrets if secret.arn == arn), None)


def _of_key(arn: str, region: str) -> str | None:
    key = find_key(arn, region) if ":key/" in arn else None
    return str(key.policy) if key is not None else None


def _of_repository(arn: str, region: str) -> str | None:
    repository = account.ecr(region).repositories.get(arn.partition(":repository/")[2])
    return repository.policy if repository is not None else None


def _trust(arn: str, _region: str) -> str | None:
    role = find_role(arn)
    return str(role.assume_role_policy_document) if role is not None else None


_POLICIES: dict[str, Callable[[str, str], str | None]] = {
    "ecr": _of_repository,
    "kms": _of_key,
    "s3": _of_bucket,
    "secretsmanager": _of_secret,
    "sqs": _of_queue,
    "sts": _trust,
}


def allows_service(
    text: str, service: str, action: str, *, resource: str, context: Mapping[str, tuple[str, ...]]
) -> bool:
    """Whether a resource's policy lets a service do an action on the resource."""
    asked = Request(principal=service, action=action, resource=resource, context=context)
    return decide(asked, PolicySet(resource=compiled("resource-based policy", text))).is_allowed


def is_granted(action: str, arn: str, region: str, *, grantees: set[str]) -> bool:
    """Whether a grant on a key lets one of `grantees`, ARNs of principals, do this.

    KMS developer guide, "Grants in AWS KMS".
    """
    key = find_key(arn, region) if action.startswith("kms:") and ":key/" in arn else None
    if key is None:
        return False
    operation = action.partition(":")[2]
    return any(
        grant.grantee_principal in grantees and operation in grant.operations
        for grant in key.grants.values()
    )
