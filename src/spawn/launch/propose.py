"""From a spec to a plan, with one look at the account; and a saved plan made again."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from spawn.aws.door import Reader
from spawn.core.errors import AccountError, InputError
from spawn.core.ids import is_launch_id
from spawn.launch.facts import Surroundings, gather
from spawn.launch.plan import FORMAT, LaunchPlan, make_plan
from spawn.launch.spec import LaunchSpec

# What was true of an account a quarter of an hour ago is no ground to act on.
OLDEST_PLAN = timedelta(minutes=15)


class SavedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What of a saved plan is taken at its word: what was asked, when, and under which id."""

    format: int
    launch_id: str
    created_at: datetime
    account: str
    spec: LaunchSpec


def propose(
    spec: LaunchSpec, reader: Reader, around: Surroundings, *, now: datetime, launch_id: str
) -> LaunchPlan:
    """Look at the account and return the plan. Raises what `gather` and `make_plan` raise."""
    return make_plan(spec, gather(spec, reader, around), now=now, launch_id=launch_id)


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
