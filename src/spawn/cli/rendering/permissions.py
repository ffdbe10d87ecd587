"""What a person needs, in words."""

from __future__ import annotations

from collections.abc import Iterable

from spawn.aws.table import operation
from spawn.cli.rendering.tables import Cell, table
from spawn.iam.documents import PolicyDocument, size
from spawn.iam.permissions.commands import NEEDS
from spawn.iam.permissions.policy import Scope, Variant, grants, parts
from spawn.iam.quotas import MOST_MANAGED_CHARACTERS

_FAILS = "it fails"


def needs_table(
    commands: Iterable[str], variant: Variant, scope: Scope, *, columns: int | None
) -> str:
    """Return a row for each action of each command: on what, and what is missing without it."""
    rows = [
        (Cell(command), Cell(grant.action), Cell(grant.resource), Cell(without))
        for command in commands
        for need in NEEDS[command]
        for grant in grants(operation(need.operation), variant, scope)
        for without in [_without(need.without, grant.flag)]
    ]
    headings = ("COMMAND", "ACTION", "ON", "WITHOUT IT")
    return table(headings, tuple(dict.fromkeys(rows)), columns=columns, colour=False)


def _without(loss: str, flag: str) -> str:
    return f"{flag} fails" if flag else loss or _FAILS


def notes(whole: PolicyDocument, variant: Variant, scope: Scope, *, is_part: bool) -> str:
    """Say what the policy rests on, and how to hand it to IAM where it is too long for one."""
    lines = []
    match variant:
        case Variant.WITH_BOUNDARY if not _makes_roles(whole):
            pass
        case Variant.WITH_BOUNDARY:
            lines.append(f"roles are made only under {scope.boundary}: the account must have it")
        case Variant.PASS_ONLY:
            lines.append("no role is made: an administrator does, with `spawn policy install`")
    if not scope.owner:
        lines.append("it holds for the spawn instances of all owners; --owner NAME binds it to one")
    count = len(parts(whole))
    if count > 1 and not is_part:
        lines.append(
            f"with {size(whole)} characters it is too long for a managed policy"
            f" ({MOST_MANAGED_CHARACTERS}): take --part 1 to --part {count}"
        )
    return "\n".join(lines)


def _makes_roles(document: PolicyDocument) -> bool:
    return any("iam:CreateRole" in each.actions for each in document.statements)
