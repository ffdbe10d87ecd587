"""How long policies may be, counted as AWS counts: without whitespace between values.

Sources: those of `spawn.iam.quotas`; the quotas of S3, KMS, Lambda and Secrets Manager for the
policies of their resources.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from spawn.iam.lint.finding import Spot
from spawn.iam.lint.view import Policy, PolicyKind
from spawn.iam.quotas import (
    MOST_INLINE_CHARACTERS,
    MOST_MANAGED_CHARACTERS,
    MOST_SCP_CHARACTERS,
    MOST_SESSION_CHARACTERS,
    MOST_TRUST_CHARACTERS,
)

# AWS's own managed policies have up to 95,000; beyond, statements are not judged.
MOST_EXAMINED_CHARACTERS: Final = 128 * 1024

_MOST: Mapping[PolicyKind, int] = {
    PolicyKind.IDENTITY: MOST_INLINE_CHARACTERS,
    PolicyKind.BOUNDARY: MOST_MANAGED_CHARACTERS,
    PolicyKind.TRUST: MOST_TRUST_CHARACTERS,
    PolicyKind.SCP: MOST_SCP_CHARACTERS,
    PolicyKind.SESSION: MOST_SESSION_CHARACTERS,
}
_MOST_OF_SERVICE = {"s3": 20_480, "lambda": 20_480, "secretsmanager": 20_480, "kms": 32_768}


def size_spots(policy: Policy, kind: PolicyKind) -> Iterator[Spot]:
    """Find a policy that is longer than AWS takes."""
    characters = policy.characters
    most = _most(policy, kind)
    if most is not None and characters > most:
        words = f"the policy has {characters:,} characters, and AWS takes {most:,} of this kind"
        yield Spot(rule="too-long", at=policy.at, message=words)
    elif kind is PolicyKind.IDENTITY and characters > MOST_MANAGED_CHARACTERS:
        most = MOST_MANAGED_CHARACTERS
        words = f"the policy has {characters:,} characters, and a managed one at most {most:,}"
        yield Spot(rule="too-long-for-managed", at=policy.at, message=words)


def _most(policy: Policy, kind: PolicyKind) -> int | None:
    if kind is not PolicyKind.RESOURCE:
        return _MOST[kind]
    actions = (action.value for statement in policy.statements for action in statement.actions)
    services = {action.partition(":")[0].lower() for action in actions}
    return _MOST_OF_SERVICE.get(services.pop()) if len(services) == 1 else None
