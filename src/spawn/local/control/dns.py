"""Route 53's hosted zones and their records, where moto does otherwise than AWS.

moto lets a deletion pass that repeats nothing of the record, deletes by the set identifier alone,
applies a batch up to the change that fails, and finds zones by their whole name only.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from moto.route53.models import RecordSet as MotoRecordSet

from spawn.local.control import account
from spawn.local.control.dns_names import normalized, order_of
from spawn.local.control.duty import Duty
from spawn.local.control.messages import AwsError
from spawn.local.control.records import RecordSet, Refused, Unclear, changed

RECORDS_PAGE, ZONES_PAGE = 300, 100  # API reference: the most there is on a page
LONGEST_BATCH = 1000  # values; those of an UPSERT count twice ("Quotas", Route 53 guide)
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def _new_id(letter: str) -> str:
    return letter + "".join(secrets.choice(_ALPHABET) for _ in range(20))


def _zone(duty: Duty) -> Any:
    asked = str(duty.call.parameters.get("HostedZoneId")).rsplit("/", 1)[-1]
    zone = account.route53().zones.get(asked)
    if zone is None:
        raise AwsError("NoSuchHostedZone", f"No hosted zone found with ID: {asked}", status=404)
    return zone


def _change_info(duty: Duty) -> dict[str, Any]:
    identifier = _new_id("C")
    duty.memory.dns_changes[identifier] = duty.now
    return {"Id": f"/change/{identifier}", "Status": "PENDING", "SubmittedAt": duty.now}


def create_hosted_zone(duty: Duty) -> dict[str, Any]:
    """A zone whose id begins with Z; a caller reference makes one only. Raises AwsError."""
    backend, parameters = account.route53(), duty.call.parameters
    reference = parameters.get("CallerReference")
    if any(zone.caller_reference == reference for zone in backend.zones.values()):
        raise AwsError(
            "HostedZoneAlreadyExists",
            "A hosted zone has already been created with the specified caller reference.",
            status=409,
        )
    config, vpc = parameters.get("HostedZoneConfig") or {}, parameters.get("VPC") or {}
    zone = backend.create_hosted_zone(
        f"{normalized(parameters['Name'])}.",
        private_zone=bool(vpc),
        caller_reference=reference,
        vpcid=vpc.get("VPCId"),
        vpcregion=vpc.get("VPCRegion"),
        comment=config.get("Comment"),
        delegation_set_id=parameters.get("DelegationSetId"),
    )
    del backend.zones[zone.resource_id]
    zone.resource_id = _new_id("Z")
    backend.zones[zone.resource_id] = zone
    return {
        "HostedZone": zone,
        "ChangeInfo": _change_info(duty),
        "Location": f"https://route53.amazonaws.com/2013-04-01{zone.id}",
        **({"VPC": vpc} if vpc else {"DelegationSet": zone.delegation_set}),
    }


def change_record_sets(duty: Duty) -> dict[str, Any]:
    """All of the batch, or none of it. Raises AwsError."""
    zone = _zone(duty)
    batch = duty.call.parameters.get("ChangeBatch") or {}
    changes = batch.get("Changes") or []
    _check_length(changes)
    try:
        records = changed(zone.name, [_shown(each) for each in zone.rrsets], changes)
    except Refused as error:
        words = f"[{', '.join(error.messages)}]"
        raise AwsError("InvalidChangeBatch", words) from error
    except Unclear as error:
        raise AwsError("InvalidInput", str(error)) from error
    zone.rrsets = [_kept(each) for each in records]
    comment = {"Comment": batch["Comment"]} if batch.get("Comment") else {}
    return {"ChangeInfo": {**_change_info(duty), **comment}}


def _check_length(changes: Sequence[dict[str, Any]]) -> None:
    values = sum(
        len(change["ResourceRecordSet"].get("ResourceRecords") or ())
        * (2 if change["Action"] == "UPSERT" else 1)
        for change in changes
    )
    if values > LONGEST_BATCH:
        raise AwsError(
            "InvalidChangeBatch", f"[Number of records limit of {LONGEST_BATCH} exceeded.]"
        )


_MEMBERS = {
    "SetIdentifier": "set_identifier",
    "Weight": "weight",
    "Region": "region",
    "Failover": "failover",
    "GeoLocation": "geo_location",
    "MultiValueAnswer": "multi_value_answer",
    "HealthCheckId": "health_check_id",
    "AliasTarget": "alias_target",
}


def _kept(records: RecordSet) -> Any:
    """A record set as moto keeps it: of its values only the texts."""
    values = [each["Value"] for each in records.get("ResourceRecords") or ()]
    return MotoRecordSet({**records, "ResourceRecords": values})  # type: ignore[abstract]


def _shown(kept: Any) -> dict[str, Any]:
    """A record set of moto's in the API's words."""
    shown = {name: getattr(kept, member) for name, member in _MEMBERS.items()}
    shown["Name"], shown["Type"] = f"{normalized(kept.name)}.", kept.type
    if kept.records:
        # Of the first SOA record moto keeps the whole structure.
        texts = [each["Value"] if isinstance(each, dict) else each for each in kept.records]
        shown["ResourceRecords"] = [{"Value": text} for text in texts]
        shown["TTL"] = int(kept.ttl)
    return {name: value for name, value in shown.items() if value is not None}


def list_record_sets(duty: Duty) -> dict[str, Any]:
    """One page, by name from the last label on, then type, then set identifier.

    Raises AwsError.
    """
    parameters = duty.call.parameters
    start = [parameters.get(f"StartRecord{what}") for what in ("Name", "Type", "Identifier")]
    if any(later and not earlier for earlier, later in pairwise(start)):
        raise AwsError("InvalidInput", "The input is not valid")
    size = min(int(parameters.get("MaxItems") or RECORDS_PAGE), RECORDS_PAGE)
    found = sorted((_shown(each) for each in _zone(duty).rrsets), key=_place)
    if start[0]:
        first = (order_of(start[0]), start[1] or "", start[2] or "")
        found = [each for each in found if _place(each) >= first]
    answer = {
        "ResourceRecordSets": found[:size],
        "IsTruncated": len(found) > size,
        "MaxItems": str(size),
    }
    if len(found) > size:
        following = found[size]
        answer |= {f"NextRecord{what}": following[what] for what in ("Name", "Type")}
        answer["NextRecordIdentifier"] = following.get("SetIdentifier")
    return answer


def _place(records: RecordSet) -> tuple[tuple[str, ...], str, str]:
    return order_of(records["Name"]), records["Type"], records.get("SetIdentifier") or ""


def list_zones_by_name(duty: Duty) -> dict[str, Any]:
    """One page, from the first zone on whose name is not before the one that is asked for.

    What is asked for need not be there: the first zone that is answered may be another.
    """
    parameters = duty.call.parameters
    name, identifier = parameters.get("DNSName"), parameters.get("HostedZoneId")
    size = min(int(parameters.get("MaxItems") or ZONES_PAGE), ZONES_PAGE)
    zones = sorted(account.route53().zones.values(), key=_zone_place)
    if name:
        first = (order_of(name), (identifier or "").rsplit("/", 1)[-1])
        zones = [zone for zone in zones if _zone_place(zone) >= first]
    answer = {
        "HostedZones": zones[:size],
        "DNSName": name,
        "HostedZoneId": identifier,
        "IsTruncated": len(zones) > size,
        "MaxItems": str(size),
    }
    if len(zones) > size:
        answer |= {"NextDNSName": zones[size].name, "NextHostedZoneId": zones[size].resource_id}
    return answer


def _zone_place(zone: Any) -> tuple[tuple[str, ...], str]:
    return order_of(zone.name), str(zone.resource_id)


def get_change(duty: Duty) -> dict[str, Any]:
    """Every change has reached all of the name servers by the time that somebody asks."""
    identifier = str(duty.call.parameters.get("Id")).rsplit("/", 1)[-1]
    submitted = duty.memory.dns_changes.get(identifier)
    if submitted is None:
        raise AwsError("NoSuchChange", f"Could not find resource with ID: {identifier}", status=404)
    info = {"Id": f"/change/{identifier}", "Status": "INSYNC", "SubmittedAt": submitted}
    return {"ChangeInfo": info}
