"""Policies that resources carry: what they let services of AWS do."""

from __future__ import annotations

from collections.abc import Mapping

from spawn.local.control.authorize import RequestFacts, applies_to
from spawn.local.control.policies import UnreadablePolicy, parse_policy


def allows_service(
    text: str, service: str, action: str, *, resource: str, context: Mapping[str, tuple[str, ...]]
) -> bool:
    """Whether a resource's policy lets a service do an action on the resource."""
    try:
        policy = parse_policy("resource policy", text)
    except UnreadablePolicy:
        return False
    facts = RequestFacts(principal_arn="", action=action, resource=resource, context=context)
    return applies_to(policy, frozenset({("Service", service)}), facts)
