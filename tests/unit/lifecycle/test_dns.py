"""Records of instances that lost their address: those, and nobody else's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import botocore.session
import pytest
from botocore.validate import validate_parameters

from spawn.aws.perform import Performer
from spawn.aws.questions import Asker
from spawn.aws.route53 import RecordSet, ResourceRecord
from spawn.core.errors import AccessDenied, AwsRefusal
from spawn.core.steps import Parameters
from spawn.lifecycle.dns import (
    Cleared,
    clear_records,
    dns_place,
    has_no_use_for_records,
    plan_record_removal,
)
from tests.unit.lifecycle.builders import ID, OTHER_ID, row
from tests.unit.lifecycle.clouds import Account, Reply, StandingClock

ZONE, NAME = "Z0123456789ABC", "box.example.com"
TAGS = {"spawn:dns-zone": ZONE, "spawn:dns-name": NAME}


def record(
    owner: str = ID, *, kind: str = "A", value: str = "203.0.113.9", name: str = f"{NAME}."
) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": kind,
        "SetIdentifier": owner,
        "Weight": 1,
        "TTL": 60,
        "ResourceRecords": [{"Value": value}],
    }


def cleared(
    *records: dict[str, Any], change: Reply | None = None, **of_row: Any
) -> tuple[Cleared, Account]:
    def reply(key: str, parameters: Parameters, region: str) -> Reply:
        if key == "route53:ListResourceRecordSets":
            return {"ResourceRecordSets": list(records)}
        return change or {}

    account = Account(reply)
    performer = Performer(writer=account, clock=StandingClock())
    of_row = {"tags": TAGS, "state": "terminated"} | of_row
    with ThreadPoolExecutor(2) as pool:
        return clear_records(Asker(account, pool), performer, [row(**of_row)]), account


def test_its_own_records_go_as_they_stand() -> None:
    """Both addresses of the instance go in one change, repeated whole, as Route 53 wants it."""
    own = record(), record(kind="AAAA", value="2001:db8::9")
    found, account = cleared(*own)
    (change,) = account.called("route53:ChangeResourceRecordSets")
    assert change == {
        "HostedZoneId": ZONE,
        "ChangeBatch": {"Changes": [{"Action": "DELETE", "ResourceRecordSet": one} for one in own]},
    }
    assert "A box.example.com., AAAA box.example.com." in found.done[0]
    assert found.left == {}


@pytest.mark.parametrize(
    "other",
    [
        record(OTHER_ID),
        record("") | {"Weight": None},
        record(kind="TXT"),
        record(kind="CNAME"),
        record(name="web.example.com."),
        record(name="example.com."),
    ],
    ids=str,
)
def test_nobody_elses_records_are_touched(other: dict[str, Any]) -> None:
    """Another instance's record, one without an identifier, and other names and types stay."""
    given = {key: value for key, value in other.items() if value not in (None, "")}
    found, account = cleared(given)
    assert (found.done, account.called("route53:ChangeResourceRecordSets")) == ((), [])
    _, account = cleared(given, record())
    (change,) = account.called("route53:ChangeResourceRecordSets")
    assert len(change["ChangeBatch"]["Changes"]) == 1


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("", NAME),
        (ZONE, ""),
        ("../Z1", NAME),
        (ZONE, "box"),
        (ZONE, "BOX.example.com"),
        (ZONE, "box.example.com."),
        (ZONE, "*.example.com"),
        (ZONE, "a b.example.com"),
        (ZONE, "x" * 64 + ".example.com"),
    ],
)
def test_tags_that_name_no_place_lead_nowhere(zone: str, name: str) -> None:
    """A tag may hold anything: only a zone's id and a plain name are asked for."""
    tags = {"spawn:dns-zone": zone, "spawn:dns-name": name}
    assert dns_place(row(tags=tags)) is None
    assert cleared(tags=tags)[1].calls == []


@pytest.mark.parametrize(
    ("of_row", "expected"),
    [
        ({"state": "terminated"}, True),
        ({"state": "shutting-down"}, True),
        ({"state": "stopped"}, True),
        ({"state": "running"}, False),
        ({"state": "pending"}, False),
        ({"state": "terminated", "owner": "bob"}, False),
        ({"state": "terminated", "ClientToken": "not-of-spawn"}, False),
    ],
)
def test_only_ones_own_that_lost_their_address_are_cleared(
    of_row: dict[str, Any], expected: bool
) -> None:
    """What runs keeps its name, and what is another's is theirs to clear."""
    assert has_no_use_for_records(row(tags=TAGS, **of_row)) is expected


def test_one_that_went_by_itself_is_as_wanted() -> None:
    """The instance takes its records out itself when it can: to find them gone is no failure."""
    found, _ = cleared(record(), change=AwsRefusal("no", code="InvalidChangeBatch"))
    assert (found.done, found.left) == ((), {})


def test_what_stays_is_said() -> None:
    """A denial leaves the record there, and the person is told which."""
    found, _ = cleared(record(), change=AccessDenied("no", why="needs route53:Change"))
    assert f"may still be in DNS ({NAME}): needs route53:Change" in found.left[ID]


def test_a_big_zone_is_not_read_to_its_end() -> None:
    """Records are asked for from the name on, and no further than one page."""
    _, account = cleared()
    (asked,) = account.called("route53:ListResourceRecordSets")
    assert (asked["HostedZoneId"], asked["StartRecordName"]) == (ZONE, NAME)
    assert asked["PaginationConfig"] == {"MaxItems": 300}


def test_the_change_is_one_that_botocore_sends() -> None:
    """The step's parameters are valid for the operation, to the last member."""
    found = RecordSet(
        name=f"{NAME}.",
        type="A",
        set_identifier=ID,
        weight=1,
        ttl=60,
        resource_records=(ResourceRecord(value="203.0.113.9"),),
    )
    (step,) = plan_record_removal([found], row(tags=TAGS), zone_id=ZONE)
    model = botocore.session.Session().get_service_model("route53")
    shape = model.operation_model("ChangeResourceRecordSets").input_shape
    validate_parameters(step.parameters, shape)
