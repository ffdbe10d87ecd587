"""Route 53: the records under one name of a zone, and taking some of them out.

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

LIST_RECORD_SETS = read(
    "route53", "ListResourceRecordSets", Permission("route53:ListResourceRecordSets", _ZONE)
)
CHANGE_RECORD_SETS = write(
    "route53", "ChangeResourceRecordSets", Permission("route53:ChangeResourceRecordSets", _ZONE)
)

OPERATIONS = (LIST_RECORD_SETS, CHANGE_RECORD_SETS)


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


def record_sets_question(zone_id: str, name: str, region: str) -> Question[tuple[RecordSet, ...]]:
    """Ask for the records of one name, without its last dot, in a hosted zone."""

    def understand(answer: Answer) -> tuple[RecordSet, ...]:
        found = many(answer, "ResourceRecordSets", RecordSet)
        return tuple(one for one in found if one.name == f"{name}.")

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
