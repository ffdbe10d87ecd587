"""Which role may be handed to which service: a permission without an operation of its own.

IAM user guide, "Granting a user permissions to pass a role to an AWS service". Whoever may pass a
role may use what it allows, so it is bound to spawn's own roles, and to the services that get them.
"""

from __future__ import annotations

from spawn.aws.operation import Condition, Permission

_ROLES = "arn:{partition}:iam::{account}:role/spawn/spawn-*"
_BACKSTOP_ROLES = "arn:{partition}:iam::{account}:role/spawn/spawn-backstop-*"


def _only_to(service: str) -> tuple[Condition, ...]:
    return (Condition("StringEquals", "iam:PassedToService", service),)


PASS_TO_INSTANCE = Permission("iam:PassRole", _ROLES, _only_to("ec2.{domain}"))
PASS_TO_SCHEDULER = Permission("iam:PassRole", _BACKSTOP_ROLES, _only_to("scheduler.amazonaws.com"))
