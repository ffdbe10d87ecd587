"""Log files: what trails took, gzipped into their buckets, a file a region.

Source: CloudTrail user guide, "Finding your CloudTrail log files" and "Log file name format".
"""

from __future__ import annotations

import gzip
import itertools
import secrets
import string
from datetime import datetime
from typing import Any

from spawn.local.control import account
from spawn.local.control.trail.history import EventHistory
from spawn.local.control.trail.record import Recorded
from spawn.local.control.trail.trails import may_deliver, prefix_of


def deliver(history: EventHistory, now: datetime) -> None:
    """Write what has waited long enough. What can't be written is lost, and the status says so."""
    due = history.next_due()
    if due is None or due > now:
        return
    waiting, history.waiting = history.waiting, []
    trails = {trail.arn: trail for trail in account.trails()}
    of_trail = sorted(waiting, key=lambda pair: (pair[0], pair[1].region, pair[1].sequence))
    for (arn, region), pairs in itertools.groupby(of_trail, lambda p: (p[0], p[1].region)):
        if arn in trails:
            _write(trails[arn], region, [recorded for _, recorded in pairs], now)


def _write(trail: Any, region: str, events: list[Recorded], now: datetime) -> None:
    if account.bucket_owner(trail.bucket_name) is None:
        trail.status.error = "NoSuchBucket"
        return
    if not may_deliver(trail):
        trail.status.error = "AccessDenied"
        return
    content = '{"Records":[' + ",".join(event.text for event in events) + "]}"
    body = gzip.compress(content.encode(), compresslevel=1)
    account.s3().put_object(trail.bucket_name, _key(trail, region, now), body)
    trail.status.error, trail.status.delivered = None, now


def _key(trail: Any, region: str, now: datetime) -> str:
    alphabet = string.ascii_letters + string.digits
    unique = "".join(secrets.choice(alphabet) for _ in range(16))
    name = f"{account.ACCOUNT_ID}_CloudTrail_{region}_{now:%Y%m%dT%H%MZ}_{unique}.json.gz"
    return f"{prefix_of(trail)}/{region}/{now:%Y/%m/%d}/{name}"
