"""From operations to a policy: permissions filled in, bounded, and put together.

What makes roles safe to hand out stands here, in two variants:

with-boundary   roles may be made, but only under the account's boundary, which can be neither
                changed nor taken off
pass-only       no role may be made: an administrator installs them (`spawn policy install`)

Sources: IAM user guide, "Permissions boundaries for IAM entities", "Delegating responsibility to
others using permissions boundaries"; Service Authorization Reference, IAM, condition keys.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from spawn.aws.iam import PATH
from spawn.aws.operation import TAGGED, TAGGING, Access, Condition, Operation, Permission
from spawn.iam.backstop_role import literal
from spawn.iam.documents import Effect, PolicyDocument, Statement, allow, size
from spawn.iam.managed import default_boundary_arn
from spawn.iam.quotas import MOST_MANAGED_CHARACTERS

# STS API Reference, GetCallerIdentity: "No permissions are required to perform this operation."
_FREE: Final = frozenset({"sts:GetCallerIdentity"})
# The actions by which a role comes to be, and to be more, that look at its boundary.
_BOUNDED: Final = frozenset(
    {
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:PutRolePolicy",
    }
)
_CHANGING_A_POLICY: Final = (
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:SetDefaultPolicyVersion",
)
_TAKING_OFF: Final = ("iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary")


class Variant(enum.StrEnum):
    """How roles come to be."""

    WITH_BOUNDARY = "with-boundary"
    PASS_ONLY = "pass-only"  # noqa: S105  no password


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Where a policy holds. `region` may be "*"; `owner` binds it to one owner's things."""

    partition: str
    account: str
    region: str
    owner: str = ""

    @property
    def boundary(self) -> str:
        """The ARN of the account's boundary for spawn's roles."""
        return default_boundary_arn(partition=self.partition, account=self.account)


class Grant(msgspec.Struct, frozen=True):
    """A permission filled in: what one statement, or a part of it, allows."""

    action: str
    resource: str
    conditions: tuple[Condition, ...]
    flag: str = ""


def grants(operation: Operation, variant: Variant, scope: Scope) -> tuple[Grant, ...]:
    """Return what an operation needs to be allowed; nothing where the variant has it not."""
    makes_roles = operation.service == "iam" and operation.access is Access.WRITE
    if operation.key in _FREE or (makes_roles and variant is Variant.PASS_ONLY):
        return ()
    return tuple(_grant(permission, scope) for permission in operation.permissions)


def _grant(permission: Permission, scope: Scope) -> Grant:
    conditions = [*met_by(permission, scope)]
    if permission.action in _BOUNDED:
        conditions.append(Condition("ArnEquals", "iam:PermissionsBoundary", scope.boundary))
    for always, key in ((TAGGED, "aws:ResourceTag/owner"), (TAGGING, "aws:RequestTag/owner")):
        if scope.owner and permission.conditions[:1] == always:
            conditions.append(Condition("StringEquals", key, literal(scope.owner)))
    resource = filled(permission.resource, scope)
    return Grant(permission.action, resource, tuple(conditions), permission.flag)


def filled(text: str, scope: Scope) -> str:
    """Fill in an ARN, or a condition's value; China's partition has a domain of its own."""
    return text.format(
        partition=scope.partition,
        account=scope.account,
        region=scope.region,
        domain="amazonaws.com.cn" if scope.partition == "aws-cn" else "amazonaws.com",
    )


def policy(operations: Iterable[Operation], variant: Variant, scope: Scope) -> PolicyDocument:
    """Return the policy under which all these operations can be called."""
    found = [each for one in operations for each in grants(one, variant, scope)]
    statements = [*_statements(found)]
    if any(grant.action in _BOUNDED for grant in found):
        statements += _guards(scope)
    return PolicyDocument(statements=tuple(statements))


def _statements(found: list[Grant]) -> Iterator[Statement]:
    """Put together what is allowed on the same things, then what allows the same."""
    actions: dict[tuple[tuple[Condition, ...], str], set[str]] = {}
    for grant in found:
        actions.setdefault((grant.conditions, grant.resource), set()).add(grant.action)
    resources: dict[tuple[tuple[Condition, ...], tuple[str, ...]], list[str]] = {}
    for (conditions, resource), names in actions.items():
        resources.setdefault((conditions, tuple(sorted(names))), []).append(resource)
    for (conditions, together), where in sorted(resources.items(), key=lambda each: each[0][1]):
        yield allow(together, sorted(where), block_of(conditions))


def met_by(permission: Permission, scope: Scope) -> tuple[Condition, ...]:
    """Return the conditions that each call of spawn's meets, filled in."""
    return tuple(
        msgspec.structs.replace(each, value=filled(each.value, scope))
        for each in permission.conditions
    )


def block_of(conditions: Iterable[Condition]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the conditions as a statement has them."""
    block: dict[str, dict[str, tuple[str, ...]]] = {}
    for each in conditions:
        block.setdefault(each.operator, {})[each.key] = (each.value,)
    return block


def _guards(scope: Scope) -> tuple[Statement, ...]:
    """Return what keeps a boundary in its place, whatever else its holder may be allowed."""
    roles = f"arn:{scope.partition}:iam::{scope.account}:role{PATH}*"
    return (
        Statement(
            effect=Effect.DENY,
            sid="TheBoundaryStays",
            actions=_CHANGING_A_POLICY,
            resources=(scope.boundary,),
        ),
        Statement(
            effect=Effect.DENY, sid="RolesStayBounded", actions=_TAKING_OFF, resources=(roles,)
        ),
    )


def parts(document: PolicyDocument) -> tuple[PolicyDocument, ...]:
    """Return the document in as few as IAM takes as managed policies, statements in their order."""
    found: list[tuple[Statement, ...]] = [()]
    for statement in document.statements:
        grown = (*found[-1], statement)
        if found[-1] and size(PolicyDocument(statements=grown)) > MOST_MANAGED_CHARACTERS:
            found.append((statement,))
        else:
            found[-1] = grown
    return tuple(PolicyDocument(statements=each) for each in found)
