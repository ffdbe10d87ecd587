"""What would let a denied call pass, and where nothing that one may add does."""

from __future__ import annotations

from fnmatch import fnmatchcase

import msgspec

from spawn.aws.operation import Permission
from spawn.aws.table import OPERATIONS
from spawn.core.denials import Denial
from spawn.core.errors import AccessDenied
from spawn.iam.documents import Statement, allow
from spawn.iam.permissions.policy import Scope, block_of, filled, met_by


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about a denial: add the statement, or, where there is none, what `why` says."""

    statement: Statement | None = None
    why: str = ""


def advice(error: AccessDenied) -> tuple[Advice, ...]:
    """Return what to do about each denial that the error tells of.

    Where AWS names no action, those of the operation are meant.
    """
    known = OPERATIONS.get(error.operation)
    permissions = () if known is None else known.permissions
    denials = error.denials or tuple(
        Denial(action=action) for action in dict.fromkeys(each.action for each in permissions)
    )
    return tuple(_advice(denial, permissions) for denial in denials)


def _advice(denial: Denial, permissions: tuple[Permission, ...]) -> Advice:
    if denial.can_be_allowed:
        return Advice(statement=_statement(denial, permissions))
    kind = denial.kind or "policy"
    if denial.is_explicit:
        return Advice(why=f"the {kind} denies {denial.action}: to allow it elsewhere won't help")
    return Advice(
        why=f"the {kind} leaves {denial.action} out: a statement elsewhere won't help, only there"
    )


def _statement(denial: Denial, permissions: tuple[Permission, ...]) -> Statement:
    """Return the statement that spawn declares for the action, where it fits what was denied.

    For the one thing that was denied alone it would help this time and not the next.
    """
    named = [each for each in permissions if each.action == denial.action]
    anywhere = Scope(partition="*", account="*", region="*")
    fitting = [
        each for each in named if fnmatchcase(denial.resource, filled(each.resource, anywhere))
    ]
    if denial.resource and not fitting:
        return allow((denial.action,), (denial.resource,))
    chosen = fitting or named
    scope = _scope(denial)
    if not chosen:
        return allow((denial.action,), ("*",))
    conditions = chosen[0].conditions
    resources = [filled(each.resource, scope) for each in chosen if each.conditions == conditions]
    return allow((denial.action,), dict.fromkeys(resources), block_of(met_by(chosen[0], scope)))


def _scope(denial: Denial) -> Scope:
    """Return where the denied call was made, as far as the ARNs in AWS's words tell."""
    _, partition, _, _, account, *_ = f"{denial.who or 'arn:*::::'}:::::".split(":")
    region = f"{denial.resource}:::".split(":")[3]
    return Scope(partition=partition, account=account or "*", region=region or "*")
