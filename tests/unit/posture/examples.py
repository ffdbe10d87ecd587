"""For each control: postures that must fail, that must not be known, and that must pass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from msgspec.structs import replace

from spawn.iam.documents import PolicyDocument, allow
from spawn.network.rules import Rule, everything, tcp
from spawn.posture.model import (
    InlinePolicy,
    KeyManager,
    ManagedPolicy,
    PolicyContent,
    Posture,
    UserData,
)
from spawn.secrets.finding import Certainty, SecretFinding
from tests.unit.posture.builders import (
    INTERFACE,
    KEY,
    NOW,
    OTHER_GROUP,
    PREFIX_LIST,
    denied,
    role,
    rules,
    with_disk,
    with_ending,
    with_image,
    with_interfaces,
    with_metadata,
    with_network,
    with_posture,
    with_role,
)


@dataclass(frozen=True, kw_only=True)
class Examples:
    """`unknown` is by the call that the evidence must name."""

    failing: tuple[Posture, ...]
    passing: tuple[Posture, ...] = ()
    unknown: dict[str, Posture]


def ingress(*found: Rule, **members: object) -> Posture:
    return with_network(ingress=rules(*found), **members)


def egress(*found: Rule, **members: object) -> Posture:
    return with_network(egress=rules(*found), **members)


def ports(first: int, last: int, peer: str, *, protocol: str = "tcp") -> Rule:
    return Rule(protocol=protocol, from_port=first, to_port=last, peer=peer)


WORLD = "0.0.0.0/0"
UNSEEN_SUBNET = denied("ec2:DescribeSubnets")
UNSEEN_GROUPS = {
    "ec2:DescribeSecurityGroups": with_network(ingress=denied("ec2:DescribeSecurityGroups"))
}
NO_METADATA = {"ec2:DescribeInstances": with_posture(metadata=denied("ec2:DescribeInstances"))}
NO_IMAGE = {"ec2:DescribeImages": with_posture(image=denied("ec2:DescribeImages"))}
NO_PROFILE = {"iam:GetInstanceProfile": with_posture(identity=denied("iam:GetInstanceProfile"))}
STOPS = {"owner": "alice", "spawn:on-expiry": "stop"}


def kept(**members: object) -> Posture:
    """A machine that stops at its end date, and whose disks are kept for a week."""
    whole: dict[str, object] = {
        "shutdown_behavior": "stop",
        "stopped_at": NOW + timedelta(hours=8, minutes=5),
        "backstop_at": NOW + timedelta(days=7, hours=8, minutes=5),
    }
    return replace(with_ending(**(whole | members)), tags=STOPS)


LATE = {"expires_at": NOW - timedelta(hours=1), "stopped_at": None}
HELD = with_ending(expires_at=None, backstop_at=None, shutdown_behavior="stop", is_held=True)

SECRET = SecretFinding(line=3, kind="GitHub token", part="part 2")
LIKELY = SecretFinding(line=4, kind="random value of BLOB", certainty=Certainty.LIKELY)
NO_USER_DATA = {
    "ec2:DescribeInstanceAttribute": with_posture(
        user_data=denied("ec2:DescribeInstanceAttribute")
    ),
    "no readable text": with_posture(user_data=UserData(size_bytes=40, is_readable=False)),
}
ADMINISTRATOR = ManagedPolicy(arn="arn:aws:iam::aws:policy/AdministratorAccess")
OWN_POLICY = ManagedPolicy(arn="arn:aws:iam::123456789012:policy/team")


def everything_allowed() -> PolicyContent:
    return PolicyContent(document=PolicyDocument(statements=(allow(["*"], ["*"]),)))


def with_tags(tags: dict[str, str]) -> Posture:
    return with_posture(tags=tags)


EXAMPLES = {
    "NET-SSH-WORLD": Examples(
        failing=(
            ingress(tcp(22, WORLD)),
            ingress(tcp(22, "::/0")),
            ingress(everything(WORLD)),
            ingress(ports(0, 1024, "2000::/3")),
            ingress(tcp(22, "0.0.0.0/1"), tcp(22, "128.0.0.0/1")),
            ingress(*(tcp(22, f"{first}.0.0.0/8") for first in (3, 18, 52))),
            ingress(ports(22, 22, WORLD, protocol="6")),
            ingress(tcp(22, PREFIX_LIST), prefix_lists={PREFIX_LIST: (WORLD,)}),
            with_network(
                ingress=(
                    *rules(tcp(22, "0.0.0.0/1")),
                    *rules(tcp(22, "128.0.0.0/1"), group=OTHER_GROUP),
                )
            ),
        ),
        passing=(
            ingress(tcp(22, "203.0.113.10/32")),
            ingress(tcp(22, "10.0.0.0/8"), tcp(22, "172.16.0.0/12"), tcp(22, "fc00::/7")),
            ingress(tcp(22, "3.0.0.0/8")),
            ingress(tcp(22, OTHER_GROUP)),
            ingress(tcp(22, PREFIX_LIST), prefix_lists={PREFIX_LIST: ("203.0.113.0/24",)}),
            ingress(tcp(443, WORLD)),
            ingress(ports(22, 22, WORLD, protocol="udp")),
        ),
        unknown={
            **UNSEEN_GROUPS,
            "ec2:GetManagedPrefixListEntries": ingress(tcp(22, PREFIX_LIST)),
        },
    ),
    "NET-PORT-WORLD": Examples(
        failing=(
            ingress(tcp(5432, WORLD)),
            ingress(tcp(8080, "::/0")),
            ingress(ports(79, 81, WORLD)),
            ingress(ports(53, 53, WORLD, protocol="udp")),
            ingress(everything(WORLD)),
            ingress(ports(25, 30, "3.0.0.0/8"), ports(30, 40, "18.0.0.0/8")),
            ingress(Rule(protocol="50", from_port=None, to_port=None, peer=WORLD)),
        ),
        passing=(
            ingress(tcp(80, WORLD), tcp(443, WORLD), tcp(443, "::/0")),
            ingress(ports(443, 443, WORLD, protocol="udp")),
            ingress(tcp(22, WORLD)),
            ingress(tcp(5432, "10.1.0.0/16"), tcp(5432, OTHER_GROUP)),
            ingress(ports(8, 0, WORLD, protocol="icmp")),
            ingress(ports(25, 29, "3.0.0.0/8"), ports(30, 40, "18.0.0.0/8")),
        ),
        unknown={
            **UNSEEN_GROUPS,
            "ec2:GetManagedPrefixListEntries": ingress(
                tcp(5432, PREFIX_LIST),
                prefix_lists={PREFIX_LIST: denied("ec2:GetManagedPrefixListEntries")},
            ),
        },
    ),
    "NET-SSH-CLOSED": Examples(
        failing=(ingress(tcp(22, "203.0.113.10/32")), ingress(tcp(22, OTHER_GROUP))),
        passing=(ingress(tcp(443, WORLD)),),
        unknown=UNSEEN_GROUPS,
    ),
    "NET-PUBLIC-ADDRESS": Examples(
        failing=(
            with_interfaces(INTERFACE, replace(INTERFACE, public_address=True)),
            with_interfaces(INTERFACE, replace(INTERFACE, private_subnet=False)),
            with_interfaces(
                replace(
                    INTERFACE, public_address=True, private_subnet=denied("ec2:DescribeSubnets")
                )
            ),
        ),
        unknown={
            "ec2:DescribeRouteTables": with_interfaces(
                INTERFACE, replace(INTERFACE, private_subnet=denied("ec2:DescribeRouteTables"))
            ),
            "ec2:DescribeNetworkInterfaces": with_interfaces(
                replace(INTERFACE, public_address=denied("ec2:DescribeNetworkInterfaces"))
            ),
            "ec2:DescribeInstances": with_interfaces(),
        },
    ),
    "NET-EGRESS": Examples(
        failing=(
            egress(everything(WORLD)),
            egress(tcp(80, "203.0.113.0/24")),
            egress(ports(443, 444, WORLD)),
            egress(ports(443, 443, WORLD, protocol="udp")),
            egress(tcp(22, PREFIX_LIST), prefix_lists={PREFIX_LIST: ("203.0.113.0/24",)}),
        ),
        passing=(
            egress(),
            egress(everything("10.0.0.0/16"), tcp(5432, OTHER_GROUP)),
            egress(tcp(443, PREFIX_LIST)),
        ),
        unknown={
            "ec2:DescribeSecurityGroups": with_network(egress=denied("ec2:DescribeSecurityGroups")),
            "ec2:GetManagedPrefixListEntries": egress(tcp(80, PREFIX_LIST)),
        },
    ),
    "EBS-ENCRYPTED": Examples(
        failing=(with_disk(encrypted=False, kms_key=None, key_manager=None),),
        passing=(with_disk(key_manager=KeyManager.AWS),),
        unknown={
            "ec2:DescribeVolumes": with_disk(encrypted=denied("ec2:DescribeVolumes")),
            "it names no disk": with_posture(disks=()),
        },
    ),
    "EBS-CUSTOMER-KEY": Examples(
        failing=(
            with_disk(key_manager=KeyManager.AWS),
            with_disk(encrypted=False, kms_key=None, key_manager=None),
        ),
        unknown={
            "kms:DescribeKey": with_disk(key_manager=denied("kms:DescribeKey")),
            "ec2:DescribeVolumes": with_disk(
                encrypted=denied("ec2:DescribeVolumes"), key_manager=denied("ec2:DescribeVolumes")
            ),
            "it names no disk": with_posture(disks=()),
        },
    ),
    "EBS-ENDS-WITH-INSTANCE": Examples(
        failing=(with_disk(delete_on_termination=False),),
        passing=(with_disk(encrypted=denied("ec2:DescribeVolumes"), kms_key=KEY),),
        unknown={"it names no disk": with_posture(disks=())},
    ),
    "IMDS-V2": Examples(
        failing=(with_metadata(http_tokens="optional"),),
        passing=(with_metadata(http_endpoint="disabled", http_tokens="optional"),),
        unknown=NO_METADATA,
    ),
    "IMDS-HOP-LIMIT": Examples(
        failing=(with_metadata(http_put_response_hop_limit=2),),
        passing=(with_metadata(http_endpoint="disabled", http_put_response_hop_limit=64),),
        unknown=NO_METADATA,
    ),
    "IAM-WILDCARD": Examples(
        failing=(
            with_role(role(["*"], ["*"])),
            with_role(role(["s3:*"], ["*"])),
            with_role(role(), managed=(ADMINISTRATOR,)),
            with_role(role(), managed=(replace(OWN_POLICY, content=everything_allowed()),)),
            with_role(role(["*"], ["*"]), managed=denied("iam:ListAttachedRolePolicies")),
        ),
        passing=(with_role(role()),),
        unknown={
            **NO_PROFILE,
            "iam:ListRolePolicies": with_role(role(), inline=denied("iam:ListRolePolicies")),
            "iam:GetRolePolicy": with_role(
                role(), inline=(InlinePolicy(name="spawn", content=denied("iam:GetRolePolicy")),)
            ),
            "iam:ListAttachedRolePolicies": with_role(
                role(), managed=denied("iam:ListAttachedRolePolicies")
            ),
            "iam:GetPolicyVersion": with_role(role(), managed=(OWN_POLICY,)),
        },
    ),
    "IAM-BOUNDARY": Examples(
        failing=(with_role(role(), boundary=None),),
        passing=(with_role(role()),),
        unknown={**NO_PROFILE, "iam:GetRole": with_role(role(), boundary=denied("iam:GetRole"))},
    ),
    "SECRET-IN-USER-DATA": Examples(
        failing=(
            with_posture(user_data=UserData(size_bytes=40, secrets=(SECRET,))),
            with_posture(user_data=UserData(size_bytes=40, is_readable=False, secrets=(SECRET,))),
        ),
        passing=(
            with_posture(user_data=UserData(size_bytes=40)),
            with_posture(user_data=UserData(size_bytes=40, secrets=(LIKELY,))),
        ),
        unknown=NO_USER_DATA,
    ),
    "SECRET-LIKELY-IN-USER-DATA": Examples(
        failing=(with_posture(user_data=UserData(size_bytes=40, secrets=(SECRET, LIKELY))),),
        passing=(with_posture(user_data=UserData(size_bytes=40, secrets=(SECRET,))),),
        unknown=NO_USER_DATA,
    ),
    "SECRET-IN-TAGS": Examples(
        failing=(with_tags({"owner": "alice", "db-password": "sunflower42"}),),
        passing=(with_tags({"owner": "alice", "commit": "0123456789abcdef" * 2}),),
        unknown={},
    ),
    "SECRET-IN-ENVIRONMENT": Examples(
        failing=(
            with_posture(user_data=UserData(size_bytes=40, secret_variables=("API_KEY",))),
            with_posture(
                user_data=UserData(size_bytes=40, is_readable=False, secret_variables=("A",))
            ),
        ),
        passing=(with_posture(), with_posture(user_data=UserData(size_bytes=40))),
        unknown={
            "ec2:DescribeInstanceAttribute": with_posture(
                user_data=denied("ec2:DescribeInstanceAttribute")
            ),
            "no readable text": with_posture(user_data=UserData(size_bytes=40, is_readable=False)),
        },
    ),
    "END-DATE": Examples(
        failing=(
            with_ending(expires_at=None),
            with_ending(expires_at=NOW),
            with_ending(expires_at=NOW - timedelta(seconds=1)),
            with_ending(expires_at=NOW - timedelta(seconds=1), is_stopped=True),
            kept(**LATE),
            kept(expires_at=NOW - timedelta(days=7), is_stopped=True),
        ),
        passing=(HELD, kept(), kept(**LATE, is_stopped=True)),
        unknown={},
    ),
    "END-WITHIN-30-DAYS": Examples(
        failing=(
            with_ending(expires_at=None),
            with_ending(expires_at=NOW + timedelta(days=30, seconds=1)),
        ),
        passing=(HELD, with_ending(expires_at=NOW + timedelta(days=30))),
        unknown={},
    ),
    "END-BACKSTOP": Examples(
        failing=(
            with_ending(backstop_at=None),
            with_ending(expires_at=None),
            with_ending(backstop_at=NOW + timedelta(hours=7)),
            with_ending(backstop_at=NOW + timedelta(hours=9)),
            kept(stopped_at=None),
            kept(backstop_at=None),
            kept(stopped_at=NOW + timedelta(hours=9)),
            kept(backstop_at=NOW + timedelta(hours=8, minutes=5)),
            replace(kept(), tags={"owner": "alice"}),
            kept(**LATE, backstop_at=NOW + timedelta(days=7)),
        ),
        passing=(
            HELD,
            kept(),
            kept(
                **LATE,
                is_stopped=True,
                backstop_at=NOW + timedelta(days=6, hours=23, minutes=5),
            ),
            replace(
                with_ending(backstop_at=NOW + timedelta(hours=8, minutes=35)),
                tags={"owner": "alice", "spawn:pre-stop-timeout": "30m"},
            ),
        ),
        unknown={
            "scheduler:GetSchedule": with_ending(backstop_at=denied("scheduler:GetSchedule")),
            "refused": kept(stopped_at=denied("scheduler:GetSchedule")),
        },
    ),
    "END-BY-SHUTDOWN": Examples(
        failing=(with_ending(shutdown_behavior="stop"), kept(shutdown_behavior="terminate")),
        passing=(HELD, kept()),
        unknown={
            "ec2:DescribeInstanceAttribute": with_ending(
                shutdown_behavior=denied("ec2:DescribeInstanceAttribute")
            )
        },
    ),
    "IMAGE-OWNER": Examples(failing=(with_image(is_known_owner=False),), unknown=NO_IMAGE),
    "IMAGE-AGE": Examples(
        failing=(
            with_image(created_at=NOW - timedelta(days=181)),
            with_image(is_deprecated=True),
            with_image(is_deprecated=True, created_at=None),
        ),
        passing=(with_image(created_at=NOW - timedelta(days=179)),),
        unknown={**NO_IMAGE, "when the image was made": with_image(created_at=None)},
    ),
    "TAG-OWNER": Examples(
        failing=(with_tags({}), with_tags({"owner": " "})),
        passing=(with_tags({"owner": "alice"}),),
        unknown={},
    ),
    "TAG-REQUIRED": Examples(
        failing=(
            with_tags({"owner": "alice", "project": "apollo"}),
            with_tags({"owner": "alice", "project": "", "classification": "internal"}),
        ),
        unknown={},
    ),
}
