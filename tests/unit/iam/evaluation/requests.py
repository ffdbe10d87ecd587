"""Requests and policies, as short as tables of cases want them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spawn.iam.evaluation import CompiledPolicy, Decision, PolicySet, Request, decide
from spawn.iam.evaluation.reading import readable_policy

ACCOUNT = "111122223333"
OTHER_ACCOUNT = "444455556666"
USER = f"arn:aws:iam::{ACCOUNT}:user/carlos"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/worker"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/i-1"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
GET = "s3:GetObject"
OBJECT = "arn:aws:s3:::bucket/data/1"

ALLOW_ALL: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
DENY_ALL: dict[str, Any] = {**ALLOW_ALL, "Effect": "Deny"}


def policy(*statements: Mapping[str, Any], version: str = "2012-10-17") -> CompiledPolicy:
    """Return a policy of these statements."""
    return readable_policy({"Version": version, "Statement": list(statements)}, name="p")


def values(context: Mapping[str, str | list[str]]) -> dict[str, tuple[str, ...]]:
    """Return a context whose single values are texts."""
    return {
        key: (given,) if isinstance(given, str) else tuple(given) for key, given in context.items()
    }


def ask(
    *identity: CompiledPolicy, context: Mapping[str, str | list[str]] | None = None
) -> Decision:
    """Ask for one object, as a user with these identity policies."""
    request = Request(principal=USER, action=GET, resource=OBJECT, context=values(context or {}))
    return decide(request, PolicySet(identity=identity))
