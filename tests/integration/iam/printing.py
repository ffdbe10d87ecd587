"""The policies that `spawn permissions` prints, whole and with something taken out."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from spawn.aws.table import operation
from spawn.iam.documents import PolicyDocument
from spawn.iam.permissions.commands import needs_of
from spawn.iam.permissions.policy import Scope, Variant, parts, policy
from tests.integration.launch.account import ACCOUNT, REGION


def printed(
    *commands: str, variant: Variant = Variant.WITH_BOUNDARY, owner: str = ""
) -> tuple[PolicyDocument, ...]:
    """Return the policies that `spawn permissions` prints, part by part."""
    scope = Scope(partition="aws", account=ACCOUNT, region=REGION, owner=owner)
    operations = [operation(need.operation) for need in needs_of(commands)]
    return parts(policy(operations, variant, scope))


def without(documents: Iterable[PolicyDocument], *actions: str) -> tuple[PolicyDocument, ...]:
    """Return the policies with these actions taken out of all that they allow."""
    return tuple(
        PolicyDocument(
            statements=tuple(
                msgspec.structs.replace(each, actions=left)
                for each in document.statements
                if (left := tuple(one for one in each.actions if one not in actions))
            )
        )
        for document in documents
    )
