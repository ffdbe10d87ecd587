"""Route 53: hosted zones and changes, whose ARNs name neither region nor account.

Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html
"""

from __future__ import annotations

from collections.abc import Iterable

from spawn.local.control.dns_names import normalized
from spawn.local.control.needs.model import NO_RESOURCE, Need, Question, resource_types

# Resource type -> the parameters that name one.
_PARAMETERS = {"change": ("Id",), "hostedzone": ("HostedZoneId", "Id"), "healthcheck": ()}


def needs(question: Question) -> list[Need]:
    """The need of a call; what it would do to records is in its condition keys."""
    operation = question.call.operation
    context = _changes(question) if operation == "ChangeResourceRecordSets" else {}
    resource = _resource(question, resource_types("route53", operation))
    return [Need(action=f"route53:{operation}", resource=resource, context=context)]


def _resource(question: Question, types: Iterable[str]) -> str:
    kind, identifier = question.text("ResourceType"), question.text("ResourceId")
    for candidate in types:
        for parameter in _PARAMETERS.get(candidate, ()):
            if identifier is None and (found := question.text(parameter)) is not None:
                kind, identifier = candidate, found
    if kind is None or identifier is None:
        return NO_RESOURCE
    bare = identifier.rsplit("/", 1)[-1]  # "/hostedzone/Z1" means Z1
    return f"arn:{question.lookup.partition}:route53:::{kind}/{bare}"


def _changes(question: Question) -> dict[str, tuple[str, ...]]:
    """The keys have a value for each change: conditions on them need ForAllValues."""
    batch = question.call.parameters.get("ChangeBatch")
    changes = batch.get("Changes") if isinstance(batch, dict) else None
    names, types, actions = [], [], []
    for change in changes or []:
        records = change.get("ResourceRecordSet") or {}
        names.append(normalized(str(records.get("Name", ""))))
        types.append(str(records.get("Type", "")))
        actions.append(str(change.get("Action", "")))
    prefix = "route53:changeresourcerecordsets"
    return {
        f"{prefix}normalizedrecordnames": tuple(names),
        f"{prefix}recordtypes": tuple(types),
        f"{prefix}actions": tuple(actions),
    }
