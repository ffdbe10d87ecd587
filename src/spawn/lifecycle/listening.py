"""Listening to agents: the consoles of the caller's instances, asked side by side.

1. The console as it is now, of those that run; as it was last, of those whose work may be done
   and that run no more.
2. Of those that are silent, the user-data: whether there is an agent at all. A tag could say so,
   and anybody could put it, to pass off an agent that was killed. User-data can be changed only
   while an instance is stopped, by whoever may modify it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from spawn.aws.console import console_question
from spawn.aws.instance_details import user_data_question
from spawn.aws.questions import Absent, Asker, Fact, Known, Unseen, as_far_as_seen
from spawn.core.tags import Tag
from spawn.lifecycle.heard import NOT_ASKED, Heard, HeardState, judge_heard, read_console
from spawn.lifecycle.listed import ListedInstance
from spawn.secrets.unpack import unpack

# What the boothook that brings the agent begins with, and where it puts it.
_BOOTHOOK, _PLACE = "#cloud-boothook", "opt/spored"


def may_be_heard(row: ListedInstance) -> bool:
    """Say whether there is something to listen to: an agent that runs, or what one said last."""
    return row.state == "running" or (Tag.ON_COMPLETE in row.tags and row.state != "pending")


def ask_agents(
    asker: Asker, rows: Iterable[ListedInstance], *, now: datetime
) -> Callable[[], dict[str, Heard]]:
    """Ask now; what is returned waits, and answers by the instance's id. It raises nothing."""
    asked = [
        (row, asker.ask(console_question(row.id, row.region, latest=row.state == "running")))
        for row in rows
        if may_be_heard(row)
    ]

    def wait() -> dict[str, Heard]:
        heard = {
            row.id: (row, heard_of(row, as_far_as_seen(console), now=now)) for row, console in asked
        }
        doubtful = {
            row.id: asker.ask(user_data_question(row.id, row.region))
            for row, one in heard.values()
            if one.state is HeardState.SILENT and one.sequence is None
        }
        return {
            name: with_user_data(one, as_far_as_seen(doubtful[name])) if name in doubtful else one
            for name, (_, one) in heard.items()
        }

    return wait


def heard_of(row: ListedInstance, console: Fact[str], *, now: datetime) -> Heard:
    """Return what a console tells of an instance's agent."""
    if not isinstance(console, Known):
        return Heard(state=HeardState.UNKNOWN, why=unreadable(console))
    spoken = read_console(console.value)
    if row.state != "running":
        return msgspec.structs.replace(NOT_ASKED, completion=spoken.completion)
    return judge_heard(spoken, row.tags, started_at=row.launched_at, now=now)


def unreadable(console: Absent | Unseen) -> str:
    """Say why a console could not be read."""
    if isinstance(console, Absent):
        return "the console of its type can't be seen as it is now"
    return f"{console.operation}: {console.why}"


def with_user_data(heard: Heard, user_data: Fact[bytes]) -> Heard:
    """Return what a silence means: an agent that does not speak, or none at all."""
    match user_data:
        case Known(value=data) if not has_agent(data):
            return Heard(state=HeardState.NONE, why="it was launched without one")
        case Unseen(operation=operation, why=why):
            unsure = f"nothing is heard, and whether it has an agent can't be seen: {operation}"
            return Heard(state=HeardState.UNKNOWN, why=f"{unsure}: {why}")
        case _:
            return heard


def has_agent(user_data: bytes) -> bool:
    """Say whether user-data brings an agent; what can't be read may hold one."""
    opened = unpack(user_data)
    brings = any(_BOOTHOOK in part.text and _PLACE in part.text for part in opened.parts)
    return brings or not opened.is_complete
