"""A change batch of Route 53: which record sets there are afterwards, or why there is no change.

Pure. All of a batch is done, or nothing; each change sees what those before it did. The refusals
are Route 53's, word for word as far as they are known.
Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from spawn.local.control.dns_names import is_within, normalized

RecordSet = Mapping[str, Any]  # in the API's words; Name normalised, with a final dot
Key = tuple[str, str, str | None]

ROUTINGS = ("Weight", "Region", "Failover", "GeoLocation", "MultiValueAnswer", "CidrRoutingConfig")


class Refused(Exception):
    """The batch can't be done; one message for each change that is wrong."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(", ".join(messages))
        self.messages = messages


class Unclear(Exception):
    """A change says neither values nor a target, or is no action at all."""


def key_of(records: RecordSet) -> Key:
    """What tells record sets of a zone apart."""
    return records["Name"], records["Type"], records.get("SetIdentifier")


def changed(
    zone: str, present: Iterable[RecordSet], changes: Iterable[Mapping[str, Any]]
) -> list[RecordSet]:
    """The record sets of a zone after a batch. Raises Refused, Unclear."""
    sets = {key_of(each): each for each in present}
    messages: list[str] = []
    touched: dict[Key, str] = {}
    for change in changes:
        action, asked = change["Action"], _cleaned(change["ResourceRecordSet"])
        _check_whole(action, asked)
        message = _repeated(action, asked, touched) or _refusal(zone, sets, action, asked)
        touched[key_of(asked)] = action
        if message is not None:
            messages.append(message)
        elif action == "DELETE":
            del sets[key_of(asked)]
        else:
            sets[key_of(asked)] = asked
    if messages:
        raise Refused(messages)
    return list(sets.values())


def _cleaned(asked: RecordSet) -> dict[str, Any]:
    given = {name: value for name, value in asked.items() if value is not None}
    return {**given, "Name": normalized(asked["Name"]) + "."}


def _check_whole(action: str, asked: RecordSet) -> None:
    if action not in {"CREATE", "DELETE", "UPSERT"}:
        raise Unclear(
            f"Invalid XML ; cvc-enumeration-valid: Value '{action}' is not facet-valid with "
            "respect to enumeration '[CREATE, DELETE, UPSERT]'. It must be a value from the "
            "enumeration."
        )
    identifier = asked.get("SetIdentifier")
    where = (
        f"in Change with [Action={action}, Name={asked['Name']}, Type={asked['Type']}, "
        f"SetIdentifier={'null' if identifier is None else identifier}]"
    )
    has_values = bool(asked.get("ResourceRecords")) and "TTL" in asked
    if has_values == ("AliasTarget" in asked):
        found = "more than one" if has_values else "none"
        raise Unclear(
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and "
            f"ResourceRecords], or TrafficPolicyInstanceId], but found {found} {where}"
        )
    if identifier is None and _routing(asked) is not None:
        raise Unclear(f"Invalid request: Missing field 'SetIdentifier' {where}")
    if identifier is not None and _routing(asked) is None:
        raise Unclear(
            f"Invalid request: Expected exactly one of [{', '.join(ROUTINGS)}], but found none "
            f"{where}"
        )


def _repeated(action: str, asked: RecordSet, touched: Mapping[Key, str]) -> str | None:
    """One set may be changed once, or be deleted and created anew."""
    before = touched.get(key_of(asked))
    if before is None or (before, action) == ("DELETE", "CREATE"):
        return None
    return (
        "The request contains an invalid set of changes for a resource record set "
        f"'{asked['Type']} {asked['Name']}'"
    )


def _refusal(zone: str, sets: Mapping[Key, RecordSet], action: str, asked: RecordSet) -> str | None:
    """Why a change can't be done to the sets as they are; None where it can."""
    name, kind, identifier = key_of(asked)
    if not is_within(name, zone):
        return f"RRSet with DNS name {name} is not permitted in zone {zone}"
    known = sets.get(key_of(asked))
    label = f"[name='{name}', type='{kind}'"
    label += f", set-identifier='{identifier}']" if identifier is not None else "]"
    if action == "DELETE":
        if known is None:
            return f"Tried to delete resource record set {label} but it was not found"
        if comparable(known) != comparable(asked):
            return (
                f"Tried to delete resource record set {label} but the values provided do not "
                "match the current values"
            )
        return None
    if action == "CREATE" and known is not None:
        return f"Tried to create resource record set {label} but it already exists"
    others = [each for each in sets.values() if key_of(each) != key_of(asked)]
    return _value_trouble(asked) or _conflict(asked, others, zone)


def comparable(records: RecordSet) -> dict[str, Any]:
    """All that a deletion must repeat; the order of values doesn't matter."""
    values = sorted(each["Value"] for each in records.get("ResourceRecords") or ())
    texts = {name: str(value) for name, value in records.items() if name != "ResourceRecords"}
    return {**texts, "Values": values}


def _value_trouble(asked: RecordSet) -> str | None:
    readers: dict[str, tuple[Callable[[str], object], str]] = {
        "A": (ipaddress.IPv4Address, "ARRDATAIllegalIPv4Address (Value is not a valid IPv4"),
        "AAAA": (ipaddress.IPv6Address, "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6"),
    }
    if asked["Type"] not in readers:
        return None
    read, words = readers[asked["Type"]]
    for value in (each["Value"] for each in asked.get("ResourceRecords") or ()):
        try:
            read(value)
        except ValueError:
            trouble = f"FATAL problem: {words} address) encountered with '{value}'"
            return f"Invalid Resource Record: '{trouble}'"
    return None


def _conflict(asked: RecordSet, others: Iterable[RecordSet], zone: str) -> str | None:
    """A set of one routing beside one of another, or a CNAME beside anything."""
    name, kind, identifier = key_of(asked)
    namesakes = [each for each in others if each["Name"] == name]
    siblings = [each for each in namesakes if each["Type"] == kind]
    what = f"RRSet with DNS name {name}, type {kind}"
    if siblings and identifier is None:
        return f"{what} cannot be created as other RRSets exist with the same name and type."
    if "Weight" in asked:
        what += f", SetIdentifier {identifier} cannot be created as"
        if any("Weight" not in each for each in siblings):
            return f"{what} a non-weighted set exists with the same name and type."
        if any(each.get("TTL") != asked.get("TTL") for each in siblings):
            return f"{what} weighted sets must contain the same TTL."
    elif any(_routing(each) != _routing(asked) for each in siblings):
        return f"{what} cannot be created as other RRSets exist with the same name and type."
    if any("CNAME" in {kind, each["Type"]} and each["Type"] != kind for each in namesakes):
        return (
            f"RRSet of type {kind} with DNS name {name} is not permitted as it conflicts with "
            f"other records with the same DNS name in zone {zone}"
        )
    return None


def _routing(records: RecordSet) -> str | None:
    return next((name for name in ROUTINGS if name in records), None)
