"""From a spec to a plan, with one look at the account; and a saved plan made again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from spawn.aws.door import Reader
from spawn.aws.questions import Absent, Fact, Known, Unseen, answer_of
from spawn.aws.ssm import Parameter
from spawn.core.errors import AccountError, InputError, SpawnError
from spawn.core.ids import is_launch_id
from spawn.launch.facts import Surroundings, gather
from spawn.launch.plan import FORMAT, LaunchPlan, make_plan
from spawn.launch.spec import LaunchSpec
from spawn.settings.organisation import organisation_question

# What was true of an account a quarter of an hour ago is no ground to act on.
OLDEST_PLAN = timedelta(minutes=15)


class SavedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What of a saved plan is taken at its word: what was asked, when, and under which id."""

    format: int
    launch_id: str
    created_at: datetime
    account: str
    spec: LaunchSpec


# What the organisation's parameter says becomes a part of what is asked for, or refuses it.
SpecFor = Callable[[Fact[Parameter]], LaunchSpec]


def propose(
    spec_for: SpecFor,
    reader: Reader,
    around: Surroundings,
    *,
    region: str,
    launch_id: str,
) -> LaunchPlan:
    """Look at the account and return the plan. Raises what `gather` and `make_plan` raise.

    1. What is asked for is known with the organisation's defaults alone: what they were last time
       is taken for what they are, and asked for beside everything else.
    2. Where they have changed, all is asked once more.
    """
    guess = around.organisation.guess()
    assumed = _assumed(guess, spec_for, reader, around, region=region)
    spec = spec_for(assumed)
    facts = gather(spec, reader, around)
    if facts.organisation != assumed and not isinstance(facts.organisation, Unseen):
        spec = spec_for(facts.organisation)
        facts = gather(spec, reader, around)
    if facts.organisation != guess:
        around.organisation.keep(facts.organisation)
    return make_plan(spec, facts, now=around.now, launch_id=launch_id)


def _assumed(
    guess: Known[Parameter] | Absent | None,
    spec_for: SpecFor,
    reader: Reader,
    around: Surroundings,
    *,
    region: str,
) -> Fact[Parameter]:
    """Return what the defaults are taken to be; one that refuses the launch is asked for first.

    What was true last time must not refuse what is allowed by now.
    """
    if guess is None:
        return Absent()
    try:
        spec_for(guess)
    except SpawnError:
        return answer_of(reader, organisation_question(around.organisation.parameter, region))
    return guess


def read_saved_plan(text: bytes, *, now: datetime) -> SavedPlan:
    """Read what `spawn launch --dry-run -o json` wrote.

    Raises InputError for what is no plan, and for one that is too old or from the future.
    """
    try:
        saved = msgspec.json.decode(text, type=SavedPlan)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InputError(
            "this is not a plan that spawn saved",
            why=str(error),
            next_command="spawn launch --dry-run -o json > plan.json",
        ) from error
    if (
        saved.format != FORMAT
        or not is_launch_id(saved.launch_id)
        or saved.created_at.tzinfo is None
    ):
        raise InputError(
            "this plan is of another version of spawn",
            next_command="spawn launch --dry-run -o json > plan.json",
        )
    if not timedelta() <= now - saved.created_at <= OLDEST_PLAN:
        raise InputError(
            f"this plan was made at {saved.created_at.isoformat()}",
            why="a plan can be applied for 15 minutes: what it builds on may have changed",
            next_command="spawn launch --dry-run -o json > plan.json",
        )
    return saved


def check_unchanged(text: bytes, plan: LaunchPlan) -> None:
    """Raise AccountError unless the plan, made anew, is the saved one in every member.

    So exactly what was saved is carried out, and nothing that someone has put into it since.
    """
    before = msgspec.json.decode(text)
    after = msgspec.json.decode(msgspec.json.encode(plan))
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    if changed:
        raise AccountError(
            "the saved plan is not what would be planned now",
            why=f"these parts differ: {', '.join(changed)}. Either the account has changed since, "
            "or the file",
            next_command="spawn launch --dry-run -o json > plan.json",
        )
