"""Which events a trail takes: its regions, and its basic or advanced selectors.

Sources: CloudTrail API reference, EventSelector, AdvancedEventSelector, AdvancedFieldSelector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from spawn.local.control.trail import categories
from spawn.local.control.trail.categories import Category
from spawn.local.control.trail.record import Recorded

# A trail without selectors takes all management events.
DEFAULT_SELECTORS: tuple[Mapping[str, Any], ...] = (
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    },
)


def takes(trail: Any, recorded: Recorded) -> bool:
    """Whether the trail (moto's) delivers the event."""
    is_of_here = trail.is_multi_region or trail.region_name == recorded.region
    if categories.is_global(recorded.call) and not trail.include_global_service_events:
        return False
    if not is_of_here:
        return False
    if trail.advanced_event_selectors:
        return any(_is_chosen(recorded, each) for each in trail.advanced_event_selectors)
    return any(_is_selected(recorded, each) for each in trail.event_selectors or DEFAULT_SELECTORS)


def _is_selected(recorded: Recorded, selector: Mapping[str, Any]) -> bool:
    kind = selector.get("ReadWriteType") or "All"
    wanted = {"ReadOnly": True, "WriteOnly": False}.get(kind, recorded.is_read_only)
    if recorded.is_read_only is not wanted:
        return False
    if recorded.category is Category.MANAGEMENT:
        excluded = selector.get("ExcludeManagementEventSources") or []
        return selector.get("IncludeManagementEvents", True) and recorded.source not in excluded
    return any(_is_about(recorded, each) for each in selector.get("DataResources") or [])


def _is_about(recorded: Recorded, wanted: Mapping[str, Any]) -> bool:
    """A data resource names prefixes of ARNs: "arn:aws:s3" means every bucket."""
    prefixes = tuple(str(value) for value in wanted.get("Values") or ())
    return any(arn.startswith(prefixes) for kind, arn in _arns(recorded) if kind == wanted["Type"])


def _arns(recorded: Recorded) -> list[tuple[str, str]]:
    return [
        (resource["type"], resource.get("ARN") or resource.get("ARNPrefix", ""))
        for resource in recorded.resources
    ]


_TESTS: dict[str, Callable[[str, Sequence[str]], bool]] = {
    "Equals": lambda value, wanted: value in wanted,
    "NotEquals": lambda value, wanted: value not in wanted,
    "StartsWith": lambda value, wanted: value.startswith(tuple(wanted)),
    "NotStartsWith": lambda value, wanted: not value.startswith(tuple(wanted)),
    "EndsWith": lambda value, wanted: value.endswith(tuple(wanted)),
    "NotEndsWith": lambda value, wanted: not value.endswith(tuple(wanted)),
}


def _is_chosen(recorded: Recorded, selector: Mapping[str, Any]) -> bool:
    fields = selector.get("FieldSelectors") or []
    about = _arns(recorded) or [("", "")]
    return any(all(_holds(recorded, pair, field) for field in fields) for pair in about)


def _holds(recorded: Recorded, about: tuple[str, str], field: Mapping[str, Any]) -> bool:
    values = {
        "eventCategory": recorded.category.value,
        "eventName": recorded.name,
        "eventSource": recorded.source,
        "eventType": "AwsApiCall",
        "readOnly": "true" if recorded.is_read_only else "false",
        "resources.type": about[0],
        "resources.ARN": about[1],
        "userIdentity.arn": str(recorded.caller.element.get("arn", "")),
    }
    value = values.get(str(field.get("Field")))
    if value is None:
        return False
    return all(
        test(value, [str(each) for each in field[name]])
        for name, test in _TESTS.items()
        if field.get(name)
    )
