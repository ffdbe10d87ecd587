"""What an instance has shipped of its agent's log, as CloudWatch Logs keeps it."""

from __future__ import annotations

from spawn.aws.door import Reader
from spawn.aws.logs import FILTER_LOG_EVENTS, NOT_THERE, LogEvent, log_events
from spawn.core.errors import AwsRefusal


def shipped_lines(
    reader: Reader, group: str, instance_id: str, *, from_ms: int, region: str
) -> tuple[LogEvent, ...]:
    """Return its lines from a time on, in milliseconds since 1970, none where there are none yet.

    Raises AwsRefusal and its branches.
    """
    parameters = {
        "logGroupName": group,
        "logStreamNames": [instance_id],
        "startTime": from_ms,
    }
    try:
        return log_events(reader.ask(FILTER_LOG_EVENTS, parameters, region=region))
    except AwsRefusal as refusal:
        if refusal.code == NOT_THERE:
            return ()
        raise
