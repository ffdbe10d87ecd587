"""Accounts as a launch sees them: an ordinary one, and the same one after a launch like it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from spawn.aws import (
    dynamodb,
    ec2,
    ec2_images,
    iam,
    kms,
    route53,
    scheduler,
    secretsmanager,
    ssm,
)
from spawn.aws.questions import Absent, Fact, Known
from spawn.aws.sts import Identity
from spawn.connect.keys import pair_name
from spawn.connect.publickey import parse_public_key
from spawn.core.steps import Parameters
from spawn.core.tags import tag_list
from spawn.iam.documents import PolicyDocument, canonical_json
from spawn.iam.existing import IdentityFacts
from spawn.iam.roles import RoleFacts, WantedRole, service_principal, trust_of
from spawn.launch.agent import read_agent_source
from spawn.launch.aws_duties import duty_statements, script_to_stage
from spawn.launch.bucket import BucketFacts
from spawn.launch.dns import DnsFacts
from spawn.launch.facts import AccountFacts, CallerFacts, DiskFacts
from spawn.launch.plan import LaunchPlan, make_plan
from spawn.launch.rights import (
    attached_arns,
    decisive_boundary,
    owner_of,
    possible_backstop_roles,
    possible_roles,
)
from spawn.launch.script import StagedScript
from spawn.launch.secret_facts import SecretFacts, customer_keys, of_service
from spawn.launch.spec import LaunchSpec
from spawn.network.rules import ip_permissions
from spawn.network.subnets import NetworkFacts
from spawn.prices.facts import PriceFacts
from spawn.prices.lookups import ADDRESS, SPOT, VOLUMES, on_demand
from spawn.prices.rates import PUBLIC_IPV4, Platform, Rates, instance_rate, spot_rate
from spawn.registry.table import TableFacts
from spawn.secrets.references import SecretService

NOW = datetime(2026, 1, 27, 12, 0, tzinfo=UTC)
LAUNCH_ID = "l-0123456789abcdef"
REGION = "eu-west-1"
ACCOUNT = "123456789012"
CALLER = Identity(
    account=ACCOUNT,
    arn=f"arn:aws:iam::{ACCOUNT}:user/ana",
    user_id="AIDAEXAMPLE",
    partition="aws",
    owner="ana",
)
NO_BUCKET = BucketFacts(
    region=Absent(), public_access=Absent(), policy=Absent(), lifecycle=Absent()
)
CALLER_ADDRESS = "203.0.113.10"

VPC, OTHER_VPC = "vpc-00000000000000001", "vpc-00000000000000002"
PUBLIC_A, PUBLIC_B, PUBLIC_C = (f"subnet-0000000000000000{digit}" for digit in "abc")
PRIVATE_A, OTHER_VPCS = "subnet-0000000000000000d", "subnet-0000000000000000e"
GROUP, OTHER_GROUP = "sg-00000000000000001", "sg-00000000000000002"
PREFIX_LIST = "pl-00000000000000001"
KEY_PAIR, ROLE = "anas-key", "batch-worker"
KMS_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SECRET_ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{{name}}-AbCdEf"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/spawn/boundary"
AMI, ARM_AMI, OWN_AMI, UBUNTU_AMI, WINDOWS_AMI = (
    f"ami-0000000000000000{digit}" for digit in "12345"
)
# Not AL2023's own device name: what is assumed instead of read shows.
ROOT_DEVICE = "/dev/sda1"
AGENT = read_agent_source()
ZONE = route53.HostedZone(id="/hostedzone/Z0123456789EXAMPLE", name="example.com.")


def _public_key(content: bytes) -> str:
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + content
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


PUBLIC_KEY, OTHER_KEY = _public_key(bytes(range(32))), _public_key(bytes(range(32, 64)))


def spec(**fields: Any) -> LaunchSpec:
    """Return the launch that says nothing but `fields`, from a laptop with a key of its own."""
    return LaunchSpec(**{"region": REGION, "public_key": PUBLIC_KEY} | fields)


def plan_of(asked: LaunchSpec, facts: AccountFacts | None = None) -> LaunchPlan:
    """Return the plan in these facts, by default in those of a fresh account."""
    return make_plan(asked, facts or fresh_account(asked), now=NOW, launch_id=LAUNCH_ID)


def fresh_account(
    asked: LaunchSpec, *, has_boundary: bool = False, secrets: SecretFacts | None = None
) -> AccountFacts:
    """Return an account where spawn has never been: nothing of its own is there.

    `secrets` is what there is of those that are asked for, where that is not the usual.
    """
    secrets = secrets or secrets_of(asked)
    wanted = _wanted_roles(asked, secrets)
    return AccountFacts(
        caller=CallerFacts(
            identity=CALLER,
            own_groups=(),
            roles={role.name: _no_role(role) for role in wanted},
            policies=_policies(asked, has_boundary=has_boundary),
            named_role=None if asked.iam_role is None else _named_role(asked.iam_role),
            bucket=None if script_of(asked) is None else NO_BUCKET,
        ),
        caller_addresses=Known((CALLER_ADDRESS,)),
        network=_network(asked),
        given_groups=_given_groups(asked.security_groups),
        prefix_lists=(ec2.ManagedPrefixList(prefix_list_id=PREFIX_LIST),),
        images=Known(_images()),
        instance_types=_instance_types(asked.instance_types),
        key_pair=_key_pair(asked),
        disks=DiskFacts(
            kms_key=None
            if asked.kms_key_id is None
            else Known(
                kms.Key(key_id="1", arn=KMS_KEY, key_state="Enabled", key_manager="CUSTOMER")
            ),
            encrypts_by_default=Known(value=False),
            default_key=Known("alias/aws/ebs"),
        ),
        schedule_group=Absent(),
        table=TableFacts(table=Absent(), expires=Absent(), can_be_restored=Absent()),
        prices=prices_of(asked.instance_types),
        organisation=Absent(),
        agent=AGENT,
        dns=None if asked.dns_name is None else DnsFacts(zone=ZONE, records=(), holders=()),
        script=script_of(asked),
        secrets=secrets,
    )


def secrets_of(asked: LaunchSpec) -> SecretFacts | None:
    """Return the secrets of a launch: all there, each under a customer key, named by its ARN."""
    if not asked.secrets:
        return None
    found = SecretFacts(
        secrets={
            one.id: Known(
                secretsmanager.Secret(
                    arn=one.id if one.arn else SECRET_ARN.format(name=one.id),
                    name=one.id,
                    kms_key_id=KMS_KEY,
                )
            )
            for one in of_service(asked.secrets, SecretService.SECRETS_MANAGER)
        },
        parameters={
            one.parameter_name: Known(
                ssm.ParameterMetadata(
                    name=one.parameter_name, type="SecureString", key_id=KMS_KEY, version=3
                )
            )
            for one in of_service(asked.secrets, SecretService.SSM)
        },
    )
    key = kms.Key(key_id="1", arn=KMS_KEY, key_state="Enabled", key_manager="CUSTOMER")
    return replace(found, keys={name: Known(key) for name in customer_keys(asked, found)})


def script_of(asked: LaunchSpec) -> StagedScript | None:
    """Return the script of a launch that its user-data has no room for."""
    return script_to_stage(asked, AGENT, partition="aws", now=NOW)


def prices_of(instance_types: Iterable[str]) -> PriceFacts:
    """Return a price list on which every type costs ten cents an hour."""
    told: dict[str, Rates] = {
        on_demand(name, Platform.LINUX): {instance_rate(name): Decimal("0.1")}
        for name in instance_types
    }
    spot = {
        spot_rate(name, Platform.LINUX, f"{REGION}{letter}"): Decimal("0.03")
        for name in instance_types
        for letter in "abc"
    }
    volumes = {f"EBS:VolumeUsage.{kind}": Decimal("0.08") for kind in ("gp2", "gp3")}
    address = {PUBLIC_IPV4: Decimal("0.005")}
    return PriceFacts(told={**told, SPOT: spot, VOLUMES: volumes, ADDRESS: address})


def used_account(asked: LaunchSpec) -> AccountFacts:
    """Return the account after such a launch: whatever it shares with others is there."""
    fresh = fresh_account(asked)
    roles = {role.name: _role_as_made(role) for role in _wanted_roles(asked, secrets_of(asked))}
    groups = _own_groups(asked, plan_of(asked, fresh))
    is_on: Fact[bool] = Known(value=True)
    return replace(
        fresh,
        caller=replace(fresh.caller, roles=roles, own_groups=groups),
        key_pair=_imported_key() if fresh.key_pair == Absent() else fresh.key_pair,
        schedule_group=Known(scheduler.ScheduleGroup(name=scheduler.GROUP)),
        table=TableFacts(table=Known(_table()), expires=is_on, can_be_restored=is_on),
    )


# What is there from the start


def _network(asked: LaunchSpec) -> NetworkFacts:
    to_internet = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-00000000000000001"}
    to_nat = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-00000000000000001"}
    tables = (
        _route_table(VPC, to_internet, Main=True),
        _route_table(VPC, to_nat, SubnetId=PRIVATE_A),
        _route_table(OTHER_VPC, to_internet, Main=True),
    )
    zones = [f"{asked.region}{letter}" for letter in "abc"]
    offered = [
        {"InstanceType": name, "Location": zone} for name in asked.instance_types for zone in zones
    ]
    vpcs = [
        {"VpcId": VPC, "CidrBlock": "10.0.0.0/16", "IsDefault": True},
        {"VpcId": OTHER_VPC, "CidrBlock": "10.1.0.0/16"},
    ]
    places = (
        _subnet(PUBLIC_A, VPC, zones[0], block="10.0.1.0/24", free=240),
        _subnet(PUBLIC_B, VPC, zones[1], block="10.0.2.0/24", free=230),
        _subnet(PUBLIC_C, VPC, zones[2], block="10.0.3.0/24", free=220),
        _subnet(PRIVATE_A, VPC, zones[0], block="10.0.9.0/24", free=210),
        _subnet(OTHER_VPCS, OTHER_VPC, zones[0], block="10.1.1.0/24", free=200),
    )
    return NetworkFacts(
        vpcs=ec2.vpcs({"Vpcs": vpcs}),
        subnets=ec2.subnets({"Subnets": places}),
        route_tables=ec2.route_tables({"RouteTables": tables}),
        offerings=ec2.offerings({"InstanceTypeOfferings": offered}),
    )


def _subnet(subnet_id: str, vpc_id: str, zone: str, *, block: str, free: int) -> Parameters:
    return {
        "SubnetId": subnet_id,
        "VpcId": vpc_id,
        "AvailabilityZone": zone,
        "CidrBlock": block,
        "AvailableIpAddressCount": free,
    }


def _route_table(vpc_id: str, route: Parameters, **association: Any) -> Parameters:
    return {
        "RouteTableId": "rtb-00000000000000001",
        "VpcId": vpc_id,
        "Routes": [{"DestinationCidrBlock": "10.0.0.0/8", "GatewayId": "local"}, route],
        "Associations": [association],
    }


def _images() -> tuple[ec2_images.Image, ...]:
    name = "al2023-ami-2023.9.20260114.0-kernel-6.1"
    own = _image(OWN_AMI, "our-base-12", "x86_64") | {"OwnerId": ACCOUNT, "ImageOwnerAlias": ""}
    own["BlockDeviceMappings"] += [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 50}}]
    amazons = [
        _image(AMI, f"{name}-x86_64", "x86_64"),
        _image(ARM_AMI, f"{name}-arm64", "arm64"),
    ]
    server = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260114"
    ubuntu = _image(UBUNTU_AMI, server, "x86_64")
    ubuntu |= {"OwnerId": "099720109477", "ImageOwnerAlias": ""}
    windows = _image(WINDOWS_AMI, "Windows_Server-2025-English-Full-Base-2026.01.14", "x86_64")
    windows |= {"Platform": "windows", "PlatformDetails": "Windows"}
    return ec2_images.images({"Images": [*amazons, own, ubuntu, windows]})


def _image(image_id: str, name: str, architecture: str) -> Parameters:
    return {
        "ImageId": image_id,
        "Name": name,
        "OwnerId": "137112412989",
        "ImageOwnerAlias": "amazon",
        "Architecture": architecture,
        "RootDeviceName": ROOT_DEVICE,
        "RootDeviceType": "ebs",
        "CreationDate": "2026-01-14T00:00:00.000Z",
        "BlockDeviceMappings": [
            {"DeviceName": ROOT_DEVICE, "Ebs": {"VolumeSize": 8, "DeleteOnTermination": False}}
        ],
    }


def _instance_types(names: Iterable[str]) -> Fact[tuple[ec2.InstanceType, ...]]:
    answers = [
        {
            "InstanceType": name,
            "ProcessorInfo": {
                "SupportedArchitectures": ["arm64" if name.startswith("t4g") else "x86_64"]
            },
            "MemoryInfo": {"SizeInMiB": 1024},
            "HibernationSupported": not name.startswith("t4g"),
        }
        for name in names
    ]
    return Known(ec2.instance_types({"InstanceTypes": answers}))


def _given_groups(ids: Iterable[str]) -> tuple[ec2.SecurityGroup, ...]:
    from_office = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22} | _ranges("192.0.2.0/24")]
    found = [
        {
            "GroupId": group_id,
            "GroupName": "office",
            "VpcId": VPC,
            "IpPermissions": from_office,
            "IpPermissionsEgress": [{"IpProtocol": "-1"} | _ranges("0.0.0.0/0")],
        }
        for group_id in ids
    ]
    return ec2.security_groups({"SecurityGroups": found})


def _ranges(block: str) -> Parameters:
    return {"IpRanges": [{"CidrIp": block}]}


def _key_pair(asked: LaunchSpec) -> Fact[tuple[ec2.KeyPair, ...]] | None:
    if asked.key_pair is not None:
        return Known((ec2.KeyPair(key_name=KEY_PAIR),))
    return Absent() if asked.public_key else None


def _policies(asked: LaunchSpec, *, has_boundary: bool) -> dict[str, Fact[iam.ManagedPolicy]]:
    decisive = decisive_boundary(asked, CALLER)
    there = {*attached_arns(asked, CALLER)}
    if has_boundary or asked.permissions_boundary is not None:
        there.add(decisive)
    return {
        arn: Known(iam.ManagedPolicy(policy_name="p", arn=arn)) if arn in there else Absent()
        for arn in (*there, decisive)
    }


def _wanted_roles(asked: LaunchSpec, secrets: SecretFacts | None) -> tuple[WantedRole, ...]:
    zone_id = None if asked.dns_name is None else ZONE.zone_id
    extra = duty_statements(
        asked,
        CALLER,
        zone_id=zone_id,
        staged=script_of(asked),
        secrets=secrets,
    )
    own = possible_roles(asked, CALLER, extra)
    return (*own.values(), *possible_backstop_roles(asked, CALLER).values())


def _no_role(role: WantedRole) -> RoleFacts:
    return RoleFacts(
        role=Absent(),
        inline_names=Absent(),
        inline=Absent(),
        attached=Absent(),
        profile=Absent() if role.has_profile else None,
    )


def _named_role(name: str) -> IdentityFacts:
    role = iam.Role(
        role_name=name,
        path="/",
        arn=f"arn:aws:iam::{ACCOUNT}:role/{name}",
        assume_role_policy_document=_as_answered(trust_of(service_principal("ec2", "aws"))),
    )
    profile = iam.InstanceProfile(
        instance_profile_name=name,
        path="/",
        arn=f"arn:aws:iam::{ACCOUNT}:instance-profile/{name}",
        roles=(role,),
    )
    return IdentityFacts(
        role=Known(role), profiles_of_role=Known((profile,)), profile=Known(profile)
    )


# What a launch leaves behind for the next one


def _role_as_made(wanted: WantedRole) -> RoleFacts:
    role = iam.Role(
        role_name=wanted.name,
        path=iam.PATH,
        arn=wanted.arn(partition="aws", account=ACCOUNT),
        assume_role_policy_document=_as_answered(wanted.trust),
        permissions_boundary=None
        if wanted.boundary is None
        else iam.AttachedBoundary(permissions_boundary_arn=wanted.boundary),
    )
    profile = iam.InstanceProfile(
        instance_profile_name=wanted.name,
        path=iam.PATH,
        arn=wanted.profile_arn(partition="aws", account=ACCOUNT),
        roles=(role,),
    )
    inline = wanted.inline
    return RoleFacts(
        role=Known(role),
        inline_names=Known(() if inline is None else ("spawn",)),
        inline=Absent()
        if inline is None
        else Known(iam.InlinePolicy(policy_name="spawn", policy_document=_as_answered(inline))),
        attached=Known(wanted.managed),
        profile=Known(profile) if wanted.has_profile else None,
    )


def _as_answered(document: PolicyDocument) -> object:
    return json.loads(canonical_json(document))


def _own_groups(asked: LaunchSpec, plan: LaunchPlan) -> tuple[ec2.SecurityGroup, ...]:
    made = [step for step in plan.steps if step.operation == ec2.CREATE_SECURITY_GROUP.key]
    network = plan.posture.network
    assert isinstance(network.ingress, tuple)
    assert isinstance(network.egress, tuple)
    found = {
        "GroupId": GROUP,
        "IpPermissions": ip_permissions(one.rule for one in network.ingress),
        "IpPermissionsEgress": ip_permissions(one.rule for one in network.egress),
        "Tags": tag_list({"spawn": "true", "owner": owner_of(asked, CALLER)}),
    }
    names = ("GroupName", "VpcId")
    return ec2.security_groups(
        {
            "SecurityGroups": [
                found | {name: step.parameters[name] for name in names} for step in made
            ]
        }
    )


def _imported_key() -> Fact[tuple[ec2.KeyPair, ...]]:
    name = pair_name(parse_public_key(PUBLIC_KEY))
    return Known((ec2.KeyPair(key_name=name, public_key=PUBLIC_KEY),))


def _table() -> dynamodb.Table:
    def key(hashed: str, ranged: str) -> tuple[dynamodb.KeyElement, ...]:
        return (
            dynamodb.KeyElement(attribute_name=hashed, key_type="HASH"),
            dynamodb.KeyElement(attribute_name=ranged, key_type="RANGE"),
        )

    index = dynamodb.SecondaryIndex(index_name="tag-index", key_schema=key("tag_key", "tag_value"))
    return dynamodb.Table(
        table_name="spawn-instances",
        key_schema=key("instance_id", "record"),
        global_secondary_indexes=(index,),
    )
