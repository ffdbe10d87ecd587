"""`spawn extend`: an end date moved, in the tag that the agent reads and the schedules behind it.

1. The new date: so long from the present one, or from now where that has passed; or a date given.
2. A later one is held to what a launch is held to: 30 days, and the organisation's `ttl`.
3. Later: the schedules first, then the tag; earlier: the tag first. A failure in between so never
   ends an instance before either date.
4. The agent takes an earlier date with 15 minutes' notice, and so do the schedules.
"""

from __future__ import annotations

import shlex
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from spawn.aws.door import Reader
from spawn.aws.ec2_changes import CREATE_TAGS
from spawn.aws.questions import Asker, Fact
from spawn.aws.ssm import Parameter
from spawn.aws.sts import Identity
from spawn.core.durations import format_duration
from spawn.core.endings import End, gone_at
from spawn.core.errors import InputError, RefusedByControl
from spawn.core.instants import format_instant
from spawn.core.levels import Level
from spawn.core.steps import Stage, Step
from spawn.core.tags import Tag
from spawn.lifecycle.backstop import NOTICE, Arming, Behind, plan_rearming, require_seen
from spawn.lifecycle.backstop_facts import ask_arming, ask_behind
from spawn.lifecycle.listed import ListedInstance
from spawn.lifecycle.status import level_of
from spawn.posture.controls.control import Outcome
from spawn.posture.controls.ending import LONGEST_LIFE
from spawn.posture.levels import Reaction, reaction
from spawn.prices.cost import cost, parse_hourly_tag
from spawn.settings.organisation import (
    DEFAULT_PARAMETER,
    check_floor,
    organisation_of,
    organisation_question,
    stated,
)

CONTROL = "END-WITHIN-30-DAYS"
TTL = "ttl"
_SIDE_BY_SIDE = 16


@dataclass(frozen=True, kw_only=True)
class ExtendRequest:
    """What is asked for: so much longer, or until then; exactly one of the two.

    `parameter` is the name of the one that holds the organisation's defaults.
    """

    row: ListedInstance
    caller: Identity
    longer: timedelta | None = None
    until: datetime | None = None
    parameter: str = DEFAULT_PARAMETER


@dataclass(frozen=True, kw_only=True)
class ExtendFacts:
    """What it is decided from, besides what was asked."""

    behind: Behind
    organisation: Fact[Parameter]
    arming: Arming


class ExtendPlan(msgspec.Struct, frozen=True, kw_only=True):
    """An end date to be moved.

    before  None where there is none that can be read
    usd     what the time in between costs if it runs, None where its price is not known
    notes   what the person should know
    """

    account: str
    instance: ListedInstance
    before: datetime | None
    until: datetime
    usd: Decimal | None
    stages: tuple[Stage, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_earlier(self) -> bool:
        """Whether the end comes nearer."""
        return self.before is not None and self.until < self.before

    @property
    def tags_after(self) -> dict[str, str]:
        """The instance's tags as they are going to be."""
        return self.instance.tags | {Tag.EXPIRES_AT.value: format_instant(self.until)}


def propose(request: ExtendRequest, reader: Reader, *, now: datetime) -> ExtendPlan:
    """Look at what stands behind the instance, and return the plan.

    Raises what `new_end` and `plan_extend` raise, and AccessDenied for what must be seen.
    """
    row, caller = request.row, request.caller
    ends_at = new_end(request, now=now)
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        asker = Asker(reader, pool)
        organisation = asker.ask(organisation_question(request.parameter, row.region))
        behind = ask_behind(asker, (row,), caller=caller)()[row.id]
        arming = ask_arming(asker, ((row, behind, ends_at),), caller=caller, now=now)
        facts = ExtendFacts(behind=behind, organisation=organisation(), arming=arming)
    return plan_extend(request, facts, now=now)


def new_end(request: ExtendRequest, *, now: datetime) -> datetime:
    """Return the new end date.

    Raises InputError for an instance that has ended, that no launch of spawn's made, and for a date
    that has passed; RefusedByControl for one that is held.
    """
    row = request.row
    _require_extendable(row)
    if request.until is not None:
        until = request.until.replace(microsecond=0)
    else:
        base = row.expires_at if row.expires_at and row.expires_at > now else now
        until = base.replace(microsecond=0) + (request.longer or timedelta())
    if until <= now:
        raise InputError(
            f"--until {format_instant(until)} has passed",
            why="an end date lies ahead",
            next_command=f"spawn cancel {row.id}",
        )
    return until


def _require_extendable(row: ListedInstance) -> None:
    if row.has_ended:
        raise InputError(f"{row.id} is {row.state}", next_command="spawn list")
    if row.hold is not None:
        raise RefusedByControl(
            f"{row.id} is held as evidence, so its end date stays",
            why=row.hold and f"the case is {row.hold}; release the hold first",
            next_command=f"spawn status {row.id}",
        )
    if not row.is_made_by_spawn:
        raise InputError(
            f"no launch of spawn's made {row.id}, whatever its tags say",
            why="an end date would have it ended that was never meant to end",
            next_command=f"spawn status {row.id}",
        )


def plan_extend(request: ExtendRequest, facts: ExtendFacts, *, now: datetime) -> ExtendPlan:
    """Return the plan, by the steps above. Raises RefusedByControl, AccessDenied, AccountError."""
    row, ends_at = request.row, new_end(request, now=now)
    is_earlier = row.expires_at is not None and ends_at < row.expires_at
    unseen = ""
    if not is_earlier:
        _hold_to_30_days(row, ends_at, now=now)
        unseen = _hold_to_floor(request, facts, ends_at, now=now)
    require_seen(facts.behind)
    schedules = plan_rearming(row, facts.behind, ends_at=ends_at, arming=facts.arming)
    tag = (_tag_step(row, ends_at),) if row.expires_at != ends_at else ()
    moved = (tag, schedules) if is_earlier else (schedules, tag)
    return ExtendPlan(
        account=request.caller.account,
        instance=row,
        before=row.expires_at,
        until=ends_at,
        usd=_cost(row, ends_at, now=now),
        stages=tuple(stage for stage in (*facts.arming.stages, *moved) if stage),
        notes=(*_notes(row, ends_at, is_earlier=is_earlier, now=now), *filter(None, (unseen,))),
    )


def _hold_to_30_days(row: ListedInstance, ends_at: datetime, *, now: datetime) -> None:
    level = level_of(row)
    refuses = reaction(CONTROL, Outcome.FAIL, level) in {
        Reaction.REFUSE,
        Reaction.REFUSE_WITHOUT_WAIVER,
    }
    if refuses and ends_at - now > LONGEST_LIFE:
        latest = format_instant(now + LONGEST_LIFE)
        raise RefusedByControl(
            f"{CONTROL} refuses it at --security {level}",
            why=f"{format_instant(ends_at)} is {format_duration(ends_at - now)} away, and"
            f" {format_duration(LONGEST_LIFE)} are the most",
            next_command=shlex.join(("spawn", "extend", row.id, "--until", latest)),
            controls=(CONTROL,),
        )


def _hold_to_floor(
    request: ExtendRequest, facts: ExtendFacts, ends_at: datetime, *, now: datetime
) -> str:
    """Raise RefusedByControl for a date beyond the organisation's `ttl`, counted from now.

    Raises AccountError for an organisation's parameter that can't be understood. Returns what is
    to be said where it can't be seen.
    """
    organisation = organisation_of(facts.organisation, name=request.parameter)
    left = format_duration(ends_at - now)
    place = f"until {format_instant(ends_at)}, {left} from now"
    check_floor(stated({TTL: left}, place=place), organisation, only={TTL})
    if not organisation.unseen:
        return ""
    return f"whether your organisation has defaults can't be seen: {organisation.unseen}"


def _tag_step(row: ListedInstance, ends_at: datetime) -> Step:
    date = format_instant(ends_at)
    return Step(
        operation=CREATE_TAGS.key,
        region=row.region,
        parameters={
            "Resources": [row.id],
            "Tags": [{"Key": Tag.EXPIRES_AT.value, "Value": date}],
        },
        sentence=f"write the end date {date} into the tag that its agent reads",
    )


def _cost(row: ListedInstance, ends_at: datetime, *, now: datetime) -> Decimal | None:
    """Return what the added time costs, as if it ran; None where it is not longer, or unknown."""
    begins = max(now, row.expires_at or now)
    if ends_at <= begins:
        return None
    try:
        return cost(parse_hourly_tag(row.tags.get(Tag.USD_PER_HOUR, "")), ends_at - begins)
    except ValueError:
        return None


def _notes(
    row: ListedInstance, ends_at: datetime, *, is_earlier: bool, now: datetime
) -> tuple[str, ...]:
    notice = format_instant(now + NOTICE)
    mend = (
        f"to have it follow: aws ec2 modify-instance-metadata-options --region {row.region}"
        f" --instance-id {row.id} --instance-metadata-tags enabled"
    )
    is_far = level_of(row) is Level.OPEN and ends_at - now > LONGEST_LIFE
    notes = (
        (is_earlier, "its agent follows an earlier date with 15 minutes' notice"),
        (
            is_earlier and ends_at < now + NOTICE,
            f"no schedule fires before {notice}: that notice is given to all",
        ),
        (
            row.on_expiry is End.STOP,
            f"its disks go at {format_instant(gone_at(ends_at, row.tags))}",
        ),
        (
            not row.reads_tags,
            f"its tags are not in its metadata: its agent goes on by the old date; {mend}",
        ),
        (
            is_far,
            "its agent follows no date that is more than 30 days away, unless it was launched so",
        ),
    )
    return tuple(words for applies, words in notes if applies)
