"""Who signed: access keys to principals, and principals to the policies that bear on them."""

from __future__ import annotations

import dataclasses
import functools
import hmac
from datetime import UTC, datetime
from typing import Any

from spawn.iam.evaluation import (
    CompiledPolicy,
    PolicyDocument,
    PolicySet,
    compile_policy,
    readable_policy,
)
from spawn.local.control import account

_NOTHING = PolicyDocument(statements=())
_EVERYTHING = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
# Of the account's administrator, where more than its own policies must be asked.
ADMINISTRATION = PolicySet(identity=(readable_policy(_EVERYTHING, name="administration"),))


Levels = tuple[tuple[CompiledPolicy, ...], ...]  # of service control policies


@dataclasses.dataclass(frozen=True, kw_only=True)
class Credentials:
    """An access key as the account knows it. `token` and `expiration` are a session's."""

    access_key_id: str
    secret: str
    token: str | None = None
    expiration: datetime | None = None

    def __repr__(self) -> str:
        return f"Credentials({self.access_key_id}, secret=****)"

    def accepts_token(self, token: str | None) -> bool:
        """Whether this is the session's own token, or there is none on both sides."""
        if self.token is None or token is None:
            return self.token is token
        return hmac.compare_digest(self.token.encode(), token.encode())


@dataclasses.dataclass(frozen=True, kw_only=True)
class SourceInstance:
    """The instance whose role's credentials were vended, as condition keys tell of it.

    Source: IAM user guide, "AWS global condition context keys"; EC2 user guide, "IAM roles".
    """

    instance_id: str
    arn: str  # ec2:SourceInstanceARN
    vpc_id: str  # aws:Ec2InstanceSourceVpc
    private_ip: str  # aws:Ec2InstanceSourcePrivateIPv4


@dataclasses.dataclass(frozen=True, kw_only=True)
class Principal:
    """Who a call is made by. `policies` is None for the account's administrator: all is allowed."""

    arn: str
    user_id: str  # aws:userid
    kind: str  # aws:PrincipalType
    credentials: Credentials
    policies: PolicySet | None
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    username: str | None = None  # aws:username, IAM users only
    issued_at: datetime | None = None  # aws:TokenIssueTime, sessions only
    source: SourceInstance | None = None  # sessions that metadata vended only
    role_arn: str | None = None  # sessions only
    invoked_by: str | None = None  # the service that acts with the role: "scheduler.amazonaws.com"

    @property
    def is_admin(self) -> bool:
        return self.policies is None


def administrator(credentials: Credentials) -> Principal:
    """The cloud's owner: an IAM user whom no policy restrains."""
    return Principal(
        arn=f"arn:{account.PARTITION}:iam::{account.ACCOUNT_ID}:user/admin",
        user_id="AIDACLOUDADMINISTRATR",
        kind="User",
        credentials=credentials,
        policies=None,
        username="admin",
    )


def find_principal(access_key_id: str) -> Principal | None:
    """The IAM user or role session of an access key; None when nobody's, or inactive."""
    session = account.sts().get_assumed_role_from_access_key(access_key_id)
    if session is not None:
        return _session_principal(session)
    for user in account.iam().users.values():
        for key in user.access_keys:
            if key.access_key_id == access_key_id and key.status == "Active":
                return _user_principal(user, key)
    return None


def _user_principal(user: Any, key: Any) -> Principal:
    return Principal(
        arn=user.arn,
        user_id=user.id,
        kind="User",
        credentials=Credentials(access_key_id=key.access_key_id, secret=key.secret_access_key),
        policies=_user_policies(user),
        tags=_iam_tags(account.iam().tagger.get_tag_dict_for_resource(user.arn)),
        username=user.name,
    )


def _session_principal(session: Any) -> Principal:
    role = find_role(session.role_arn)
    expiration = session.expiration.replace(tzinfo=UTC)
    return Principal(
        arn=session.arn,
        user_id=session.user_id,
        kind="AssumedRole",
        credentials=Credentials(
            access_key_id=session.access_key_id,
            secret=session.secret_access_key,
            token=session.session_token,
            expiration=expiration,
        ),
        policies=role_policies(role, session.policy),
        role_arn=session.role_arn,
        tags=_role_tags(role) | getattr(session, "tags", {}),
        issued_at=session.access_key.create_date.replace(tzinfo=UTC),
        # Anybody may call a session like an instance: what the name says proves nothing.
        source=getattr(session, "source", None),
        invoked_by=getattr(session, "invoked_by", None),
    )


def _role_tags(role: Any | None) -> dict[str, str]:
    return {} if role is None else {tag["Key"]: tag["Value"] for tag in role.tags}


def find_role(arn: str) -> Any | None:
    """The role of an ARN, path and all; None where there is none."""
    return next((role for role in account.iam().roles.values() if role.arn == arn), None)


def role_policies(role: Any | None, session_policy: str | None) -> PolicySet:
    """What bears on a session of the role. A role that is gone allows nothing."""
    if role is None:
        return PolicySet(identity=())
    return PolicySet(
        identity=_attached(role),
        boundary=_boundary(role.permissions_boundary_arn),
        session=compiled("session policy", str(session_policy)) if session_policy else None,
    )


def holder_policies(arn: str) -> PolicySet | None:
    """What bears on a user, group or role by itself; None where there is no such."""
    role = find_role(arn)
    if role is not None:
        return role_policies(role, None)
    user = next((each for each in account.iam().users.values() if each.arn == arn), None)
    if user is not None:
        return _user_policies(user)
    group = next((each for each in account.iam().groups.values() if each.arn == arn), None)
    return PolicySet(identity=_attached(group)) if group is not None else None


def _user_policies(user: Any) -> PolicySet:
    groups = account.iam().get_groups_for_user(user.name)
    from_groups = tuple(policy for group in groups for policy in _attached(group))
    return PolicySet(
        identity=_attached(user) + from_groups,
        boundary=_boundary(getattr(user, "permissions_boundary_arn", None)),
    )


def _attached(holder: Any) -> tuple[CompiledPolicy, ...]:
    """Inline and managed policies of a user, group or role."""
    inline = [compiled(name, str(document)) for name, document in holder.policies.items()]
    managed = [compiled(p.arn, _default_document(p)) for p in holder.managed_policies.values()]
    return tuple(inline + managed)


def _boundary(arn: str | None) -> CompiledPolicy | None:
    """A boundary whose policy is gone leaves nothing allowed."""
    if not arn:
        return None
    policy = account.iam().managed_policies.get(arn)
    return compiled(arn, _default_document(policy)) if policy else _silent(arn)


def _default_document(policy: Any) -> str:
    return str(next(v.document for v in policy.versions if v.is_default))


@functools.lru_cache(maxsize=1024)
def compiled(name: str, document: str) -> CompiledPolicy:
    """The policy of a text, compiled once. What can't be read allows nothing.

    IAM refuses such a document when it is put; moto lets some through.
    """
    try:
        return readable_policy(document, name=name)
    except ValueError:
        return _silent(name)


def _silent(name: str) -> CompiledPolicy:
    return compile_policy(_NOTHING, name=name)


def _iam_tags(tags: dict[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in tags.items()}
