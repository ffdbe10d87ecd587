"""What RunInstances is asked: pure, from what the plan has decided.

Subnet, groups and the choice of address sit on the network interface: once one of them does, EC2
refuses their top-level twins (API Reference, RunInstances, NetworkInterface).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from spawn.core.endings import End
from spawn.core.steps import OutputReference, Parameters
from spawn.core.tags import tag_list
from spawn.launch.spec import MetadataOptions

# What RunInstances makes besides the instance, and can tag at birth.
_TAGGED = ("instance", "volume", "network-interface")


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """One volume, as it is asked for. None leaves it to the image or to the account.

    The root disk bears the image's own root device name: under any other name size and
    encryption would land on a second, empty disk.
    """

    device_name: str
    is_root: bool
    size_gib: int | None = None
    volume_type: str | None = None
    encrypted: bool | None = None
    kms_key_id: str | None = None


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """Spare capacity that AWS takes back when it needs it. `max_price` is in dollars an hour."""

    max_price: Decimal | None = None


class InstanceRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One type of instance, fully decided, but for where it goes.

    groups          ids, or a reference to the group that an earlier step makes
    public_address  whether its interface gets a public IPv4 address
    profile         name or ARN of the instance profile, None for no role
    user_data       the exact bytes, None for none
    least, most     how many instances: as many as there is capacity for, no fewer than `least`
    spot            None for on demand
    hibernates      whether it may be hibernated
    on_expiry       what powering off means
    """

    image_id: str
    disks: tuple[Disk, ...]
    groups: tuple[str | OutputReference, ...]
    public_address: bool
    private_ip: str | None
    key_name: str | None
    profile: dict[str, str] | None
    metadata: MetadataOptions
    tags: dict[str, str]
    user_data: bytes | None
    least: int
    most: int
    spot: Spot | None
    hibernates: bool
    on_expiry: End


def run_parameters(
    request: InstanceRequest, *, instance_type: str, subnet_id: str, client_token: str
) -> Parameters:
    """Return the parameters of RunInstances for one type in one subnet.

    The client token makes the request safe to repeat with the same parameters, and only those.
    """
    interface: dict[str, Any] = {
        "DeviceIndex": 0,
        "SubnetId": subnet_id,
        "Groups": list(request.groups),
        "AssociatePublicIpAddress": request.public_address,
        "DeleteOnTermination": True,
    }
    parameters: Parameters = {
        "ImageId": request.image_id,
        "InstanceType": instance_type,
        "MinCount": request.least,
        "MaxCount": request.most,
        "ClientToken": client_token,
        "NetworkInterfaces": [_with(interface, PrivateIpAddress=request.private_ip)],
        "BlockDeviceMappings": _mappings(request.disks),
        "MetadataOptions": _metadata(request.metadata),
        # Powering off ends or stops the instance, so that its end needs no permission of its own.
        "InstanceInitiatedShutdownBehavior": request.on_expiry.value,
        "TagSpecifications": _tag_specifications(request.tags),
    }
    user_data = request.user_data
    return _with(
        parameters,
        KeyName=request.key_name,
        IamInstanceProfile=request.profile,
        InstanceMarketOptions=_market(request.spot),
        HibernationOptions={"Configured": True} if request.hibernates else None,
        UserData=None if user_data is None else base64.b64encode(user_data).decode("ascii"),
    )


def _market(spot: Spot | None) -> dict[str, Any] | None:
    """A request that lasts would bring the instance back after it has ended itself: one time."""
    if spot is None:
        return None
    options = {"SpotInstanceType": "one-time", "InstanceInterruptionBehavior": "terminate"}
    price = None if spot.max_price is None else f"{spot.max_price:f}"
    return {"MarketType": "spot", "SpotOptions": _with(options, MaxPrice=price)}


def _mappings(disks: Sequence[Disk]) -> list[dict[str, Any]]:
    return [
        {
            "DeviceName": disk.device_name,
            "Ebs": _with(
                # A volume that outlives its instance is billed, and found by nobody.
                {"DeleteOnTermination": True},
                VolumeSize=disk.size_gib,
                VolumeType=disk.volume_type,
                Encrypted=disk.encrypted,
                KmsKeyId=disk.kms_key_id,
            ),
        }
        for disk in disks
    ]


def _metadata(options: MetadataOptions) -> dict[str, Any]:
    return {
        "HttpTokens": options.http_tokens,
        "HttpPutResponseHopLimit": options.http_put_response_hop_limit,
        "HttpEndpoint": options.http_endpoint,
        "InstanceMetadataTags": options.instance_metadata_tags,
    }


def _tag_specifications(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": tag_list(tags)} for kind in _TAGGED]


def _with(parameters: Mapping[str, Any], **optional: object) -> dict[str, Any]:
    """Return the parameters with those of the optional ones that are not None."""
    return {**parameters, **{name: value for name, value in optional.items() if value is not None}}
