"""What an account sets for a whole region, which moto does not know.

Sources: EC2 API Reference, ModifyInstanceMetadataDefaults, EnableSnapshotBlockPublicAccess,
EnableImageBlockPublicAccess, EnableAllowedImagesSettings; EBS user guide, "Block public access for
snapshots". Images stay found and launched whatever is allowed: that is kept, and not acted on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from spawn.local.control.duty import Duty
from spawn.local.control.memory import Memory, RegionSettings
from spawn.local.control.messages import AwsError

_MOST_HOPS = 64
_BLOCKED = frozenset({"block-all-sharing", "block-new-sharing"})


def _settings(memory: Memory, region: str) -> RegionSettings:
    return memory.region_settings.get(region, RegionSettings())


def _set(duty: Duty, **changed: Any) -> None:
    region = duty.call.region
    kept = _settings(duty.memory, region)
    duty.memory.region_settings[region] = dataclasses.replace(kept, **changed)


def _one_of(duty: Duty, name: str, allowed: frozenset[str]) -> str:
    value = str(duty.call.parameters.get(name) or "")
    if value not in allowed:
        raise AwsError("InvalidParameterValue", f"Value ({value}) for parameter {name} is invalid.")
    return value


def _metadata_defaults(duty: Duty) -> Any:
    found = _settings(duty.memory, duty.call.region).metadata
    return {"AccountLevel": {**found, "ManagedBy": "account"} if found else {}}


def _modify_metadata_defaults(duty: Duty) -> Any:
    """What is left out stays; `no-preference`, and -1 for hops, take a default away."""
    asked = {key: value for key, value in duty.call.parameters.items() if key != "DryRun"}
    hops = int(asked.get("HttpPutResponseHopLimit", 1))
    if not (1 <= hops <= _MOST_HOPS or hops == -1):
        raise AwsError("InvalidParameterValue", f"The hop limit {hops} is not between 1 and 64.")
    found = {**_settings(duty.memory, duty.call.region).metadata, **asked}
    kept = {key: value for key, value in found.items() if value not in {"no-preference", -1}}
    _set(duty, metadata=kept)
    return {"Return": True}


def _snapshot_block(duty: Duty) -> Any:
    state = _settings(duty.memory, duty.call.region).snapshot_block
    return {"State": state, "ManagedBy": "account"}


def _enable_snapshot_block(duty: Duty) -> Any:
    state = _one_of(duty, "State", _BLOCKED)
    _set(duty, snapshot_block=state)
    return {"State": state}


def _disable_snapshot_block(duty: Duty) -> Any:
    _set(duty, snapshot_block="unblocked")
    return {"State": "unblocked"}


def _image_block(duty: Duty) -> Any:
    state = _settings(duty.memory, duty.call.region).image_block
    return {"ImageBlockPublicAccessState": state, "ManagedBy": "account"}


def _enable_image_block(duty: Duty) -> Any:
    name = "ImageBlockPublicAccessState"
    state = _one_of(duty, name, frozenset({"block-new-sharing"}))
    _set(duty, image_block=state)
    return {name: state}


def _disable_image_block(duty: Duty) -> Any:
    _set(duty, image_block="unblocked")
    return {"ImageBlockPublicAccessState": "unblocked"}


def _allowed_images(duty: Duty) -> Any:
    kept = _settings(duty.memory, duty.call.region)
    return {
        "State": kept.allowed_images,
        "ImageCriteria": list(kept.image_criteria),
        "ManagedBy": "account",
    }


def _enable_allowed_images(duty: Duty) -> Any:
    name = "AllowedImagesSettingsState"
    state = _one_of(duty, name, frozenset({"enabled", "audit-mode"}))
    _set(duty, allowed_images=state)
    return {name: state}


def _disable_allowed_images(duty: Duty) -> Any:
    _set(duty, allowed_images="disabled")
    return {"AllowedImagesSettingsState": "disabled"}


def _replace_criteria(duty: Duty) -> Any:
    _set(duty, image_criteria=tuple(duty.call.parameters.get("ImageCriteria") or ()))
    return {"ReturnValue": True}


PERFORMED: dict[str, Callable[[Duty], Any]] = {
    "ec2:DisableAllowedImagesSettings": _disable_allowed_images,
    "ec2:DisableImageBlockPublicAccess": _disable_image_block,
    "ec2:DisableSnapshotBlockPublicAccess": _disable_snapshot_block,
    "ec2:EnableAllowedImagesSettings": _enable_allowed_images,
    "ec2:EnableImageBlockPublicAccess": _enable_image_block,
    "ec2:EnableSnapshotBlockPublicAccess": _enable_snapshot_block,
    "ec2:GetAllowedImagesSettings": _allowed_images,
    "ec2:GetImageBlockPublicAccessState": _image_block,
    "ec2:GetInstanceMetadataDefaults": _metadata_defaults,
    "ec2:GetSnapshotBlockPublicAccessState": _snapshot_block,
    "ec2:ModifyInstanceMetadataDefaults": _modify_metadata_defaults,
    "ec2:ReplaceImageCriteriaInAllowedImagesSettings": _replace_criteria,
}


def check_snapshot_sharing(duty: Duty) -> None:
    """A snapshot is not made public where that is blocked. Raises AwsError."""
    parameters = duty.call.parameters
    added = (parameters.get("CreateVolumePermission") or {}).get("Add") or []
    groups = {one.get("Group") for one in added} | set(parameters.get("GroupNames") or [])
    state = _settings(duty.memory, duty.call.region).snapshot_block
    if "all" in groups and parameters.get("OperationType") != "remove" and state in _BLOCKED:
        raise AwsError(
            "OperationNotPermitted",
            "You can't publicly share snapshots: block public access for snapshots is on.",
            status=403,
        )


def with_metadata_defaults(
    parameters: dict[str, Any], region: str, memory: Memory
) -> dict[str, Any]:
    """A launch's parameters with the account's defaults for what they don't say of metadata."""
    options = {**_settings(memory, region).metadata, **(parameters.get("MetadataOptions") or {})}
    return {**parameters, "MetadataOptions": options} if options else parameters
