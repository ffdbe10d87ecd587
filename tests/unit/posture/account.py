"""An account in memory with one instance in it: what AWS answers when it is asked about it."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from spawn.aws import ec2
from spawn.aws.operation import Answer, Operation
from spawn.aws.questions import Asker
from spawn.core.errors import AccessDenied, AwsRefusal
from spawn.core.levels import Level
from spawn.core.steps import Parameters
from spawn.posture.collect import collect
from spawn.posture.model import Posture
from tests.unit.posture.builders import KEY, NOW

INSTANCE_ID = "i-0123456789abcdef0"
ROLE = "spawn-0123456789abcdef0123456789abcdef"
FIRST, SECOND = "eni-0123456789abcdef0", "eni-0fedcba9876543210"
ROOT, DATA = "vol-0123456789abcdef0", "vol-0fedcba9876543210"
GROUP, HIDDEN_GROUP = "sg-0123456789abcdef0", "sg-0fedcba9876543210"
SUBNET, VPC = "subnet-0123456789abcdef0", "vpc-0123456789abcdef0"
LIST = "pl-0123456789abcdef0"
SCRIPT = "#!/bin/sh\nexport API_KEY=" + "sk-abc123" + "xyz789\n"

INSTANCE: dict[str, Any] = {
    "InstanceId": INSTANCE_ID,
    "ImageId": "ami-0123456789abcdef0",
    "LaunchTime": NOW,
    "State": {"Name": "running"},
    "KeyName": "alice",
    "SubnetId": SUBNET,
    "VpcId": VPC,
    "RootDeviceName": "/dev/xvda",
    "IamInstanceProfile": {"Arn": f"arn:aws:iam::123456789012:instance-profile/spawn/{ROLE}"},
    "MetadataOptions": {
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 2,
        "HttpEndpoint": "enabled",
        "InstanceMetadataTags": "enabled",
    },
    "BlockDeviceMappings": [
        {"DeviceName": "/dev/xvda", "Ebs": {"VolumeId": ROOT, "DeleteOnTermination": True}},
        {"DeviceName": "/dev/sdf", "Ebs": {"VolumeId": DATA, "DeleteOnTermination": False}},
    ],
    "SecurityGroups": [{"GroupId": GROUP}],
    "NetworkInterfaces": [
        {"NetworkInterfaceId": FIRST, "SubnetId": SUBNET, "VpcId": VPC, "Groups": []}
    ],
    "Tags": [
        {"Key": "owner", "Value": "alice"},
        {"Key": "spawn:expires-at", "Value": "2026-01-27T20:00:00Z"},
    ],
}
SCHEDULE: dict[str, Any] = {
    "Name": f"spawn-{INSTANCE_ID}",
    "ScheduleExpression": "at(2026-01-27T20:05:00)",
    "ScheduleExpressionTimezone": "UTC",
    "State": "ENABLED",
    "Target": {
        "Arn": "arn:aws:scheduler:::aws-sdk:ec2:terminateInstances",
        "RoleArn": f"arn:aws:iam::123456789012:role/spawn/spawn-backstop-{'0' * 32}",
        "Input": json.dumps({"InstanceIds": [INSTANCE_ID]}),
    },
}
STOPPING = f"spawn-{INSTANCE_ID}-stop"
POLICY = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
}


def permission(port: int, **peers: Any) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers}


GROUPS = {
    GROUP: {
        "GroupId": GROUP,
        "GroupName": "mine",
        "IpPermissions": [permission(22, PrefixListIds=[{"PrefixListId": LIST}])],
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    },
    HIDDEN_GROUP: {
        "GroupId": HIDDEN_GROUP,
        "GroupName": "other",
        "IpPermissions": [permission(5432, Ipv6Ranges=[{"CidrIpv6": "::/0"}])],
    },
}


def role_answers(name: str, *, path: str = "/spawn/") -> dict[str, Answer]:
    """A role of that name in the profile, with one policy inside."""
    shown = {"RoleName": name, "Path": path, "Arn": f"arn:aws:iam::123456789012:role/{name}"}
    profile = {"InstanceProfileName": ROLE, "Path": "/spawn/", "Arn": "arn:x", "Roles": [shown]}
    return {
        "iam:GetInstanceProfile": {"InstanceProfile": profile},
        f"iam:GetRole {name}": {"Role": shown},
        f"iam:ListRolePolicies {name}": {"PolicyNames": ["spawn"]},
        f"iam:ListAttachedRolePolicies {name}": {"AttachedPolicies": []},
        f"iam:GetRolePolicy {name}": {"PolicyName": "spawn", "PolicyDocument": POLICY},
    }


ANSWERS: dict[str, Answer] = {
    "ec2:DescribeVolumes": {
        "Volumes": [
            {
                "VolumeId": ROOT,
                "Size": 8,
                "VolumeType": "gp3",
                "Encrypted": True,
                "KmsKeyId": KEY,
            },
            {"VolumeId": DATA, "Size": 100, "VolumeType": "st1", "Encrypted": False},
        ]
    },
    "ec2:DescribeNetworkInterfaces": {
        "NetworkInterfaces": [
            {
                "NetworkInterfaceId": FIRST,
                "SubnetId": SUBNET,
                "VpcId": VPC,
                "Groups": [{"GroupId": GROUP}],
            },
            {
                "NetworkInterfaceId": SECOND,
                "SubnetId": SUBNET,
                "VpcId": VPC,
                "Ipv6Addresses": [{"Ipv6Address": "2600:1f18::1"}],
                "Groups": [{"GroupId": HIDDEN_GROUP}],
            },
        ]
    },
    "ec2:DescribeSubnets": {
        "Subnets": [
            {
                "SubnetId": SUBNET,
                "VpcId": VPC,
                "AvailabilityZone": "eu-west-1a",
                "CidrBlock": "10.0.0.0/24",
                "AvailableIpAddressCount": 200,
            }
        ]
    },
    "ec2:DescribeRouteTables": {
        "RouteTables": [
            {
                "RouteTableId": "rtb-0123456789abcdef0",
                "VpcId": VPC,
                "Routes": [{"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1"}],
                "Associations": [{"Main": True}],
            }
        ]
    },
    "ec2:DescribeImages": {
        "Images": [
            {
                "ImageId": "ami-0123456789abcdef0",
                "OwnerId": "999999999999",
                "Architecture": "x86_64",
                "CreationDate": "2025-12-27T00:00:00.000Z",
                "DeprecationTime": "2026-01-27T11:00:00.000Z",
            }
        ]
    },
    "ec2:DescribeInstanceAttribute instanceInitiatedShutdownBehavior": {
        "InstanceInitiatedShutdownBehavior": {"Value": "terminate"}
    },
    "ec2:DescribeInstanceAttribute userData": {
        "UserData": {"Value": base64.b64encode(SCRIPT.encode()).decode()}
    },
    "ec2:GetManagedPrefixListEntries": {"Entries": [{"Cidr": "203.0.113.0/24"}]},
    "kms:DescribeKey": {"KeyMetadata": {"KeyId": KEY, "Arn": KEY, "KeyManager": "AWS"}},
    "scheduler:GetSchedule": SCHEDULE,
    **role_answers(ROLE),
}


@dataclass
class Account:
    """Answers by operation; where one operation has several, by the parameter that tells them.

    What has no answer does not exist: AWS says so with `absent_code`.
    """

    answers: Mapping[str, Answer]
    refusals: Mapping[str, AwsRefusal] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    absent_code: str = "NoSuchEntity"
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, operation: Operation, parameters: Parameters, *, region: str) -> Answer:
        """Answer as AWS would."""
        assert region == "eu-west-1"
        told_apart = parameters.get("Attribute") or parameters.get("RoleName")
        if parameters.get("Name") == STOPPING:
            told_apart = STOPPING
        name = f"{operation.key} {told_apart}" if told_apart else operation.key
        with self._lock:
            self.asked.append(name)
        if operation.key in self.refusals:
            raise self.refusals[operation.key]
        if operation is ec2.DESCRIBE_SECURITY_GROUPS:
            [wanted] = parameters["Filters"]
            found = [GROUPS[group] for group in wanted["Values"] if group in GROUPS]
            return {"SecurityGroups": found}
        if name not in self.answers:
            scheduled = operation.service == "scheduler"
            code = "ResourceNotFoundException" if scheduled else self.absent_code
            raise AwsRefusal("not there", code=code, operation=operation.key)
        return self.answers[name]


def denial(operation: str) -> AccessDenied:
    return AccessDenied(f"AWS denied {operation}", why="no policy allows it", operation=operation)


def look(account: Account, **members: Any) -> Posture:
    """Collect the posture of the account's one instance, some of whose members differ."""
    [instance] = ec2.instances({"Reservations": [{"Instances": [INSTANCE | members]}]})
    with ThreadPoolExecutor(max_workers=8) as pool:
        return collect(
            Asker(account, pool),
            instance,
            region="eu-west-1",
            account="123456789012",
            partition="aws",
            level=Level.STANDARD,
            now=NOW,
        )
