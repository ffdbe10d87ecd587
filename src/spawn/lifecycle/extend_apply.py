"""Performs the plan of `spawn extend`, and listens whether the agent follows.

1. Just before, it is looked whether the instance is held by now: a person may have thought long.
2. The steps. What stands after a failure is said, and what to type.
3. The console is asked again and again for a heartbeat with the new date. Not to hear one is no
   failure: tag and schedules stand, whatever the agent does.
"""

from __future__ import annotations

import enum
import shlex
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from spawn.aws.console import console_question
from spawn.aws.ec2_changes import CREATE_TAGS
from spawn.aws.instance_details import user_data_question
from spawn.aws.perform import Performance, Performer, Result
from spawn.aws.questions import Fact, Known, Question, T, Unseen, answer_of
from spawn.core.errors import AwsRefusal, Interrupted, PartlyDone, RefusedByControl
from spawn.core.instants import format_instant
from spawn.core.steps import Step
from spawn.core.tags import Tag
from spawn.lifecycle.cancel import held_now
from spawn.lifecycle.extend import ExtendPlan
from spawn.lifecycle.heard import Heartbeat, expected_order, read_console
from spawn.lifecycle.listening import has_agent, unreadable

# The agent reads its tags every 20 seconds, and speaks up at once when they have changed.
LISTEN_SECONDS = 45.0
POLL_SECONDS = 5.0


class Following(enum.StrEnum):
    """Whether the agent has been heard to go by the new end date."""

    FOLLOWS = "follows"
    NOT_YET = "not heard to follow yet"
    REFUSES = "does not follow"
    UNKNOWN = "UNKNOWN"
    NONE = "no agent"
    NOT_ASKED = "not asked"


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """What was heard of it. `why` explains all but FOLLOWS."""

    following: Following
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Extending:
    """Where the plan is performed; `phase` is told what begins."""

    performer: Performer
    phase: Callable[[str], None]

    def apply(self, plan: ExtendPlan) -> None:
        """Perform the plan.

        Raises RefusedByControl for an instance that is held by now, AwsRefusal where nothing was
        changed, PartlyDone where something was: what stands is in the error.
        """
        row = plan.instance
        case = held_now(self.performer.writer, (row,)).get(row.id)
        if case is not None:
            raise RefusedByControl(
                f"{row.id} was put on hold meanwhile, so its end date stays",
                why=case and f"the case is {case}",
                next_command=f"spawn status {row.id}",
            )
        try:
            performance = self.performer.perform(plan.stages)
        except KeyboardInterrupt as stop:
            stopped = Interrupted("the change was stopped half-way", next_command=_again(plan))
            raise stopped from stop
        refusal = next((one.refusal for one in performance.failures), None)
        if refusal is None:
            return
        done = _done(performance)
        if not done:
            raise refusal
        raise _incomplete(plan, done, refusal) from refusal

    def listen(self, plan: ExtendPlan) -> Followed:
        """Wait for the agent's word; raises nothing that AWS says."""
        row = plan.instance
        if row.state != "running":
            return Followed(following=Following.NOT_ASKED, why=f"the instance is {row.state}")
        if not row.reads_tags:
            why = "its tags are not in its metadata"
            return Followed(following=Following.REFUSES, why=why)
        self.phase("listening whether its agent follows")
        clock = self.performer.clock
        deadline = clock.monotonic() + LISTEN_SECONDS
        while True:
            heard = self._look(plan)
            if heard.following is not Following.NOT_YET or clock.monotonic() >= deadline:
                return heard
            clock.sleep(POLL_SECONDS)

    def _look(self, plan: ExtendPlan) -> Followed:
        row = plan.instance
        console = self._ask(console_question(row.id, row.region, latest=True))
        if not isinstance(console, Known):
            return Followed(following=Following.UNKNOWN, why=unreadable(console))
        beat = read_console(console.value).heartbeat
        if beat is not None:
            return judge_following(beat, plan)
        match self._ask(user_data_question(row.id, row.region)):
            case Known(value=data) if not has_agent(data):
                why = "it was launched without one: its backstop alone ends it"
                return Followed(following=Following.NONE, why=why)
            case _:
                return Followed(following=Following.NOT_YET, why="it was never heard")

    def _ask(self, question: Question[T]) -> Fact[T]:
        try:
            return answer_of(self.performer.writer, question)
        except AwsRefusal as refusal:
            return Unseen(refusal.operation, refusal.why or refusal.what)


def judge_following(beat: Heartbeat, plan: ExtendPlan) -> Followed:
    """Say what a heartbeat tells of the new end date."""
    until = format_instant(beat.until)
    if beat.until == plan.until:
        return Followed(following=Following.FOLLOWS)
    if beat.order != expected_order(plan.tags_after):
        why = f"it still goes by {until}"
        return Followed(following=Following.NOT_YET, why=why)
    if plan.is_earlier and beat.until > plan.until:
        why = f"it ends at {until}: it gives 15 minutes' notice"
        return Followed(following=Following.FOLLOWS, why=why)
    why = f"it has read its tags, and yet ends at {until}"
    return Followed(following=Following.REFUSES, why=why)


def _done(performance: Performance) -> tuple[Step, ...]:
    good = {Result.DONE, Result.ACCEPTED}
    return tuple(one.step for one in performance.performed if one.result in good)


def _incomplete(plan: ExtendPlan, done: tuple[Step, ...], refusal: AwsRefusal) -> PartlyDone:
    """Return the error that says what of a plan stands."""
    row = plan.instance
    is_tagged = any(step.operation == CREATE_TAGS.key for step in done)
    date = format_instant(plan.until) if is_tagged else row.tags.get(Tag.EXPIRES_AT, "none")
    error = PartlyDone(
        f"the end date of {row.id} is moved in part only",
        why=refusal.why or refusal.what,
        next_command=_again(plan),
    )
    error.aftermath = (
        *(f"done: {step.sentence}" for step in done),
        f"its agent goes by {date}",
    )
    return error


def _again(plan: ExtendPlan) -> str:
    until = format_instant(plan.until)
    row = plan.instance
    return shlex.join(("spawn", "extend", row.id, "--region", row.region, "--until", until))
