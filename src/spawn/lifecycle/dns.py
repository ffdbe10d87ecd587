"""What instances leave behind in DNS: records that point to an address they no longer have.

Whoever gets the address next would be reached by the name. An instance takes its records out
itself when it ends; this is for those that could not. Tags say where its records are, and tags can
say anything: only records that bear the instance's own id as their identifier are touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from spawn.aws import route53
from spawn.aws.perform import Performer, Result
from spawn.aws.questions import Absent, Asker, Known, Unseen, as_far_as_seen
from spawn.core.ids import HOSTED_ZONE_ID, is_host_name
from spawn.core.steps import Stage, Step
from spawn.core.tags import Tag
from spawn.lifecycle.listed import ListedInstance

_TYPES = frozenset({"A", "AAAA"})


def dns_place(row: ListedInstance) -> tuple[str, str] | None:
    """Return zone and name of an instance's records, None where its tags name none."""
    zone, name = row.tags.get(Tag.DNS_ZONE, ""), row.tags.get(Tag.DNS_NAME, "")
    return (zone, name) if HOSTED_ZONE_ID.fullmatch(zone) and is_host_name(name) else None


def has_no_use_for_records(row: ListedInstance) -> bool:
    """Say whether an instance has lost its address: one that starts again makes them anew."""
    return row.is_mine and row.is_made_by_spawn and (row.has_ended or row.is_stopped)


def plan_record_removal(
    records: Iterable[route53.RecordSet], row: ListedInstance, *, zone_id: str
) -> Stage:
    """Return the step that takes an instance's own records out, none where it has none there."""
    own = [one for one in records if one.set_identifier == row.id and one.type in _TYPES]
    if not own:
        return ()
    named = ", ".join(f"{one.type} {one.name}" for one in own)
    return (
        Step(
            operation=route53.CHANGE_RECORD_SETS.key,
            region=row.region,
            parameters={
                "HostedZoneId": zone_id,
                "ChangeBatch": {"Changes": [route53.deletion(one) for one in own]},
            },
            sentence=f"take {row.id} out of DNS: {named}",
            # It has been taken out, or changed, since it was read: then by the instance itself.
            accepts=("InvalidChangeBatch",),
            optional=True,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Cleared:
    """What was taken out of DNS, a sentence each; and by the instance's id what could not be."""

    done: tuple[str, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)


def clear_records(asker: Asker, performer: Performer, rows: Iterable[ListedInstance]) -> Cleared:
    """Take the instances' records out; nothing is asked for those whose tags name none."""
    asked = [
        (row, zone, asker.ask(route53.record_sets_question(zone, name, region=row.region)))
        for row, (zone, name) in _places(rows)
    ]
    done: list[str] = []
    left: dict[str, str] = {}
    for row, zone, pending in asked:
        match as_far_as_seen(pending):
            case Known(value=records):
                stage = plan_record_removal(records, row, zone_id=zone)
                performance = performer.perform((stage,))
                for one in performance.performed:
                    if one.result is Result.DONE:
                        done.append(one.step.sentence)
                    elif one.refusal is not None:
                        left[row.id] = _left(row, one.refusal.why)
            case Unseen(why=why):
                left[row.id] = _left(row, why)
            case Absent():
                pass
    return Cleared(done=tuple(done), left=left)


def _places(rows: Iterable[ListedInstance]) -> Iterator[tuple[ListedInstance, tuple[str, str]]]:
    for row in rows:
        place = dns_place(row)
        if place is not None:
            yield row, place


def _left(row: ListedInstance, why: str) -> str:
    return f"its record may still be in DNS ({row.tags[Tag.DNS_NAME]}): {why}"
