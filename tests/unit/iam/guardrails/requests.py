"""What people and programs ask, as an evaluator sees it."""

from __future__ import annotations

from collections.abc import Mapping

from spawn.iam.documents import PolicyDocument, allow
from spawn.iam.evaluation import (
    CompiledPolicy,
    Decision,
    PolicySet,
    Request,
    compile_policy,
    decide,
)
from spawn.iam.guardrails.catalog import named, written
from spawn.iam.guardrails.model import Caller, Wishes

ACCOUNT = "123456789012"
INSTANCE = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-0123456789abcdef0"
NEW_INSTANCE = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/*"
EVERYTHING = compile_policy(
    PolicyDocument(statements=(allow(("*",), ("*",)),)), name="AdministratorAccess"
)
WISHES = Wishes(
    account=ACCOUNT,
    regions=("eu-west-1", "eu-central-1"),
    image_owners=("amazon", "099720109477"),
    caller=Caller.USER,
    owners=("ana", "ben"),
    exempt=(f"arn:aws:iam::{ACCOUNT}:role/responder",),
)

# Condition keys, as a test writes them.
Keys = dict[str, str | tuple[str, ...]]


def policy(name: str, wishes: Wishes = WISHES) -> CompiledPolicy:
    """Return a guardrail's policy."""
    (row,) = named([name])
    return compile_policy(written(row, wishes).document, name=name)


def whoever(name: str, caller: Caller) -> tuple[str, str | None, dict[str, tuple[str, ...]]]:
    """Return how AWS tells a person of that name: ARN, role, and the keys that say who it is."""
    if caller is Caller.USER:
        arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
        keys: dict[str, tuple[str, ...]] = {"aws:username": (name,), "aws:userid": ("AIDAEXAMPLE",)}
        return arn, None, keys | {"aws:principalarn": (arn,)}
    role = f"arn:aws:iam::{ACCOUNT}:role/people"
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/people/{name}"
    return arn, role, {"aws:userid": (f"AROAEXAMPLE:{name}",), "aws:principalarn": (role,)}


def as_values(keys: Mapping[str, str | tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return each key with all its values."""
    return {key: (value,) if isinstance(value, str) else value for key, value in keys.items()}


def asks(
    action: str,
    resource: str = "*",
    context: Mapping[str, str | tuple[str, ...]] | None = None,
    *,
    name: str = "ana",
    caller: Caller = Caller.USER,
) -> Request:
    """Return what a person asks for."""
    arn, role, keys = whoever(name, caller)
    given = {
        key: (value,) if isinstance(value, str) else value for key, value in (context or {}).items()
    }
    return Request(
        principal=arn,
        action=action,
        resource=resource,
        context={
            "aws:requestedregion": ("eu-west-1",),
            "aws:principalaccount": (ACCOUNT,),
            **keys,
            **given,
        },
        role_arn=role,
        resource_account=ACCOUNT,
    )


def under_scp(request: Request, *names: str, wishes: Wishes = WISHES) -> Decision:
    """Judge what somebody asks who may do everything, under policies of the organisation."""
    level = (EVERYTHING, *(policy(name, wishes) for name in names))
    return decide(request, PolicySet(identity=(EVERYTHING,), scps=(level,)))


def tagged(owner: str | None, **others: str) -> Keys:
    """Return the keys of an instance's tags; no owner's for None."""
    tags = {key.replace("_", ":"): value for key, value in others.items()}
    tags |= {} if owner is None else {"owner": owner}
    both = ("aws:resourcetag", "ec2:resourcetag")
    return {f"{prefix}/{key}": value for prefix in both for key, value in tags.items()}
