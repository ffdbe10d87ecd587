"""Instance types and images as DescribeInstanceTypes and DescribeImages show them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from spawn.aws.ec2 import InstanceType, instance_types
from spawn.aws.ec2_images import Image, images
from spawn.images.chosen import Onlooker

NOW = datetime(2026, 10, 30, 12, tzinfo=UTC)
ME = Onlooker(account="123456789012", partition="aws", region="eu-west-1", now=NOW)
AMI = "ami-0123456789abcdef0"

AMAZON_LINUX, DEEP_LEARNING = "137112412989", "898082745236"
CANONICAL, DEBIAN = "099720109477", "136693071363"
STRANGER = "666666666666"


def image(**members: Any) -> Image:
    """Return an Amazon Linux image through the parser of AWS's answer."""
    answer = {
        "ImageId": AMI,
        "Name": "al2023-ami-2023.12.20260930.0-kernel-6.1-x86_64",
        "OwnerId": AMAZON_LINUX,
        "Architecture": "x86_64",
        "RootDeviceName": "/dev/xvda",
        "RootDeviceType": "ebs",
        "VirtualizationType": "hvm",
        "State": "available",
        "CreationDate": "2026-10-01T06:28:33.000Z",
        "BlockDeviceMappings": [
            {
                "DeviceName": "/dev/xvda",
                "Ebs": {"VolumeSize": 8, "VolumeType": "gp3", "Encrypted": False},
            }
        ],
    }
    return images({"Images": [answer | members]})[0]


def type_of(*architectures: str, name: str = "t3.micro", **members: Any) -> InstanceType:
    """Return an instance type of these architectures."""
    answer = {
        "InstanceType": name,
        "ProcessorInfo": {"SupportedArchitectures": list(architectures)},
    }
    return instance_types({"InstanceTypes": [answer | members]})[0]


def _gpu(manufacturer: str, name: str) -> dict[str, Any]:
    """The GPUs of a type; a fraction of one is counted as none."""
    return {"Gpus": [{"Count": 0, "Manufacturer": manufacturer, "Name": name}]}


X86 = type_of("x86_64")
ARM = type_of("arm64", name="m7g.large")
T4 = type_of("x86_64", name="g4dn.xlarge", GpuInfo=_gpu("NVIDIA", "T4"))
T4G = type_of("arm64", name="g5g.xlarge", GpuInfo=_gpu("NVIDIA", "T4g"))
V100 = type_of("x86_64", name="p3.2xlarge", GpuInfo=_gpu("NVIDIA", "V100"))
RADEON = type_of("x86_64", name="g4ad.xlarge", GpuInfo=_gpu("AMD", "Radeon Pro V520"))
INFERENTIA = type_of(
    "x86_64",
    name="inf2.xlarge",
    InferenceAcceleratorInfo={"Accelerators": [{"Manufacturer": "AWS", "Name": "Inferentia2"}]},
    NeuronInfo={"NeuronDevices": [{"Count": 1, "Name": "Inferentia2"}]},
)
TRAINIUM = type_of(
    "x86_64", name="trn1.2xlarge", NeuronInfo={"NeuronDevices": [{"Name": "Trainium"}]}
)

# One day's images: name with {arch}, {short} for it and {day}; whose they are.
_LINES = (
    ("al2023-ami-2023.12.{day}.0-kernel-6.1-{arch}", AMAZON_LINUX),
    ("al2023-ami-2023.12.{day}.0-kernel-6.18-{arch}", AMAZON_LINUX),
    ("al2023-ami-minimal-2023.12.{day}.0-kernel-6.1-{arch}", AMAZON_LINUX),
    ("al2023-ami-ecs-hvm-2023.0.{day}-kernel-6.1-{arch}", AMAZON_LINUX),
    ("ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-{short}-server-{day}", CANONICAL),
    ("ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-{short}-server-{day}", CANONICAL),
    ("ubuntu/images-testing/hvm-ssd-gp3/ubuntu-noble-daily-{short}-server-{day}", CANONICAL),
    ("ubuntu-minimal/images/hvm-ssd-gp3/ubuntu-noble-24.04-{short}-minimal-{day}", CANONICAL),
    ("ubuntu-pro-server/images/hvm-ssd/ubuntu-jammy-22.04-{short}-pro-server-{day}", CANONICAL),
    ("ubuntu-eks/k8s_1.33/images/hvm-ssd/ubuntu-jammy-22.04-{short}-server-{day}", CANONICAL),
    ("debian-12-{short}-{day}-2490", DEBIAN),
    ("debian-12-backports-{short}-{day}-2490", DEBIAN),
    ("debian-13-{short}-{day}-2490", DEBIAN),
    ("Deep Learning {base} OSS Nvidia Driver GPU AMI (Amazon Linux 2023) {day}", DEEP_LEARNING),
    ("Deep Learning {base} OSS Nvidia Driver GPU AMI (Ubuntu 24.04) {day}", DEEP_LEARNING),
    ("Deep Learning {base} OSS Nvidia Driver GPU AMI (Ubuntu 22.04) {day}", DEEP_LEARNING),
    ("Deep Learning {base} AMI with Single CUDA (Ubuntu 22.04) {day}", DEEP_LEARNING),
    ("Deep Learning AMI Neuron (Ubuntu 22.04) {day}", DEEP_LEARNING),
    ("Deep Learning OSS Nvidia Driver AMI GPU PyTorch 2.11 (Ubuntu 24.04) {day}", DEEP_LEARNING),
)


def published(day: int, architecture: str, *, owner: str = "", **members: Any) -> list[Image]:
    """Return what all publishers put out on a day of October 2026, or `owner` under their names."""
    short = "amd64" if architecture == "x86_64" else architecture
    base = "Base" if architecture == "x86_64" else "ARM64 Base"
    return [
        image(
            **{
                "ImageId": f"ami-{number:02x}{day:02x}{architecture}",
                "Name": name.format(arch=architecture, short=short, base=base, day=202610_00 + day),
                "OwnerId": owner or publisher,
                "Architecture": architecture,
                "CreationDate": f"2026-10-{day:02}T20:00:00.000Z",
                "DeprecationTime": "2026-12-01T00:00:00.000Z",
            }
            | members
        )
        for number, (name, publisher) in enumerate(_LINES)
    ]


def listing() -> list[Image]:
    """Return what a search by name alone would find: the images of the 20th are the right ones.

    Older ones, newer ones that are withdrawn or not ready, and still newer ones of a stranger.
    """
    return [
        found
        for architecture in ("x86_64", "arm64")
        for found in (
            *published(3, architecture),
            *published(20, architecture),
            *published(21, architecture, DeprecationTime="2026-10-29T00:00:00.000Z"),
            *published(22, architecture, State="pending"),
            *published(28, architecture, owner=STRANGER),
            *published(29, architecture, owner=STRANGER, ImageOwnerAlias="aws-marketplace"),
        )
    ]
