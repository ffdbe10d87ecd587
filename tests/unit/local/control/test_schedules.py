"""When a schedule is due."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from spawn.local.control.messages import AwsError
from spawn.local.control.schedules import check_expression, check_target, due_at


@pytest.mark.parametrize(
    ("expression", "timezone", "due"),
    [
        ("at(2026-03-01T12:00:00)", None, datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("at(2026-03-01T12:00:00)", "America/New_York", datetime(2026, 3, 1, 17, tzinfo=UTC)),
        ("at(2026-13-01T12:00:00)", None, None),
        ("at(2026-03-01T12:00:00Z)", None, None),
        ("at(2026-03-01T12:00:00)", "Mars/Olympus", None),
        ("soon", None, None),
    ],
)
def test_a_one_time_schedule_is_due_in_its_zone(
    expression: str, timezone: str | None, due: datetime | None
) -> None:
    """at(...) is read in the schedule's time zone; what can't be read is never due."""
    assert due_at(expression, timezone) == due


@pytest.mark.parametrize("expression", ["rate(5 minutes)", "cron(0 9 * * ? *)", "at(never)"])
def test_what_would_never_fire_is_refused(expression: str) -> None:
    """An expression that does not fire here is an error, not a schedule that stays silent."""
    with pytest.raises(AwsError) as refused:
        check_expression(expression, None)
    assert refused.value.code == "ValidationException"


def test_only_universal_targets_are_taken() -> None:
    """A target that can't be called here is refused."""
    check_target("arn:aws:scheduler:::aws-sdk:ec2:terminateInstances")
    with pytest.raises(AwsError):
        check_target("arn:aws:lambda:us-east-1:123456789012:function:f")
