"""An agent asks EC2 for ends that powering off does not bring: it may, and may stop no other."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from spawn.core.endings import End
from spawn.iam.documents import PolicyDocument, canonical_json
from spawn.launch.asking import asking_duty, asking_statement
from spawn.launch.floor import asked_values
from spawn.launch.spec import Completion, EndAction, Idle, LaunchSpec
from spawn.settings.strictness import makes_role
from tests.unit.launch.accounts import ACCOUNT, REGION, plan_of, spec
from tests.unit.launch.mime import boothook_in
from tests.unit.launch.requests import own_policy, user_data_of

HOUR = timedelta(hours=1)


def ending(on_expiry: End, idle: EndAction | None, complete: EndAction | None) -> LaunchSpec:
    """A launch that ends so."""
    return spec(
        on_expiry=on_expiry,
        idle=idle and Idle(timeout=HOUR, action=idle),
        completion=complete and Completion(action=complete),
    )


@pytest.mark.parametrize(
    ("asks", "asked"),
    [
        (False, ending(End.TERMINATE, None, None)),
        (False, ending(End.TERMINATE, EndAction.TERMINATE, EndAction.TERMINATE)),
        (False, ending(End.STOP, EndAction.STOP, EndAction.STOP)),
        (True, ending(End.TERMINATE, EndAction.STOP, None)),
        (True, ending(End.TERMINATE, EndAction.TERMINATE, EndAction.HIBERNATE)),
        (True, ending(End.STOP, EndAction.STOP, EndAction.HIBERNATE)),
    ],
)
def test_only_who_has_to_ask_may_and_can(asks: bool, asked: LaunchSpec) -> None:
    """Role, statement, orders and module come together, or none does; the floor foresees it."""
    plan = plan_of(asked)
    hook = boothook_in(user_data_of(plan))
    assert ('"asking":[' in hook) is asks
    assert ("put opt/spored/spored/asking.py" in hook) is asks
    assert ("IamInstanceProfile" in plan.run.parameters) is asks
    assert makes_role(asked_values(asked)) is asks
    if asks:
        (statement,) = own_policy(plan)["Statement"]
        assert statement["Action"] == ["ec2:StopInstances"]


def test_what_another_role_allows_is_not_known() -> None:
    """With a role of the person's own the agent asks, and the plan says that it may be refused."""
    asked = ending(End.TERMINATE, EndAction.STOP, None)
    plan = plan_of(spec(idle=asked.idle, iam_role="mine"))
    assert '"asking":[' in boothook_in(user_data_of(plan))
    assert any("whether your own role allows" in note for note in plan.notes)


def test_who_asks_is_whom_it_is_about() -> None:
    """The statement fits the instance whose role asks, in this account, and no other instance."""
    statement = asking_statement(partition="aws", account=ACCOUNT)
    assert json.loads(canonical_json(PolicyDocument(statements=(statement,))))["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["ec2:StopInstances"],
            "Resource": [f"arn:aws:ec2:*:{ACCOUNT}:instance/*"],
            "Condition": {
                "ArnLike": {"ec2:SourceInstanceARN": ["arn:aws:ec2:*:*:instance/${ec2:InstanceId}"]}
            },
        }
    ]
    told = asking_duty(partition="aws", region=REGION)
    assert told.words == (f"{REGION}/ec2 https://ec2.{REGION}.amazonaws.com",)
