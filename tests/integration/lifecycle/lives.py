"""An instance of a control plane, looked at and meddled with by the account's administrator."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.integration.launch.account import REGION, Account
from tests.tools.programs import Finished, Program

GROUP = "spawn"


class Life:
    """An instance that was launched by `spawn`, with the words given."""

    def __init__(self, spawn: Program, account: Account, *words: str, **environment: Any) -> None:
        self.spawn, self.account, self.environment = spawn, account, environment
        launched = spawn("launch", "--wait", "running", *words, "-o", "ids", **environment)
        assert launched.code == 0, launched.stderr
        self.id = launched.stdout.strip()
        self.ec2 = account.client("ec2")
        self.scheduler = account.client("scheduler")

    def __call__(self, command: str, *words: str, **environment: Any) -> Finished:
        """Run a command on it; the region saves looking around."""
        whole = (command, self.id, *words, "--region", REGION)
        return self.spawn(*whole, **(self.environment | environment))

    def status(self) -> dict[str, Any]:
        """What `spawn status -o json` says of it."""
        found: dict[str, Any] = self("status", "-o", "json").document()
        return found

    def described(self) -> dict[str, Any]:
        """The instance as DescribeInstances shows it."""
        answer = self.ec2.describe_instances(InstanceIds=[self.id])
        return dict(answer["Reservations"][0]["Instances"][0])

    @property
    def state(self) -> str:
        """Its state."""
        return str(self.described()["State"]["Name"])

    def tags(self) -> dict[str, str]:
        """Its tags."""
        return {tag["Key"]: tag["Value"] for tag in self.described()["Tags"]}

    def tag(self, **tags: str) -> None:
        """Put tags on it, as anybody might who may."""
        shown = [
            {"Key": key.replace("__", ":").replace("_", "-"), "Value": value}
            for key, value in tags.items()
        ]
        self.ec2.create_tags(Resources=[self.id], Tags=shown)

    def attribute(self, name: str) -> Any:
        """One of its attributes."""
        answer = self.ec2.describe_instance_attribute(InstanceId=self.id, Attribute=name)
        return answer[name[:1].upper() + name[1:]]["Value"]

    def schedules(self) -> dict[str, dict[str, Any]]:
        """Its schedules by what they call, "stopInstances" or "terminateInstances"."""
        found = {}
        for name in (f"spawn-{self.id}", f"spawn-{self.id}-stop"):
            try:
                one = self.scheduler.get_schedule(GroupName=GROUP, Name=name)
            except self.scheduler.exceptions.ResourceNotFoundException:
                continue
            assert json.loads(one["Target"]["Input"]) == {"InstanceIds": [self.id]}
            found[one["Target"]["Arn"].rpartition(":")[2]] = one
        return found

    def fires_at(self) -> dict[str, datetime]:
        """When its schedules fire, by what they call."""
        return {call: time_of(one) for call, one in self.schedules().items()}

    def update_schedule(self, call: str, **changed: Any) -> None:
        """Change one of its schedules, as anybody might who may."""
        one = self.schedules()[call]
        kept = (
            *("GroupName", "Name", "ScheduleExpression", "ScheduleExpressionTimezone"),
            *("State", "Target", "FlexibleTimeWindow", "ActionAfterCompletion"),
        )
        self.scheduler.update_schedule(**({key: one[key] for key in kept} | changed))

    def records(self, kind: str) -> list[dict[str, str]]:
        """What the registry remembers of it, of a kind."""
        return [
            {key: value["S"] for key, value in item.items() if "S" in value}
            for item in self.account.records()
            if item["instance_id"]["S"] == self.id and item["record"]["S"].startswith(kind)
        ]


def time_of(schedule: dict[str, Any]) -> datetime:
    """When a schedule fires."""
    text = schedule["ScheduleExpression"].removeprefix("at(").removesuffix(")")
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def user_keys(account: Account, name: str, *denied: str) -> dict[str, Any]:
    """Make a user who may do all but these actions; their keys, as an environment has them."""
    statements: list[dict[str, Any]] = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    if denied:
        statements.append({"Effect": "Deny", "Action": list(denied), "Resource": "*"})
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam = account.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="most", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
