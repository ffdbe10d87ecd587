"""Whether EC2 may use a customer key on behalf of whoever launches: pure.

EC2 acts with the launcher's own permissions (Amazon EBS User Guide, "Requirements for Amazon EBS
encryption"): it describes the key, makes a data key for the volume, reads those of snapshots, and
leaves itself a grant to attach the volume with. Each of these the key's policy must allow, or
leave to the account, whose policies for the caller must then allow it; a grant will do as well.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spawn.aws.kms import KeyGrant
from spawn.iam.documents import PolicyDocument, allow
from spawn.iam.evaluation import (
    CompiledPolicy,
    Outcome,
    PolicySet,
    Request,
    compile_policy,
    decide,
)
from spawn.iam.scopes import via_service
from spawn.launch.doctor.data.model import JsonObject

CREATE_GRANT = "kms:CreateGrant"
# The names of ReEncrypt* for the snapshot's key and for the volume's.
NEEDED = (
    "kms:DescribeKey",
    "kms:Decrypt",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    CREATE_GRANT,
)
USE_SID, GRANT_SID = "SpawnUseForDisks", "SpawnGrantForDisks"


class By(enum.StrEnum):
    """What lets an action through, or does not."""

    KEY = "the key's policy"
    GRANT = "a grant"
    ACCOUNT = "the account's policies"
    DENIED = "a statement that denies it"
    NOBODY = "nothing"


@dataclass(frozen=True, kw_only=True)
class KeyUser:
    """Who launches. `role_arn` is the role's, path and all, for a session; else None."""

    arn: str
    account: str
    region: str
    role_arn: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """The principals that a grant can be for."""
        return frozenset(filter(None, (self.arn, self.role_arn)))

    @property
    def holder(self) -> str:
        """Who is named in a policy: the role of a session, else the user."""
        return self.role_arn or self.arn


def context_of(user: KeyUser, action: str) -> Mapping[str, tuple[str, ...]]:
    """Return the condition keys of EC2's calls (KMS Developer Guide, "Condition keys")."""
    partition = user.arn.split(":")[1]
    keys = {
        "kms:ViaService": via_service("ec2", region=user.region, partition=partition),
        "kms:CallerAccount": (user.account,),
    }
    return {**keys, "kms:GrantIsForAWSResource": ("true",)} if action == CREATE_GRANT else keys


def allowed_by(
    policy: PolicyDocument, grants: Iterable[KeyGrant], user: KeyUser, *, key_arn: str
) -> dict[str, By]:
    """Return, for each action that EC2 needs, what lets it through as far as the key decides."""
    compiled = compile_policy(policy, name="key policy")
    granted = {
        f"kms:{operation}"
        for grant in grants
        if grant.grantee_principal in user.names and not grant.constraints
        for operation in grant.operations
    }
    return {
        action: _by(
            Request(
                principal=user.arn,
                role_arn=user.role_arn,
                action=action,
                resource=key_arn,
                context=context_of(user, action),
            ),
            compiled,
            is_granted=action in granted,
        )
        for action in NEEDED
    }


_EVERYTHING = compile_policy(PolicyDocument(statements=(allow(("kms:*",), ("*",)),)), name="all")


def _by(request: Request, policy: CompiledPolicy, *, is_granted: bool) -> By:
    outcome = decide(request, PolicySet(resource=policy)).outcome
    if outcome is Outcome.EXPLICIT_DENY:
        return By.DENIED
    if outcome is Outcome.ALLOWED:
        return By.KEY
    if is_granted:
        return By.GRANT
    # With all that an identity policy could give: what is missing then is the key's to give.
    left = decide(request, PolicySet(resource=policy, identity=(_EVERYTHING,)))
    return By.ACCOUNT if left.is_allowed else By.NOBODY


def key_statements(user: KeyUser) -> list[JsonObject]:
    """Return the statements of a key's policy that let EC2 use it for whoever launches."""
    common = {"Effect": "Allow", "Principal": {"AWS": user.holder}, "Resource": "*"}
    using = [action for action in NEEDED if action != CREATE_GRANT]
    return [
        {"Sid": USE_SID, **common, "Action": using},
        {"Sid": GRANT_SID, **common, "Action": CREATE_GRANT, "Condition": _FOR_AWS},
    ]


_FOR_AWS = {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def identity_policy(key_arn: str) -> JsonObject:
    """Return the policy of a user or role that lets EC2 use a key which leaves that to it."""
    using = [action for action in NEEDED if action != CREATE_GRANT]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": using, "Resource": key_arn},
            {
                "Effect": "Allow",
                "Action": CREATE_GRANT,
                "Resource": key_arn,
                "Condition": _FOR_AWS,
            },
        ],
    }
