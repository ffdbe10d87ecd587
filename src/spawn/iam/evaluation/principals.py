"""By which names a policy can mean who asks, and how directly.

Sources, of the IAM user guide: "AWS JSON policy elements: Principal" and "… NotPrincipal", and the
table of resource-based policies in "How AWS enforcement code logic evaluates requests".
"""

from __future__ import annotations

import enum
import functools
import re
from typing import NamedTuple

from spawn.iam.arns import Arn, parse_arn
from spawn.iam.documents import Principals

Name = tuple[str, str]  # ("AWS", an ARN), ("Service", "ec2.amazonaws.com") …

_EVERYONE = frozenset({("AWS", "*"), ("*", "*")})
_SERVICE_LINKED = "aws-service-role/"  # the path of service-linked roles
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


class Grant(enum.IntEnum):
    """How directly a resource's policy gives to who asks. A greater one gives more.

    To the account is to delegate: the account's own policies must give it too. To a role is as an
    identity policy: boundary and session policy limit it. Nothing but a Deny limits what is given
    to the user, to the session, to everyone.
    """

    NONE = 0
    ACCOUNT = 1
    ROLE = 2
    DIRECT = 3


class Requester(NamedTuple):
    """Who asks; `account` is "" for services, strangers and where nobody is named."""

    account: str
    itself: frozenset[Name]
    direct: frozenset[Name]
    role: frozenset[Name]
    of_account: frozenset[Name]
    is_root: bool = False
    is_entity: bool = False  # an IAM user or role, which can have a boundary
    is_federated_user: bool = False
    is_outside: bool = False  # a service, an identity provider: in no account
    is_service_linked: bool = False

    def is_named_itself(self, names: frozenset[Name]) -> bool:
        """Say whether the very one who asks is among the names: the session, not its role."""
        return not names.isdisjoint(self.itself)

    def grant_to(self, names: frozenset[Name]) -> Grant:
        """Return how directly the names of a Principal mean who asks."""
        if not (names.isdisjoint(self.direct) and names.isdisjoint(_EVERYONE)):
            return Grant.DIRECT
        if not names.isdisjoint(self.role):
            return Grant.ROLE
        return Grant.NONE if names.isdisjoint(self.of_account) else Grant.ACCOUNT


def names_of(principals: Principals) -> frozenset[Name]:
    """Return the names that a Principal or NotPrincipal holds."""
    return frozenset((kind, who) for kind, each in principals.items() for who in each)


@functools.lru_cache(maxsize=4096)
def requester(principal: str, role_arn: str | None) -> Requester:
    """Return who a principal is. `role_arn` is its role's, where it is a session.

    Without that, a session's role is taken for one without a path: the session doesn't say.
    """
    if _ACCOUNT.fullmatch(principal):
        principal = f"arn:aws:iam::{principal}:root"
    try:
        arn = parse_arn(principal)
    except ValueError:
        return _stranger(principal)
    kind, _, rest = arn.resource.partition("/")
    match arn.service, kind:
        case "iam", "root":
            return _of_account(arn, frozenset(), is_root=True)
        case "iam", "user":
            return _of_account(arn, frozenset(), is_entity=True)
        case "iam", "role":
            return _session(arn, str(arn), is_linked=rest.startswith(_SERVICE_LINKED))
        case "sts", "assumed-role":
            path = role_arn.partition(":role/")[2] if role_arn else ""
            role = role_arn or _role_without_path(arn, rest)
            return _session(arn, role, is_linked=path.startswith(_SERVICE_LINKED))
        case "sts", "federated-user":
            user = frozenset({("AWS", role_arn)}) if role_arn else frozenset[Name]()
            return _of_account(arn, user, is_federated_user=True)
        case _:
            return _stranger(principal)


def _stranger(principal: str) -> Requester:
    """A service, an identity provider, a canonical user; or nobody."""
    kinds = ("AWS", "Service", "Federated", "CanonicalUser")
    names = frozenset((kind, principal) for kind in kinds) if principal else frozenset[Name]()
    is_service = principal.endswith((".amazonaws.com", ".amazonaws.com.cn"))
    everyone = frozenset({("Service", "*")}) if is_service else frozenset[Name]()
    return Requester(
        account="",
        itself=names,
        direct=names | everyone,
        role=frozenset(),
        of_account=frozenset(),
        is_outside=bool(principal),
    )


def _of_account(arn: Arn, role: frozenset[Name], **facts: bool) -> Requester:
    root = f"arn:{arn.partition}:iam::{arn.account}:root"
    account = frozenset({("AWS", root), ("AWS", arn.account)})
    own = frozenset({("AWS", str(arn))})
    is_root = facts.get("is_root", False)
    return Requester(
        account=arn.account,
        itself=own,
        direct=account if is_root else own,
        role=role,
        of_account=account,
        **facts,
    )


def _session(arn: Arn, role_arn: str, *, is_linked: bool) -> Requester:
    role = frozenset({("AWS", role_arn)})
    found = _of_account(arn, role, is_entity=True, is_service_linked=is_linked)
    # Asked for a role instead of a session of it, what is given to the role is no more direct.
    return found._replace(direct=frozenset()) if str(arn) == role_arn else found


def _role_without_path(arn: Arn, rest: str) -> str:
    return f"arn:{arn.partition}:iam::{arn.account}:role/{rest.partition('/')[0]}"
