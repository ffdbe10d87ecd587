"""Schedules fire when due, as their role, at the time that they were last given."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local.conftest import ADMIN_TRUST, Account, document, wait_until

ACCOUNT_ID = "123456789012"
SCHEDULE = f"arn:aws:scheduler:us-east-1:{ACCOUNT_ID}:schedule/default/end"


def _code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def _running(account: Account, **parameters: Any) -> str:
    instance = str(account.launch(**parameters)["InstanceId"])
    account.wait_for_state(instance, "running")
    return instance


SERVICE = "scheduler.amazonaws.com"


def _scheduler_role(account: Account, *, source_group: str = "default") -> str:
    trust = {
        "Principal": {"Service": SERVICE},
        "Condition": {
            "StringEquals": {"aws:SourceAccount": ACCOUNT_ID},
            "ArnLike": {"aws:SourceArn": f"arn:aws:scheduler:*:*:schedule-group/{source_group}"},
        },
    }
    allow = {
        "Effect": "Allow",
        "Action": ["ec2:StopInstances", "ec2:TerminateInstances"],
        "Resource": f"arn:aws:ec2:*:{ACCOUNT_ID}:instance/*",
        "Condition": {"Null": {"ec2:ResourceTag/spawn:hold": "true"}},
    }
    return account.role("backstop", trusts=trust, allows=[allow])


def _schedule(account: Account, instance: str, role: str, **more: Any) -> dict[str, Any]:
    return dict(account.client("scheduler").create_schedule(**_asked(instance, role, **more)))


def _asked(instance: str, role: str, **more: Any) -> dict[str, Any]:
    """The parameters of a schedule that is due in a second; `deed` is what it does."""
    due = more.pop("due", _in(1))
    deed = more.pop("deed", "terminateInstances")
    return {
        "Name": "end",
        "ScheduleExpression": f"at({due:%Y-%m-%dT%H:%M:%S})",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {
            "Arn": f"arn:aws:scheduler:::aws-sdk:ec2:{deed}",
            "RoleArn": role,
            "Input": json.dumps({"InstanceIds": [instance]}),
            "RetryPolicy": {"MaximumRetryAttempts": 20},
        },
        **more,
    }


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def test_a_due_schedule_ends_the_instance(account: Account) -> None:
    """It fires by itself, as its role, deletes itself afterwards, and CloudTrail knows it."""
    instance = _running(account)
    _schedule(account, instance, _scheduler_role(account))
    account.wait_for_state(instance, "terminated")
    schedules = account.client("scheduler")
    wait_until(lambda: schedules.list_schedules()["Schedules"] == [])
    ended, taken = (_told(account, name) for name in ("TerminateInstances", "AssumeRole"))
    assert ended["sourceIPAddress"] == ended["userIdentity"]["invokedBy"] == SERVICE
    assert ended["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] == "backstop"
    assert taken["userIdentity"] == {"type": "AWSService", "invokedBy": SERVICE}


def _told(account: Account, name: str) -> dict[str, Any]:
    """The newest event of a name in CloudTrail's history."""
    attribute = {"AttributeKey": "EventName", "AttributeValue": name}
    found = account.client("cloudtrail").lookup_events(LookupAttributes=[attribute])["Events"]
    return dict(json.loads(found[0]["CloudTrailEvent"]))


def test_a_schedule_may_only_what_its_role_may(account: Account) -> None:
    """A held instance outlives its schedule, which tries again when the hold is gone."""
    ec2 = account.client("ec2")
    held, control = _running(account), _running(account)
    ec2.create_tags(Resources=[held], Tags=[{"Key": "spawn:hold", "Value": "case"}])
    role = _scheduler_role(account)
    _schedule(account, held, role)
    _schedule(account, control, role, Name="control")
    account.wait_for_state(control, "terminated")
    assert account.describe(held)["State"]["Name"] == "running"
    ec2.delete_tags(Resources=[held], Tags=[{"Key": "spawn:hold"}])
    account.wait_for_state(held, "terminated")


def test_a_schedule_needs_a_role_that_trusts_it(account: Account) -> None:
    """A role that names another schedule group is refused when the schedule is made."""
    instance = _running(account)
    role = _scheduler_role(account, source_group="other")
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler") as refused:
        _schedule(account, instance, role)
    assert _code(refused) == "ValidationException"


def test_a_schedule_s_token_is_honoured(account: Account) -> None:
    """The same ClientToken answers the same schedule; another finds the name taken."""
    role = _scheduler_role(account)
    due = _in(3600)
    first = _schedule(account, "i-1", role, due=due, ClientToken="t")
    again = _schedule(account, "i-1", role, due=due, ClientToken="t")
    assert again["ScheduleArn"] == first["ScheduleArn"]
    with pytest.raises(ClientError) as refused:
        _schedule(account, "i-1", role, due=due, ClientToken="u")
    assert _code(refused) == "ConflictException"


def test_recurring_schedules_are_refused(account: Account) -> None:
    """A schedule that would never fire here is not accepted."""
    role = _scheduler_role(account)
    with pytest.raises(ClientError, match="one-time"):
        _schedule(account, "i-1", role, ScheduleExpression="rate(5 minutes)")


def test_a_due_schedule_stops_the_instance(account: Account) -> None:
    """The universal target ec2:stopInstances keeps the disk, and hibernates where told to."""
    stopped = _running(account)
    disk = {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True}}
    configured = {"HibernationOptions": {"Configured": True}, "BlockDeviceMappings": [disk]}
    hibernated = _running(account, **configured)
    role = _scheduler_role(account)
    _schedule(account, stopped, role, deed="stopInstances")
    asked = _asked(hibernated, role, deed="stopInstances", Name="hibernate")
    asked["Target"]["Input"] = json.dumps({"InstanceIds": [hibernated], "Hibernate": True})
    account.client("scheduler").create_schedule(**asked)
    reasons = {}
    for instance in (stopped, hibernated):
        account.wait_for_state(instance, "stopped")
        reasons[instance] = account.describe(instance)["StateReason"]["Code"]
    assert reasons == {
        stopped: "Client.UserInitiatedShutdown",
        hibernated: "Client.UserInitiatedHibernate",
    }


def test_a_moved_schedule_fires_at_its_new_time(account: Account) -> None:
    """And not at the old one, be it later or sooner; it is shown as it is now."""
    moved, control = _running(account), _running(account)
    role, scheduler = _scheduler_role(account), account.client("scheduler")
    _schedule(account, moved, role, due=_in(2))
    later = _in(3600)
    scheduler.update_schedule(**_asked(moved, role, due=later))
    shown = scheduler.get_schedule(Name="end")
    assert shown["ScheduleExpression"] == f"at({later:%Y-%m-%dT%H:%M:%S})"
    assert (shown["State"], shown["ActionAfterCompletion"]) == ("ENABLED", "DELETE")
    _schedule(account, control, role, due=_in(3), Name="control")
    account.wait_for_state(control, "terminated")
    assert account.describe(moved)["State"]["Name"] == "running"
    [listed] = scheduler.list_schedules(GroupName="default")["Schedules"]
    assert (listed["Name"], listed["State"]) == ("end", "ENABLED")
    scheduler.update_schedule(**_asked(moved, role))
    account.wait_for_state(moved, "terminated")


def test_a_schedule_that_is_moved_stops_trying(account: Account) -> None:
    """What failed at the old time is not tried again: an extended instance stays."""
    ec2, scheduler = account.client("ec2"), account.client("scheduler")
    moved, control = _running(account), _running(account)
    for box in (moved, control):
        ec2.create_tags(Resources=[box], Tags=[{"Key": "spawn:hold", "Value": "case"}])
    role = _scheduler_role(account)
    fired = _running(account)
    for name, box in (("end", moved), ("control", control), ("fired", fired)):
        _schedule(account, box, role, Name=name)
    account.wait_for_state(fired, "terminated")
    scheduler.update_schedule(**_asked(moved, role, due=_in(3600)))
    ec2.delete_tags(Resources=[moved, control], Tags=[{"Key": "spawn:hold"}])
    account.wait_for_state(control, "terminated")
    assert account.describe(moved)["State"]["Name"] == "running"


def test_moving_a_schedule_is_a_permission(account: Account) -> None:
    """On that schedule, and to pass its role to the Scheduler."""
    role = _scheduler_role(account)
    _schedule(account, "i-1", role, due=_in(3600))
    update = {"Effect": "Allow", "Action": "scheduler:UpdateSchedule", "Resource": SCHEDULE}
    passing = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": role,
        "Condition": {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
    }
    mover = account.role("mover", trusts=ADMIN_TRUST, allows=[update])
    scheduler = account.client("scheduler", account.assume(mover))
    asked = _asked("i-1", role, due=_in(7200))
    with pytest.raises(ClientError, match="iam:PassRole"):
        scheduler.update_schedule(**asked)
    account.client("iam").put_role_policy(
        RoleName="mover", PolicyName="p", PolicyDocument=document(update, passing)
    )
    scheduler.update_schedule(**asked)
    with pytest.raises(ClientError, match="schedule/default/other") as refused:
        scheduler.update_schedule(**{**asked, "Name": "other"})
    assert _code(refused) == "AccessDeniedException"
    with pytest.raises(ClientError) as refused:
        account.client("scheduler").update_schedule(**{**asked, "Name": "other"})
    assert _code(refused) == "ResourceNotFoundException"
