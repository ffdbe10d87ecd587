"""Under which names a role was used.

EC2 takes a role for an instance and names the session for it, as everybody else names theirs: by
AssumeRole, which the history knows by the role's ARN. But an instance's session lives on for hours,
so that in a short window none may have begun: the instances that run with the role are asked for
as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from spawn.audit.delivered import Window
from spawn.aws import cloudtrail, iam
from spawn.aws.cloudtrail import FoundEvents
from spawn.aws.instance_details import running_with_question
from spawn.aws.questions import Asker, Fact, Known, Unseen, as_far_as_seen, value_of
from spawn.core.instants import format_instant

# AWS answers two lookups of 50 events a second: a minute and a half, at the most.
MOST_EVENTS = 10_000
MOST_SESSIONS = 50


class _Parameters(msgspec.Struct, frozen=True, rename="camel"):
    role_session_name: str = ""
    role_arn: str = ""


class _Assumed(msgspec.Struct, frozen=True, rename="camel"):
    request_parameters: _Parameters | None = None


def look_up(asker: Asker, key: str, value: str, window: Window) -> FoundEvents:
    """Return the newest events of one attribute. Raises AwsRefusal where they can't be asked."""
    question = cloudtrail.lookup_question(
        key,
        value,
        since=window.since,
        until=window.until,
        most=MOST_EVENTS,
        region=window.region,
    )
    return value_of(asker.ask(question)())


def sessions_of(asker: Asker, windows: Sequence[Window], notes: list[str]) -> list[str]:
    """Return the names of a role's sessions, the latest begun first; what limits them is noted.

    Raises AwsRefusal where the history can't be asked.
    """
    found = [look_up(asker, "ResourceName", each.role_arn, each) for each in windows]
    begun = _begun(found, windows[0].role_arn)
    names = list(dict.fromkeys((*begun, *_running(asker, windows, notes))))
    if len(names) > MOST_SESSIONS or any(one.more for one in found):
        notes.append(f"only the latest {min(len(names), MOST_SESSIONS)} sessions were looked at")
    return names[:MOST_SESSIONS]


def _begun(found: Iterable[FoundEvents], role_arn: str) -> list[str]:
    assumed = (
        msgspec.json.decode(each.cloud_trail_event, type=_Assumed, strict=False).request_parameters
        for one in found
        for each in one.events
        if each.event_name.startswith("AssumeRole")
    )
    return [
        each.role_session_name for each in assumed if each is not None and each.role_arn == role_arn
    ]


def _running(asker: Asker, windows: Sequence[Window], notes: list[str]) -> list[str]:
    """Return the ids of the instances that run with the role now, in each of the regions."""
    first = windows[0]
    name = first.role_arn.rpartition("/")[2]
    profiles = as_far_as_seen(asker.ask(iam.profiles_of_role_question(name, first.region)))
    facts: list[Fact[Any]] = [profiles]
    ids: list[str] = []
    if isinstance(profiles, Known) and profiles.value:
        arns = [profile.arn for profile in profiles.value]
        asked = [asker.ask(running_with_question(arns, region=each.region)) for each in windows]
        running = [as_far_as_seen(wait) for wait in asked]
        ids = [id_ for fact in running if isinstance(fact, Known) for id_ in fact.value]
        facts += running
    notes += (
        f"which instances run with the role could not be seen with {fact.operation}: of those"
        f" whose sessions began before {format_instant(first.since)} nothing is known"
        for fact in facts
        if isinstance(fact, Unseen)
    )
    return ids
