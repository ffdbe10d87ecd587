"""The catalogue's images put into a region, as moto's objects, with the parameters naming them.

All boot the same local user space: only what EC2 says of them differs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.ec2.models.amis import Ami
from moto.ssm.models import Parameter

from spawn.local.control import account
from spawn.local.control.catalogue import ImageSpec, catalogue


class Image(Ami):
    """moto's image with the disk and the members that these have: gp3, gone with the instance."""

    deprecation_time: str | None = None
    imds_support: str | None = None
    ena_support = True
    root_volume_gib = 8
    has_ssm_agent = True
    can_hibernate = True
    platform_details = "Linux/UNIX"
    usage_operation = "RunInstances"

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
    # PutParameter refuses names under /aws.
    parameters: Any = account.ssm(region)._parameters  # noqa: SLF001
    parameters.latest_amis_loaded = True  # moto's own name images that are not there
    for spec in catalogue(now):
        image_id = spec.image_id(region)
        backend.amis[image_id] = _image(backend, image_id, spec)
        for name in spec.parameters:
            parameters[name] = [_parameter(name, image_id, now)]


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
        platform=spec.platform,
        root_device_type="ebs",
        root_device_name=spec.root_device,
        region_name=f"{backend.region_name}a",
    )
    image.imds_support = spec.imds_support
    image.has_ssm_agent = spec.has_ssm_agent
    image.can_hibernate = spec.can_hibernate
    image.root_volume_gib = image.ebs_snapshot.volume.size = spec.root_gib
    if spec.platform == "windows":
        # EC2 user guide, "AMI billing information fields"
        image.platform_details, image.usage_operation = "Windows", "RunInstances:0002"
    if spec.deprecated is not None:
        image.deprecation_time = spec.deprecated.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return image


def _parameter(name: str, image_id: str, now: datetime) -> Parameter:
    return Parameter(  # type: ignore[abstract]
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
