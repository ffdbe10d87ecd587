"""The public images of the embedded cloud: what a person finds on EC2 under the same words. Pure.

Names are as their publishers write them, with dates of their own. Some are there to be mistaken
for another: a stranger's, a minimal one, one with a framework, ones that take no shell script.
"""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta

AMAZON, CANONICAL, DEBIAN, STRANGER = "137112412989", "099720109477", "136693071363", "210987654321"
DEEP_LEARNING, WINDOWS = "898082745236", "801119661308"
ECS, BOTTLEROCKET, FLATCAR = "591542846629", "092701018921", "075585003325"
DEPRECATED_AFTER = timedelta(days=90)  # as Amazon Linux does
LONG_DEPRECATED_AFTER = timedelta(days=730)  # as Canonical, Debian and the other publishers do
_ARCHITECTURES = ("x86_64", "arm64")
_AL2023 = "/aws/service/ami-amazon-linux-latest/al2023-ami"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageSpec:
    """One image, as DescribeImages shows it."""

    name: str
    description: str
    owner_id: str
    architecture: str
    root_device: str
    created: datetime
    deprecated: datetime | None
    owner_alias: str | None = None
    imds_support: str | None = None  # "v2.0": instances require tokens, unless told otherwise
    platform: str | None = None  # "windows", or nothing
    root_gib: int = 8
    has_ssm_agent: bool = True
    can_hibernate: bool = True  # EC2 user guide, "Prerequisites for hibernation", AMIs
    parameters: tuple[str, ...] = ()  # public parameters that name it

    def image_id(self, region: str) -> str:
        """The id, made from name and region: it differs by region, and stays the same."""
        digest = hashlib.sha256(f"{region}/{self.owner_id}/{self.name}".encode()).hexdigest()
        return f"ami-{digest[:17]}"


def catalogue(now: datetime) -> list[ImageSpec]:
    """The images there are at a time; the newest are some days old."""
    specs = []
    for days_old in (6, 34, 62):
        specs += [_amazon_linux(now, days_old, arch) for arch in _ARCHITECTURES]
    specs += [_ubuntu(now, release, arch) for release in _UBUNTU for arch in ("amd64", "arm64")]
    specs += [_debian(now, arch) for arch in ("amd64", "arm64")]
    for days_old in (9, 44, 79):
        specs += [
            _deep_learning(now, days_old, system, arch)
            for system in _DEEP_LEARNING
            for arch in _ARCHITECTURES
        ]
    specs += [_with_framework(now, system) for system in _DEEP_LEARNING]
    specs += [_amazon_linux_2(now, arch) for arch in _ARCHITECTURES]
    specs += [_container_host(now, arch) for arch in _ARCHITECTURES]
    specs += [_bottlerocket(now, arch) for arch in _ARCHITECTURES]
    specs += [_windows(now, version) for version in ("2022", "2025")]
    specs += [_flatcar(now), _minimal(now), _amazon_linux(now, 400, "x86_64")]
    return [*specs, _strange(now)]


def _days_ago(now: datetime, days: int) -> datetime:
    """A moment that is the same for all of a day, so that ids don't change within it."""
    midnight = now.astimezone(UTC).replace(hour=20, minute=15, second=0, microsecond=0)
    return midnight - timedelta(days=days)


def _amazon_linux(now: datetime, days_old: int, architecture: str) -> ImageSpec:
    created = _days_ago(now, days_old)
    serial = f"{created:%Y%m%d}.0-kernel-6.1-{architecture}"
    newest = [f"{_AL2023}-kernel-{kernel}-{architecture}" for kernel in ("default", "6.1")]
    return ImageSpec(
        name=f"al2023-ami-2023.9.{serial}",
        description=f"Amazon Linux 2023 AMI 2023.9.{serial}",
        owner_id=AMAZON,
        owner_alias="amazon",
        architecture=architecture,
        root_device="/dev/xvda",
        created=created,
        deprecated=created + DEPRECATED_AFTER,
        imds_support="v2.0",
        parameters=tuple(newest) if days_old == 6 else (),
    )


def _minimal(now: datetime) -> ImageSpec:
    """Amazon's own, newer than the standard one, and without most of what that has."""
    created = _days_ago(now, 5)
    serial = f"{created:%Y%m%d}.0-kernel-6.1-x86_64"
    return ImageSpec(
        name=f"al2023-ami-minimal-2023.9.{serial}",
        description=f"Amazon Linux 2023 AMI 2023.9.{serial} Minimal",
        owner_id=AMAZON,
        owner_alias="amazon",
        architecture="x86_64",
        root_device="/dev/xvda",
        created=created,
        deprecated=created + DEPRECATED_AFTER,
        imds_support="v2.0",
        root_gib=2,
        has_ssm_agent=False,
    )


def _amazon_linux_2(now: datetime, architecture: str) -> ImageSpec:
    created = _days_ago(now, 16)
    name = f"amzn2-ami-kernel-5.10-hvm-2.0.{created:%Y%m%d}.0-{architecture}-gp2"
    parameter = "/aws/service/ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm"
    return ImageSpec(
        name=name,
        description=f"Amazon Linux 2 Kernel 5.10 AMI 2.0.{created:%Y%m%d}.0 {architecture} HVM gp2",
        owner_id=AMAZON,
        owner_alias="amazon",
        architecture=architecture,
        root_device="/dev/xvda",
        created=created,
        deprecated=created + DEPRECATED_AFTER,
        parameters=(f"{parameter}-{architecture}-gp2",),
    )


def _container_host(now: datetime, architecture: str) -> ImageSpec:
    created = _days_ago(now, 12)
    return ImageSpec(
        name=f"al2023-ami-ecs-hvm-2023.0.{created:%Y%m%d}-kernel-6.1-{architecture}",
        description=f"Amazon Linux AMI 2023.0.{created:%Y%m%d} {architecture} ECS HVM EBS",
        owner_id=ECS,
        owner_alias="amazon",
        architecture=architecture,
        root_device="/dev/xvda",
        created=created,
        deprecated=created + LONG_DEPRECATED_AFTER,
        imds_support="v2.0",
        root_gib=30,
    )


_UBUNTU = {"24.04": ("noble", "hvm-ssd-gp3"), "22.04": ("jammy", "hvm-ssd")}


def _ubuntu(now: datetime, release: str, architecture: str) -> ImageSpec:
    codename, kind = _UBUNTU[release]
    created = _days_ago(now, 11)
    prefix = f"ubuntu/images/{kind}/ubuntu-{codename}"
    disk = "ebs-gp3" if kind.endswith("gp3") else "ebs-gp2"
    parameter = f"/aws/service/canonical/ubuntu/server/{release}/stable/current/{architecture}"
    return ImageSpec(
        name=f"{prefix}-{release}-{architecture}-server-{created:%Y%m%d}",
        description=f"Canonical, Ubuntu, {release}, {architecture} {codename} image",
        owner_id=CANONICAL,
        architecture=_aws_name(architecture),
        root_device="/dev/sda1",
        created=created,
        deprecated=created + LONG_DEPRECATED_AFTER,
        parameters=(f"{parameter}/hvm/{disk}/ami-id",),
    )


def _aws_name(architecture: str) -> str:
    """EC2's name of what Debian and Ubuntu call amd64."""
    return "x86_64" if architecture == "amd64" else architecture


def _debian(now: datetime, architecture: str) -> ImageSpec:
    created = _days_ago(now, 20)
    return ImageSpec(
        name=f"debian-12-{architecture}-{created:%Y%m%d}-2100",
        description=f"Debian 12 ({created:%Y%m%d}-2100)",
        owner_id=DEBIAN,
        architecture=_aws_name(architecture),
        root_device="/dev/xvda",
        created=created,
        deprecated=created + LONG_DEPRECATED_AFTER,
        has_ssm_agent=False,
        parameters=(f"/aws/service/debian/release/12/latest/{architecture}",),
        can_hibernate=False,
    )


# The base systems of the Deep Learning images: their name, root device, root disk, parameter.
_DEEP_LEARNING = {
    "Amazon Linux 2023": ("/dev/xvda", 75, "al2023"),
    "Ubuntu 22.04": ("/dev/sda1", 65, "ubuntu-22.04"),
}


def _deep_learning(now: datetime, days_old: int, system: str, architecture: str) -> ImageSpec:
    created = _days_ago(now, days_old)
    device, root_gib, word = _DEEP_LEARNING[system]
    family = "ARM64 Base" if architecture == "arm64" else "Base"
    name = f"Deep Learning {family} OSS Nvidia Driver GPU AMI ({system}) {created:%Y%m%d}"
    parameter = f"/aws/service/deeplearning/ami/{architecture}/base-oss-nvidia-driver-gpu-{word}"
    return ImageSpec(
        name=name,
        description=f"Supported EC2 instances: GPU instances. Release notes: DLAMI. {system}",
        owner_id=DEEP_LEARNING,
        owner_alias="amazon",
        architecture=architecture,
        root_device=device,
        created=created,
        deprecated=created + LONG_DEPRECATED_AFTER,
        imds_support="v2.0",
        root_gib=root_gib,
        parameters=(f"{parameter}/latest/ami-id",) if days_old == 9 else (),
    )


def _with_framework(now: datetime, system: str) -> ImageSpec:
    """A Deep Learning image that is newer than the base ones, and holds PyTorch besides."""
    created = _days_ago(now, 4)
    device, _, _ = _DEEP_LEARNING[system]
    return ImageSpec(
        name=f"Deep Learning OSS Nvidia Driver AMI GPU PyTorch 2.8 ({system}) {created:%Y%m%d}",
        description="Supported EC2 instances: GPU instances. Release notes: DLAMI PyTorch",
        owner_id=DEEP_LEARNING,
        owner_alias="amazon",
        architecture="x86_64",
        root_device=device,
        created=created,
        deprecated=created + LONG_DEPRECATED_AFTER,
        imds_support="v2.0",
        root_gib=75,
    )


def _bottlerocket(now: datetime, architecture: str) -> ImageSpec:
    return ImageSpec(
        name=f"bottlerocket-aws-ecs-2-{architecture}-v1.42.0-5ed15786",
        description="bottlerocket-aws-ecs-2",
        owner_id=BOTTLEROCKET,
        owner_alias="amazon",
        architecture=architecture,
        root_device="/dev/xvda",
        created=_days_ago(now, 25),
        deprecated=_days_ago(now, 25) + LONG_DEPRECATED_AFTER,
        imds_support="v2.0",
        root_gib=2,
        parameters=(f"/aws/service/bottlerocket/aws-ecs-2/{architecture}/latest/image_id",),
        can_hibernate=False,
    )


def _windows(now: datetime, version: str) -> ImageSpec:
    created = _days_ago(now, 13)
    family = f"Windows_Server-{version}-English-Full-Base"
    return ImageSpec(
        name=f"{family}-{created:%Y.%m.%d}",
        description=f"Microsoft Windows Server {version} Full Locale English AMI provided by "
        "Amazon",
        owner_id=WINDOWS,
        owner_alias="amazon",
        architecture="x86_64",
        root_device="/dev/sda1",
        created=created,
        deprecated=created + LONG_DEPRECATED_AFTER,
        platform="windows",
        root_gib=30,
        parameters=(f"/aws/service/ami-windows-latest/{family}",),
    )


def _flatcar(now: datetime) -> ImageSpec:
    created = _days_ago(now, 30)
    return ImageSpec(
        name="Flatcar-stable-4230.2.3-hvm",
        description="Flatcar Container Linux stable 4230.2.3 (HVM)",
        owner_id=FLATCAR,
        architecture="x86_64",
        root_device="/dev/xvda",
        created=created,
        deprecated=created + LONG_DEPRECATED_AFTER,
        has_ssm_agent=False,
        can_hibernate=False,
    )


def _strange(now: datetime) -> ImageSpec:
    """A name that a search without owners would take for Amazon's."""
    created = _days_ago(now, 1)
    return ImageSpec(
        name=f"al2023-ami-2023.9.{created:%Y%m%d}.0-kernel-6.1-x86_64",
        description="Amazon Linux 2023 with extras",
        owner_id=STRANGER,
        architecture="x86_64",
        root_device="/dev/xvda",
        created=created,
        deprecated=None,
    )
