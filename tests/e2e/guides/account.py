"""What the guides' placeholders stand for, made with the guides' own `aws` commands."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.boxes import HOME_ADDRESS, Box, client
from tests.tools.clouds import Cloud
from tests.tools.programs import Program, run

LEAST_PRIVILEGE = """\
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"],
   "Resource": "arn:aws:s3:::my-specific-bucket/data/*"},
  {"Effect": "Allow", "Action": ["dynamodb:PutItem", "dynamodb:GetItem"],
   "Resource": "arn:aws:dynamodb:us-east-1:123456789012:table/my-table"}]}
"""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A person at work: the programs, and what was made so far, by the name of its placeholder."""

    cloud: Cloud
    spawn: Program
    aws: Program
    home: Path
    things: Mapping[str, str]

    def filled(self, words: Iterable[str]) -> tuple[str, ...]:
        """Return the words with every `{placeholder}` replaced."""
        return tuple(word.format_map(self.things) for word in words)

    def shell(self, script: str) -> str:
        """Run a line as a shell does, quotes and substitutions included; what it says."""
        done = run(
            ("/bin/sh", "-c", script), environment=self.spawn.environment, directory=self.home
        )
        assert done.code == 0, done.stderr
        return done.stdout.strip()

    def client(self, service: str) -> Any:
        """A client of the account's administrator."""
        return client(self.cloud, service)


def furnished(cloud: Cloud, spawn: Program, aws: Program, home: Path) -> Desk:
    """Return a desk at which everything lies that the guides' commands name."""
    empty = Desk(cloud=cloud, spawn=spawn, aws=aws, home=home, things={})
    (home / "policy.json").write_text(LEAST_PRIVILEGE)
    vpc = empty.shell(
        "aws ec2 describe-vpcs --filters Name=is-default,Values=true"
        " --query 'Vpcs[0].VpcId' --output text"
    )
    things = {
        "vpc": vpc,
        "policy": str(home / "policy.json"),
        "private": _private_subnet(empty, vpc),
        "group": _group(empty, vpc),
        "kms": empty.shell(
            "aws kms create-key --description 'spawn instance volumes'"
            " --query KeyMetadata.KeyId --output text"
        ),
        "key_pair": f"spawn-{uuid.uuid4()}",
    }
    empty.shell(
        f"ssh-keygen -q -t ed25519 -f '{home}/new-key' -N '' && aws ec2 import-key-pair"
        f" --key-name {things['key_pair']} --public-key-material 'fileb://{home}/new-key.pub'"
    )
    things["ca"] = (home / "new-key.pub").read_text().strip()
    return Desk(cloud=cloud, spawn=spawn, aws=aws, home=home, things=things)


def _group(desk: Desk, vpc: str) -> str:
    """A group that lets SSH in from the caller, and HTTPS out, and nothing else."""
    group = desk.shell(
        f"aws ec2 create-security-group --group-name secure-{uuid.uuid4()}"
        f" --description 'Secure instances' --vpc-id {vpc} --query GroupId --output text"
    )
    desk.shell(
        f'ADDRESS=$(curl -s "$SPAWN_ADDRESS_URL"); aws ec2 authorize-security-group-ingress'
        f' --group-id {group} --protocol tcp --port 22 --cidr "$ADDRESS/32"'
    )
    desk.shell(
        f"aws ec2 authorize-security-group-egress --group-id {group}"
        " --protocol tcp --port 443 --cidr 0.0.0.0/0"
    )
    desk.shell(
        f"aws ec2 revoke-security-group-egress --group-id {group}"
        " --ip-permissions IpProtocol=-1,IpRanges='[{CidrIp=0.0.0.0/0}]'"
    )
    return group


def _private_subnet(desk: Desk, vpc: str) -> str:
    """A subnet whose route table leads nowhere outside; its range is one that nobody has yet."""
    ec2 = desk.client("ec2")
    taken = {each["CidrBlock"] for each in ec2.describe_subnets()["Subnets"]}
    free = next(
        block for block in (f"172.31.{n}.0/24" for n in range(200, 256)) if block not in taken
    )
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=free, AvailabilityZone="us-east-1a")
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet["Subnet"]["SubnetId"])
    return str(subnet["Subnet"]["SubnetId"])


def rules_of(desk: Desk, group: str) -> list[tuple[bool, int, str]]:
    """All rules of a group: whether outward, which port, for whom."""
    rules = desk.client("ec2").describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group]}]
    )["SecurityGroupRules"]
    return sorted((r["IsEgress"], r.get("FromPort", -1), r.get("CidrIpv4", "")) for r in rules)


SECURE_RULES = [(False, 22, f"{HOME_ADDRESS}/32"), (True, 443, "0.0.0.0/0")]


def facts_of(box: Box) -> dict[str, Any]:
    """What the guides' flags are about, read back from AWS."""
    shown = box.described()
    volume = shown["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    disk = client(box.cloud, "ec2").describe_volumes(VolumeIds=[volume])["Volumes"][0]
    return {
        "groups": [group["GroupId"] for group in shown["SecurityGroups"]],
        "public": "PublicIpAddress" in shown,
        "subnet": shown["SubnetId"],
        "vpc": shown["VpcId"],
        "key_pair": shown.get("KeyName"),
        "encrypted": disk["Encrypted"],
        "kms": str(disk.get("KmsKeyId", "")).rpartition("/")[2],
        "tokens": shown["MetadataOptions"]["HttpTokens"],
        "hops": shown["MetadataOptions"]["HttpPutResponseHopLimit"],
        "tags": {tag["Key"]: tag["Value"] for tag in shown["Tags"]},
        "actions": actions_of(box),
    }


def actions_of(box: Box) -> frozenset[str]:
    """All that the instance's role allows by its own policies."""
    profile = box.described().get("IamInstanceProfile")
    if profile is None:
        return frozenset()
    iam = client(box.cloud, "iam")
    name = profile["Arn"].rpartition("/")[2]
    documents = [
        iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
    ]
    statements = [one for document in documents for one in document["Statement"]]
    return frozenset(action for one in statements for action in _listed(one["Action"]))


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
