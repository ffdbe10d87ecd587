"""The account of a test, looked at and disturbed as somebody other than spawn would."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import botocore.session
from botocore.config import Config

from spawn.core.instants import parse_instant
from spawn.local.client import ControlClient
from spawn.local.files import read_cloud_file
from tests.tools.clouds import Cloud

REGION = "us-east-1"
ACCOUNT = "123456789012"
# From here on an instance is nobody's cost any more.
ENDED = frozenset({"shutting-down", "terminated"})
_SESSION = botocore.session.Session()  # it keeps the service models that it has read


@dataclass(frozen=True, kw_only=True)
class Instance:
    """What decides whether an instance will end by itself."""

    instance_id: str
    launch_id: str
    expires_at: datetime | None
    shutdown_behavior: str
    backstop_at: datetime | None

    @property
    def ends_twice_over(self) -> bool:
        """Whether it has an end date, its power-off ends it, and its backstop stands behind."""
        return (
            self.expires_at is not None
            and self.shutdown_behavior == "terminate"
            and self.backstop_at is not None
            and timedelta() < self.backstop_at - self.expires_at <= timedelta(minutes=15)
        )


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account of an embedded cloud, by its administrator's keys."""

    cloud: Cloud

    def client(self, service: str, region: str = REGION) -> Any:
        """Return a client that goes straight to the cloud, past any proxy."""
        variables = self.cloud.access.variables
        return _SESSION.create_client(
            service,
            region_name=region,
            endpoint_url=self.cloud.endpoint_url,
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}),
        )

    def set_switches(self, **settings: Any) -> None:
        """Set the cloud's test switches."""
        described = read_cloud_file(self.cloud.directory)
        assert described is not None
        ControlClient(described).set_switches(settings)

    def billable(self) -> list[Instance]:
        """Return every instance that costs something, whoever made it."""
        ec2 = self.client("ec2")
        found = [
            one
            for reservation in ec2.describe_instances()["Reservations"]
            for one in reservation["Instances"]
            if one["State"]["Name"] not in ENDED
        ]
        return [self._instance(ec2, one) for one in found]

    def _instance(self, ec2: Any, answer: dict[str, Any]) -> Instance:
        instance_id = answer["InstanceId"]
        tags = {tag["Key"]: tag["Value"] for tag in answer.get("Tags", ())}
        behavior = ec2.describe_instance_attribute(
            InstanceId=instance_id, Attribute="instanceInitiatedShutdownBehavior"
        )
        expires_at = tags.get("spawn:expires-at")
        return Instance(
            instance_id=instance_id,
            launch_id=tags.get("spawn:launch-id", ""),
            expires_at=None if expires_at is None else parse_instant(expires_at),
            shutdown_behavior=behavior["InstanceInitiatedShutdownBehavior"]["Value"],
            backstop_at=self.backstop_of(instance_id),
        )

    def backstop_of(self, instance_id: str) -> datetime | None:
        """Return when a schedule terminates the instance, None where none does."""
        scheduler = self.client("scheduler")
        try:
            found = scheduler.get_schedule(GroupName="spawn", Name=f"spawn-{instance_id}")
        except scheduler.exceptions.ResourceNotFoundException:
            return None
        target = found["Target"]
        assert target["Arn"] == "arn:aws:scheduler:::aws-sdk:ec2:terminateInstances"
        assert json.loads(target["Input"]) == {"InstanceIds": [instance_id]}
        assert found["ScheduleExpressionTimezone"] == "UTC"
        return parse_instant(found["ScheduleExpression"].removeprefix("at(").removesuffix(")"))

    def records(self) -> list[dict[str, Any]]:
        """Return every item of the registry."""
        dynamodb = self.client("dynamodb")
        items: list[dict[str, Any]] = dynamodb.scan(TableName="spawn-instances")["Items"]
        return items

    def roles(self) -> list[str]:
        """Return the names of the instances' roles that spawn has made."""
        found = self.client("iam").list_roles(PathPrefix="/spawn/")["Roles"]
        names = [str(role["RoleName"]) for role in found]
        return [name for name in names if not name.startswith("spawn-backstop-")]
