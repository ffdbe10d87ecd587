"""CloudWatch Logs: groups, streams and events, and who may write where."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.integration.local.conftest import ADMIN_TRUST, Account, refusal

BASE = "arn:aws:logs:us-east-1:123456789012"
GROUP = "/spawn/boxes"


def _now() -> int:
    return int(time.time() * 1000)


def _put(logs: Any, stream: str, *events: tuple[int, str]) -> dict[str, Any]:
    return dict(
        logs.put_log_events(
            logGroupName=GROUP,
            logStreamName=stream,
            logEvents=[{"timestamp": moment, "message": text} for moment, text in events],
        )
    )


def test_events_come_back_in_the_order_of_their_times(account: Account) -> None:
    """Of one stream with tokens to go on from, of a group across its streams."""
    logs, now = account.client("logs"), _now()
    logs.create_log_group(logGroupName=GROUP, tags={"owner": "me"})
    for stream in ("i-1", "i-2"):
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    assert "rejectedLogEventsInfo" not in _put(logs, "i-1", (now - 3000, "one"), (now, "three"))
    _put(logs, "i-2", (now - 2000, "two"))
    _put(logs, "i-1", (now + 1, "four"))
    found = logs.filter_log_events(logGroupName=GROUP, limit=3)
    assert [event["message"] for event in found["events"]] == ["one", "two", "three"]
    assert [event["logStreamName"] for event in found["events"]] == ["i-1", "i-2", "i-1"]
    rest = logs.filter_log_events(logGroupName=GROUP, nextToken=found["nextToken"])
    assert [event["message"] for event in rest["events"]] == ["four"]
    assert "nextToken" not in rest
    only = logs.filter_log_events(logGroupName=GROUP, logStreamNamePrefix="i-2")
    assert len(only["events"]) == 1
    page = {"logGroupName": GROUP, "logStreamName": "i-1", "startFromHead": True}
    first = logs.get_log_events(**page, startTime=now - 3000, endTime=now)
    assert [event["message"] for event in first["events"]] == ["one"]
    latest = logs.get_log_events(**page)
    token = latest["nextForwardToken"]
    assert logs.get_log_events(**page, nextToken=token)["nextForwardToken"] == token
    _put(logs, "i-1", (now + 2, "five"))
    new = logs.get_log_events(**page, nextToken=token)["events"]
    assert [event["message"] for event in new] == ["five"]


def test_what_is_too_old_or_too_new_is_told(account: Account) -> None:
    """The rest of the batch is taken."""
    logs, now = account.client("logs"), _now()
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="i-1")
    day, hour = 86_400_000, 3_600_000
    answer = _put(logs, "i-1", (now - 15 * day, "old"), (now, "now"), (now + 3 * hour, "new"))
    assert answer["rejectedLogEventsInfo"] == {
        "tooOldLogEventEndIndex": 1,
        "tooNewLogEventStartIndex": 2,
    }
    [event] = logs.filter_log_events(logGroupName=GROUP)["events"]
    assert event["message"] == "now"


def test_refusals_name_what_is_missing_or_there(account: Account) -> None:
    """Groups and streams, twice or never made; a name or a number of days that can't be."""
    logs = account.client("logs")
    stream = {"logGroupName": GROUP, "logStreamName": "i-1"}
    event = {**stream, "logEvents": [{"timestamp": _now(), "message": "m"}]}
    missing = "ResourceNotFoundException"
    for order, parameters in (
        (logs.create_log_stream, stream),
        (logs.put_log_events, event),
        (logs.get_log_events, stream),
        (logs.filter_log_events, {"logGroupName": GROUP}),
        (logs.put_retention_policy, {"logGroupName": GROUP, "retentionInDays": 30}),
    ):
        assert refusal(order, **parameters) == (missing, "The specified log group does not exist.")
    logs.create_log_group(logGroupName=GROUP)
    for order, parameters in ((logs.put_log_events, event), (logs.get_log_events, stream)):
        words = "The specified log stream does not exist."
        assert refusal(order, **parameters) == (missing, words)
    logs.create_log_stream(**stream)
    there = "ResourceAlreadyExistsException"
    for order, parameters, what in (
        (logs.create_log_group, {"logGroupName": GROUP}, "group"),
        (logs.create_log_stream, stream, "stream"),
    ):
        assert refusal(order, **parameters) == (there, f"The specified log {what} already exists")
    wrong = "InvalidParameterException"
    assert refusal(logs.create_log_group, logGroupName="a b")[0] == wrong
    assert refusal(logs.create_log_stream, logGroupName=GROUP, logStreamName="a:b")[0] == wrong
    days = {"logGroupName": GROUP, "retentionInDays": 31}
    assert refusal(logs.put_retention_policy, **days)[0] == wrong
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=30)
    [shown] = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    assert (shown["retentionInDays"], shown["arn"]) == (30, f"{BASE}:log-group:{GROUP}:*")
    [one] = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert one["arn"] == f"{BASE}:log-group:{GROUP}:log-stream:i-1"


def test_a_role_writes_to_its_stream_alone(account: Account) -> None:
    """The stream's ARN admits its two actions, and neither the neighbour's stream nor reading."""
    account.client("logs").create_log_group(logGroupName=GROUP)
    account.client("logs").create_log_stream(logGroupName=GROUP, logStreamName="i-2")
    allow = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{BASE}:log-group:{GROUP}:log-stream:i-1",
    }
    session = account.assume(account.role("r", trusts=ADMIN_TRUST, allows=[allow]))
    logs = account.client("logs", session)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="i-1")
    _put(logs, "i-1", (_now(), "mine"))
    event = {"timestamp": _now(), "message": "m"}
    code, message = refusal(
        logs.put_log_events, logGroupName=GROUP, logStreamName="i-2", logEvents=[event]
    )
    assert code == "AccessDeniedException"
    assert f"logs:PutLogEvents on resource: {BASE}:log-group:{GROUP}:log-stream:i-2" in message
    code, _ = refusal(logs.get_log_events, logGroupName=GROUP, logStreamName="i-1")
    assert code == "AccessDeniedException"


@pytest.mark.parametrize(("suffix", "is_enough"), [("", False), (":*", True)])
def test_a_group_s_actions_want_its_arn_with_a_star(
    account: Account, suffix: str, is_enough: bool
) -> None:
    """As DescribeLogGroups shows it; tagging alone wants it without."""
    account.client("logs").create_log_group(logGroupName=GROUP)
    actions = ["logs:DescribeLogStreams", "logs:PutRetentionPolicy", "logs:TagResource"]
    allow = {"Effect": "Allow", "Action": actions, "Resource": f"{BASE}:log-group:{GROUP}{suffix}"}
    session = account.assume(account.role("r", trusts=ADMIN_TRUST, allows=[allow]))
    logs = account.client("logs", session)
    days = {"logGroupName": GROUP, "retentionInDays": 30}
    tags = {"resourceArn": f"{BASE}:log-group:{GROUP}", "tags": {"owner": "me"}}
    if is_enough:
        logs.put_retention_policy(**days)
        assert logs.describe_log_streams(logGroupName=GROUP)["logStreams"] == []
        assert refusal(logs.tag_resource, **tags)[0] == "AccessDeniedException"
    else:
        logs.tag_resource(**tags)
        assert refusal(logs.put_retention_policy, **days)[0] == "AccessDeniedException"
