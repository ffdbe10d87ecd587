"""Images are found by the owners and names that AWS's documentation gives."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.local.conftest import Account

AMAZON, DEEP_LEARNING = "137112412989", "898082745236"


def _found(account: Account, owner: str, pattern: str, **filters: str) -> list[dict[str, Any]]:
    conditions = {"name": pattern, "state": "available", **filters}
    answer = account.client("ec2").describe_images(
        Owners=[owner],
        Filters=[{"Name": k, "Values": [v]} for k, v in conditions.items()],
    )
    return sorted(answer["Images"], key=lambda image: str(image["CreationDate"]))


@pytest.mark.parametrize("system", ["Amazon Linux 2023", "Ubuntu 22.04"])
@pytest.mark.parametrize(("architecture", "family"), [("x86_64", "Base"), ("arm64", "ARM64 Base")])
def test_deep_learning_images(
    account: Account, system: str, architecture: str, family: str
) -> None:
    """Several dates of each base image, by Amazon's alias, and the newest by its parameter."""
    pattern = f"Deep Learning {family} OSS Nvidia Driver GPU AMI ({system}) ????????"
    images = _found(account, "amazon", pattern, architecture=architecture)
    assert len(images) == 3
    assert {image["OwnerId"] for image in images} == {DEEP_LEARNING}
    word = {"Amazon Linux 2023": "al2023", "Ubuntu 22.04": "ubuntu-22.04"}[system]
    base = f"/aws/service/deeplearning/ami/{architecture}/base-oss-nvidia-driver-gpu-{word}"
    parameter = account.client("ssm").get_parameter(Name=f"{base}/latest/ami-id")["Parameter"]
    assert parameter["Value"] == images[-1]["ImageId"]
    [disk] = images[-1]["BlockDeviceMappings"]
    assert disk["DeviceName"] == images[-1]["RootDeviceName"]
    assert disk["Ebs"]["VolumeSize"] > 50


@pytest.mark.parametrize(
    ("owner", "pattern"),
    [
        ("591542846629", "al2023-ami-ecs-hvm-2023.0.*-kernel-6.1-x86_64"),
        ("092701018921", "bottlerocket-aws-ecs-2-arm64-v*"),
        ("075585003325", "Flatcar-stable-*-hvm"),
        (AMAZON, "amzn2-ami-kernel-5.10-hvm-2.0.*-x86_64-gp2"),
        (AMAZON, "al2023-ami-minimal-2023.*-kernel-6.1-x86_64"),
    ],
)
def test_images_for_other_uses(account: Account, owner: str, pattern: str) -> None:
    """Container hosts and older systems stand under their publishers' names."""
    [image] = _found(account, owner, pattern)
    assert image["PlatformDetails"] == "Linux/UNIX"
    assert "Platform" not in image


def test_a_windows_image_says_so(account: Account) -> None:
    """On the image, with how it is billed, and on the instance that is made of it."""
    [image] = _found(account, "801119661308", "Windows_Server-2022-English-Full-Base-*")
    assert image["Platform"] == "windows"
    assert (image["PlatformDetails"], image["UsageOperation"]) == ("Windows", "RunInstances:0002")
    disk = image["BlockDeviceMappings"][0]["Ebs"]
    assert disk["VolumeSize"] == 30
    instance = account.launch(ImageId=image["ImageId"])
    assert account.describe(instance["InstanceId"])["Platform"] == "windows"


def test_ids_stay_and_differ_by_region(account: Account) -> None:
    """The same name has the same id whenever it is asked for, and another elsewhere."""
    ids = [
        {i["Name"]: i["ImageId"] for i in client.describe_images(Owners=["amazon"])["Images"]}
        for client in (account.client("ec2", region=r) for r in ("us-east-1", "eu-west-1"))
    ]
    assert ids[0].keys() == ids[1].keys()
    assert not set(ids[0].values()) & set(ids[1].values())


def test_gpu_types_tell_of_their_gpus(account: Account) -> None:
    """DescribeInstanceTypes has the maker of the GPU, the architecture and the markets."""
    types = account.client("ec2").describe_instance_types(
        InstanceTypes=["g4dn.xlarge", "g5g.xlarge", "t3.micro"]
    )["InstanceTypes"]
    found = {t["InstanceType"]: t for t in types}
    for name in ("g4dn.xlarge", "g5g.xlarge"):
        assert found[name]["GpuInfo"]["Gpus"][0]["Manufacturer"] == "NVIDIA"
        assert "spot" in found[name]["SupportedUsageClasses"]
    assert found["g5g.xlarge"]["ProcessorInfo"]["SupportedArchitectures"] == ["arm64"]
    assert "GpuInfo" not in found["t3.micro"]
