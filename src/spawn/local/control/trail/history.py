"""The newest events, and those that wait for their log files. Guarded by the cloud's lock."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta

from spawn.local.control import account
from spawn.local.control.messages import Response
from spawn.local.control.operations import Call
from spawn.local.control.trail import categories
from spawn.local.control.trail.categories import Category
from spawn.local.control.trail.identity import Caller
from spawn.local.control.trail.record import Recorded
from spawn.local.control.trail.selectors import takes

KEPT = 10_000
DELIVERED_AFTER = timedelta(seconds=1)  # on AWS it is about five minutes


class EventHistory:
    """What happened, newest last, and what is still to be delivered."""

    def __init__(self) -> None:
        self._events: deque[Recorded] = deque(maxlen=KEPT)
        self._count = 0
        self.waiting: list[tuple[str, Recorded]] = []  # (trail's ARN, event)
        self.lookups: deque[datetime] = deque(maxlen=64)  # when LookupEvents was called

    def __len__(self) -> int:
        return len(self._events)

    def newest_first(self) -> Iterator[Recorded]:
        """The management events that are kept."""
        return reversed(self._events)

    def record(
        self, call: Call, caller: Caller, response: Response | None, *, now: datetime
    ) -> None:
        """Keep a call that was answered; of data events, only what a trail takes."""
        trails = [trail for trail in account.trails() if trail.status.is_logging]
        category = categories.category_of(call)
        if not categories.is_logged(call) or (category is Category.DATA and not trails):
            return
        self._count += 1
        has_answer = response is not None and (response.status >= 400 or not call.is_read)
        recorded = Recorded(
            sequence=self._count,
            event_id=str(uuid.uuid4()),
            moment=now,
            caller=caller,
            call=call,
            response=response if has_answer or response is None else _without_body(response),
        )
        if category is Category.MANAGEMENT:
            self._events.append(recorded)
        self.waiting += [(trail.arn, recorded) for trail in trails if takes(trail, recorded)]

    def next_due(self) -> datetime | None:
        """When the oldest event that waits has to be delivered."""
        return self.waiting[0][1].moment + DELIVERED_AFTER if self.waiting else None


def _without_body(response: Response) -> Response:
    """Of what was only read nothing is told: no need to keep it."""
    return Response(status=response.status, headers=response.headers)
