"""The public images of the embedded cloud: what a person finds on EC2 under the same words.

Ids are made from the name and the region, so that they differ by region and stay the same from
one cloud to the next. All boot the same local user space: only what EC2 says of them differs.
"""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.ec2.models.amis import Ami
from moto.ec2.models.elastic_block_store import Snapshot
from moto.ssm.models import Parameter

from spawn.local.control import account

AMAZON, CANONICAL, DEBIAN, STRANGER = "137112412989", "099720109477", "136693071363", "210987654321"
DEPRECATED_AFTER = timedelta(days=90)  # as Amazon Linux does; Canonical and Debian take 2 years
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

    def image_id(self, region: str) -> str:
        digest = hashlib.sha256(f"{region}/{self.owner_id}/{self.name}".encode()).hexdigest()
        return f"ami-{digest[:17]}"


def catalogue(now: datetime) -> list[ImageSpec]:
    """The images there are at a time; the newest are some days old."""
    specs = []
    for days_old in (6, 34, 62):
        specs += [_amazon_linux(now, days_old, arch) for arch in ("x86_64", "arm64")]
    specs += [_ubuntu(now, release, arch) for release in _UBUNTU for arch in ("amd64", "arm64")]
    specs += [_debian(now, arch) for arch in ("amd64", "arm64")]
    return [*specs, _amazon_linux(now, 400, "x86_64"), _strange(now)]


def _days_ago(now: datetime, days: int) -> datetime:
    """A moment that is the same for all of a day, so that ids don't change within it."""
    midnight = now.astimezone(UTC).replace(hour=20, minute=15, second=0, microsecond=0)
    return midnight - timedelta(days=days)


def _amazon_linux(now: datetime, days_old: int, architecture: str) -> ImageSpec:
    created = _days_ago(now, days_old)
    serial = f"{created:%Y%m%d}.0-kernel-6.1-{architecture}"
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
    )


_UBUNTU = {"24.04": ("noble", "hvm-ssd-gp3"), "22.04": ("jammy", "hvm-ssd")}


def _ubuntu(now: datetime, release: str, architecture: str) -> ImageSpec:
    codename, kind = _UBUNTU[release]
    created = _days_ago(now, 11)
    prefix = f"ubuntu/images/{kind}/ubuntu-{codename}"
    return ImageSpec(
        name=f"{prefix}-{release}-{architecture}-server-{created:%Y%m%d}",
        description=f"Canonical, Ubuntu, {release}, {architecture} {codename} image",
        owner_id=CANONICAL,
        architecture="x86_64" if architecture == "amd64" else architecture,
        root_device="/dev/sda1",
        created=created,
        deprecated=created + timedelta(days=730),
    )


def _debian(now: datetime, architecture: str) -> ImageSpec:
    created = _days_ago(now, 20)
    return ImageSpec(
        name=f"debian-12-{architecture}-{created:%Y%m%d}-2100",
        description=f"Debian 12 ({created:%Y%m%d}-2100)",
        owner_id=DEBIAN,
        architecture="x86_64" if architecture == "amd64" else architecture,
        root_device="/dev/xvda",
        created=created,
        deprecated=created + timedelta(days=730),
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


class Image(Ami):
    """moto's image with the root disk that these have: 8 GiB, gp3, gone with the instance."""

    deprecation_time: str | None = None
    imds_support: str | None = None
    ena_support = True
    root_volume_gib = 8

    @property
    def block_device_mappings(self) -> list[dict[str, Any]]:
        return [
            {
                "DeviceName": self.root_device_name,
                "Ebs": {
                    "SnapshotId": self.ebs_snapshot.id,
                    "VolumeSize": self.root_volume_gib,
                    "DeleteOnTermination": True,
                    "VolumeType": "gp3",
                    "Encrypted": False,
                },
            }
        ]

    def is_deprecated(self, now: datetime) -> bool:
        """Whether its owner has declared it past its time."""
        if self.deprecation_time is None:
            return False
        return datetime.fromisoformat(self.deprecation_time) <= now


def put_images(region: str, now: datetime) -> None:
    """Fill a region that is used for the first time."""
    backend = account.ec2(region)
    for spec in catalogue(now):
        image_id = spec.image_id(region)
        backend.amis[image_id] = _image(backend, image_id, spec)
    _put_parameters(region, now)


def _image(backend: Any, image_id: str, spec: ImageSpec) -> Image:
    image = Image(
        backend,
        image_id,
        name=spec.name,
        description=spec.description,
        owner_id=spec.owner_id,
        owner_alias=spec.owner_alias,
        public=True,
        virtualization_type="hvm",
        architecture=spec.architecture,
        creation_date=spec.created.replace(tzinfo=None),
        image_location=f"{spec.owner_alias or spec.owner_id}/{spec.name}",
        hypervisor="xen",
        root_device_type="ebs",
        root_device_name=spec.root_device,
        region_name=f"{backend.region_name}a",
    )
    image.imds_support = spec.imds_support
    if spec.deprecated is not None:
        image.deprecation_time = spec.deprecated.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    _shrink(image.ebs_snapshot)
    return image


def _shrink(snapshot: Snapshot) -> None:
    snapshot.volume.size = Image.root_volume_gib


def _put_parameters(region: str, now: datetime) -> None:
    """The public parameters that name the newest Amazon Linux 2023."""
    # PutParameter refuses names under /aws.
    parameters: Any = account.ssm(region)._parameters  # noqa: SLF001
    parameters.latest_amis_loaded = True  # moto's own name images that are not there
    for architecture in ("x86_64", "arm64"):
        image_id = _amazon_linux(now, 6, architecture).image_id(region)
        for kernel in ("default", "6.1"):
            name = f"{_AL2023}-kernel-{kernel}-{architecture}"
            parameters[name] = [
                Parameter(  # type: ignore[abstract]
                    account_id=account.ACCOUNT_ID,
                    name=name,
                    value=image_id,
                    parameter_type="String",
                    description=None,
                    allowed_pattern=None,
                    keyid=None,
                    last_modified_date=now.replace(tzinfo=None),
                    version=1,
                    data_type="aws:ec2:image",
                )
            ]
