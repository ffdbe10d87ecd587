"""What would let a denied call pass, and where nothing that one may add does."""

from __future__ import annotations

import msgspec

from spawn.aws.operation import Permission
from spawn.aws.table import OPERATIONS
from spawn.core.denials import Denial
from spawn.core.errors import AccessDenied
from spawn.iam.documents import Statement, allow


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
        resources = (denial.resource,) if denial.resource else _resources(denial, permissions)
        return Advice(statement=allow((denial.action,), resources))
    kind = denial.kind or "policy"
    if denial.is_explicit:
        return Advice(why=f"a {kind} denies {denial.action}: a statement that allows it won't help")
    return Advice(
        why=f"the {kind} leaves {denial.action} out: a statement elsewhere won't help, only there"
    )


def _resources(denial: Denial, permissions: tuple[Permission, ...]) -> tuple[str, ...]:
    """Return what the action is used on as far as it is known: AWS did not name it."""
    blanks = {"partition": "*", "account": "*", "region": "*", "domain": "*"}
    found = [each.resource for each in permissions if each.action == denial.action]
    return tuple(dict.fromkeys(each.format(**blanks) for each in found)) or ("*",)
