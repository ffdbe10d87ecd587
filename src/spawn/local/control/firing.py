"""Fires due schedules: a call of AWS's API, signed by a session of the schedule's role.

The call comes in by the front door like any other, so that it is authorised as the role, with
all of its conditions.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from spawn.local.control import schedules
from spawn.local.control.memory import Memory
from spawn.local.control.operations import Call
from spawn.local.control.schedules import Firing
from spawn.local.control.trail.identity import Caller, role_taken

log = logging.getLogger(__name__)

Record = Callable[[Call, Caller, None], None]  # of a call that CloudTrail is to know of

FIRST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(minutes=1)


class Firings:
    """Schedules that are due, and those whose call failed and is tried again."""

    def __init__(
        self, *, memory: Memory, now: Callable[[], datetime], endpoint: str, record: Record
    ) -> None:
        self._memory, self._now, self._endpoint, self._record = memory, now, endpoint, record
        self._session = botocore.session.Session()
        self._order = itertools.count()
        self._retries: list[tuple[datetime, int, int, Firing]] = []

    def next_due(self) -> datetime | None:
        """When there is something to fire; the caller holds the lock."""
        moments = [schedules.next_due(self._memory.fired)]
        moments += [self._retries[0][0]] if self._retries else []
        return min((m for m in moments if m is not None), default=None)

    def fire_due(self) -> None:
        """Fire what is due, each firing in a thread of its own: a slow one holds up no other."""
        with self._memory.lock:
            due = [(f, 0) for f in schedules.take_due(self._now(), self._memory.fired)]
            while self._retries and self._retries[0][0] <= self._now():
                _, _, attempt, firing = heapq.heappop(self._retries)
                if schedules.stands(firing):
                    due.append((firing, attempt))
        for firing, attempt in due:
            threading.Thread(target=self._fire, args=(firing, attempt), daemon=True).start()

    def _fire(self, firing: Firing, attempt: int) -> None:
        try:
            self._call(firing)
        except (BotoCoreError, ClientError, schedules.NotTrusted) as error:
            short = str(error).partition(" Encoded authorization")[0]
            log.warning("schedule %s failed (attempt %d): %s", firing.arn, attempt + 1, short)
            self._again(firing, attempt)
            return
        log.info("schedule %s called %s:%s", firing.arn, firing.service, firing.operation)
        self._done(firing)

    def _call(self, firing: Firing) -> None:
        with self._memory.lock:
            session = schedules.take_role(firing)
            named = {"RoleArn": firing.role_arn, "RoleSessionName": session.session_name}
            self._record(*role_taken(named, schedules.SERVICE, firing.region), None)
        client = self._session.create_client(
            firing.service,
            region_name=firing.region,
            endpoint_url=self._endpoint,
            aws_access_key_id=session.access_key_id,
            aws_secret_access_key=session.secret_access_key,
            aws_session_token=session.session_token,
            config=Config(retries={"total_max_attempts": 1}),
        )
        operation = firing.operation[:1].upper() + firing.operation[1:]
        client._make_api_call(operation, firing.input)  # noqa: SLF001 - any operation, by name

    def _again(self, firing: Firing, attempt: int) -> None:
        if attempt >= firing.retries:
            log.error("schedule %s has failed for good", firing.arn)
            self._done(firing)
            return
        wait = min(FIRST_RETRY * 2 ** min(attempt, 10), LONGEST_RETRY)
        with self._memory.lock:
            entry = (self._now() + wait, next(self._order), attempt + 1, firing)
            heapq.heappush(self._retries, entry)

    def _done(self, firing: Firing) -> None:
        if firing.deletes_itself:
            with self._memory.lock:
                schedules.delete_fired(firing)
