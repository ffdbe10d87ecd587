"""Route 53: hosted zones, the records in them, and taking some of them out.

Shapes follow the Route 53 API Reference.
"""

from __future__ import annotations

import msgspec

from spawn.aws.operation import Answer, Permission, read, write
from spawn.aws.questions import Question
from spawn.aws.shapes import Shape, many
from spawn.core.steps import Parameters

_ZONE = "arn:{partition}:route53:::hostedzone/*"
# API Reference, ListResourceRecordSets: records stand in the order of their names and are asked
# for from one on; 300 are a page. Those of one name are far fewer: a hundred of a type at most.
_ONE_PAGE = 300

# Service Authorization Reference: the list knows no resource.
LIST_HOSTED_ZONES_BY_NAME = read("route53", "ListHostedZonesByName")
GET_HOSTED_ZONE = read("route53", "GetHostedZone", Permission("route53:GetHostedZone", _ZONE))
LIST_RECORD_SETS = read(
    "route53", "ListResourceRecordSets", Permission("route53:ListResourceRecordSets", _ZONE)
)
CHANGE_RECORD_SETS = write(
    "route53", "ChangeResourceRecordSets", Permission("route53:ChangeResourceRecordSets", _ZONE)
)

OPERATIONS = (LIST_HOSTED_ZONES_BY_NAME, GET_HOSTED_ZONE, LIST_RECORD_SETS, CHANGE_RECORD_SETS)


class ZoneConfig(Shape, frozen=True, kw_only=True):
    """Whether a zone answers within its VPCs alone."""

    private_zone: bool = False


class HostedZone(Shape, frozen=True, kw_only=True):
    """A hosted zone, as AWS writes it: "/hostedzone/Z1", "example.com."."""

    id: str
    name: str
    config: ZoneConfig = ZoneConfig()

    @property
    def zone_id(self) -> str:
        """The id alone."""
        return self.id.rpartition("/")[2]

    @property
    def domain(self) -> str:
        """The name without its final dot."""
        return self.name.removesuffix(".").lower()

    @property
    def is_private(self) -> bool:
        """Whether only certain VPCs ask it."""
        return self.config.private_zone


class ResourceRecord(Shape, frozen=True, kw_only=True):
    """One value of a record set."""

    value: str


class RecordSet(Shape, frozen=True, kw_only=True):
    """A record set; of several with one name and type each has its `set_identifier`.

    `name` ends with a dot. `weight` and `ttl` (seconds) are None where it has none.
    """

    name: str
    type: str
    set_identifier: str = ""
    weight: int | None = None
    ttl: int | None = msgspec.field(name="TTL", default=None)
    resource_records: tuple[ResourceRecord, ...] = ()


def hosted_zone(answer: Answer) -> HostedZone:
    """Understand GetHostedZone."""
    return msgspec.convert(answer["HostedZone"], type=HostedZone, strict=False)


def hosted_zones(answer: Answer) -> tuple[HostedZone, ...]:
    """Understand ListHostedZonesByName."""
    return many(answer, "HostedZones", HostedZone)


def record_sets(answer: Answer) -> tuple[RecordSet, ...]:
    """Understand ListResourceRecordSets."""
    return many(answer, "ResourceRecordSets", RecordSet)


def zone_by_id_question(zone_id: str, *, region: str) -> Question[tuple[HostedZone, ...]]:
    """Ask for the zone of an id."""
    return Question(
        operation=GET_HOSTED_ZONE,
        parameters={"Id": zone_id},
        region=region,
        understand=lambda answer: (hosted_zone(answer),),
        absent_codes=("NoSuchHostedZone", "InvalidInput"),
    )


def zones_by_name_question(name: str, *, region: str) -> Question[tuple[HostedZone, ...]]:
    """Ask for the zones of a name: several may bear it, a public and private ones.

    The list begins with that name, so that its first page of a hundred is all that matters.
    """

    def understand(answer: Answer) -> tuple[HostedZone, ...]:
        return tuple(zone for zone in hosted_zones(answer) if zone.domain == name)

    return Question(
        operation=LIST_HOSTED_ZONES_BY_NAME,
        parameters={"DNSName": name},
        region=region,
        understand=understand,
        absent_codes=("InvalidDomainName",),
    )


def record_sets_question(
    zone_id: str, name: str, *, region: str
) -> Question[tuple[RecordSet, ...]]:
    """Ask for the records of one name, in lower case and without its last dot, in a hosted zone."""

    def understand(answer: Answer) -> tuple[RecordSet, ...]:
        found = record_sets(answer)
        return tuple(one for one in found if one.name.removesuffix(".").lower() == name)

    return Question(
        operation=LIST_RECORD_SETS,
        parameters={
            "HostedZoneId": zone_id,
            "StartRecordName": name,
            # A zone may hold ten thousand records: what follows the name is not read.
            "PaginationConfig": {"MaxItems": _ONE_PAGE},
        },
        region=region,
        understand=understand,
        absent_codes=("NoSuchHostedZone",),
    )


def deletion(record: RecordSet) -> Parameters:
    """Return the change that takes a record out: Route 53 wants all of it repeated."""
    whole = msgspec.to_builtins(record)
    return {
        "Action": "DELETE",
        "ResourceRecordSet": {key: value for key, value in whole.items() if value is not None},
    }
