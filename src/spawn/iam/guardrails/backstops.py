"""Who may pass which backstop's role to the Scheduler: each their own, and nobody another's.

Such a role ends what one owner launched. IAM does not reliably judge by a role's tags who may pass
it (IAM user guide, "Grant a user permissions to pass a role to an AWS service"), and its name is a
digest of the owner, which no policy variable holds. So the people are named.
"""

from __future__ import annotations

from typing import Final

from spawn.iam.backstop_role import wanted_backstop_role
from spawn.iam.documents import Effect, PolicyDocument, Statement
from spawn.iam.guardrails.model import Wishes
from spawn.iam.guardrails.statements import deny
from spawn.iam.guardrails.whose import none_of, this_person
from spawn.iam.managed import default_boundary_arn

_PASS: Final = ("iam:PassRole",)
_TO_SCHEDULER: Final = {"iam:PassedToService": ("scheduler.amazonaws.com",)}


def backstops(wishes: Wishes) -> PolicyDocument:
    """Return the policy of the named people; whoever else has it passes no role there."""
    each = (_only_their_own(wishes, owner) for owner in wishes.owners)
    others = none_of(wishes.owners, wishes.who)
    nobody = deny("Others", _PASS, conditions={**others, "StringEquals": _TO_SCHEDULER})
    return PolicyDocument(statements=(nobody, *each))


def _only_their_own(wishes: Wishes, owner: str) -> Statement:
    operator, keys = this_person(owner, wishes.who)
    own = {"StringEquals": _TO_SCHEDULER}
    return Statement(
        effect=Effect.DENY,
        actions=_PASS,
        not_resources=_arns(wishes, owner),
        conditions={**own, operator: {**own.get(operator, {}), **keys}},
    )


def _arns(wishes: Wishes, owner: str) -> tuple[str, ...]:
    """Return an owner's role as it is with the account's boundary, and as it is without."""
    place = {"partition": wishes.partition, "account": wishes.account}
    boundaries = (default_boundary_arn(**place), None)
    roles = (wanted_backstop_role(owner, **place, boundary=one) for one in boundaries)
    return tuple(role.arn(**place) for role in roles)
