"""RunInstances, in place of moto's: what moto lacks of it would take longer to mend than to say.

1. Check what EC2 checks; nothing is made when something is wrong.
2. The same ClientToken with the same parameters answers the first launch's instances.
3. As many as there is room for, from MinCount to MaxCount, or none.
4. Make interfaces, instances and disks as asked, with the image's and the account's defaults.
5. Every instance begins pending; the data plane's word makes it running.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime
from typing import Any, cast

from moto.core.types import Base64EncodedString
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance, Reservation
from moto.ec2.utils import random_reservation_id

from spawn.local.control import account, disks
from spawn.local.control.hibernation import check_hibernation, is_configured
from spawn.local.control.images import Image
from spawn.local.control.instances import fail_launch, paint
from spawn.local.control.launch_checks import (
    DEFAULT_TYPE,
    Parameters,
    check_launch,
    launch_subnet,
    other_zones,
)
from spawn.local.control.lookups import find_profile
from spawn.local.control.memory import Launch, Memory
from spawn.local.control.messages import AwsError, dry_run_succeeded
from spawn.local.control.needs.model import tag_list
from spawn.local.control.network import free_private_address
from spawn.local.control.operations import Call
from spawn.local.control.products import vcpus_and_memory
from spawn.local.control.region_settings import with_metadata_defaults
from spawn.local.control.spot import check_market
from spawn.local.control.states import LAUNCHED
from spawn.local.control.switches import LaunchTarget, Switches

# An image that supports IMDSv2 makes tokens required, with a hop limit of 2 (AMI's ImdsSupport).
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html
_IMDS_V2_DEFAULTS = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}
_NOT_OF_THE_LAUNCH = {"ClientToken", "DryRun"}


# moto shows the instance's groups on each of its interfaces; on EC2 each has its own alone.
NetworkInterface.group_set = property(lambda interface: interface._group_set)  # type: ignore[method-assign, assignment]  # noqa: SLF001


class CloudInstance(Instance):
    """moto's instance, whose groups are those of its first interface, as on EC2."""

    reservation_id: str | None = None
    spot_instance_request_id: str | None = None

    @property
    def cpu_options(self) -> dict[str, int]:
        """The processor of its type, which moto leaves out: two threads a core, as on x86."""
        vcpus, _ = vcpus_and_memory(self.instance_type)
        threads = 2 if vcpus > 1 else 1
        return {"CoreCount": vcpus // threads, "ThreadsPerCore": threads}

    def get_tags(self) -> list[dict[str, str]]:
        """As moto has it, without looking through the tags of everything else."""
        place = {"resource_id": self.id, "resource_type": "instance"}
        return [{"key": k, "value": v, **place} for k, v in account.tags_of(self).items()]

    @property
    def security_groups(self) -> list[Any]:
        return list(self.nics[0]._group_set) if getattr(self, "nics", None) else []  # noqa: SLF001

    @security_groups.setter
    def security_groups(self, groups: list[Any]) -> None:
        if getattr(self, "nics", None):
            self.nics[0]._group_set = list(groups)  # noqa: SLF001


def run_instances(call: Call, memory: Memory, now: datetime) -> Reservation:
    """Launch what the call asks for. Raises AwsError."""
    parameters = with_template(call.parameters, call.region)
    known = _known_launch(parameters, call.region, memory)
    if known is not None:
        return known
    check_launch(parameters, call.region)
    check_hibernation(parameters, call.region)
    target = target_of(parameters, call.region)
    check_market(parameters, target.zone, now)
    _check_profile_delay(parameters, memory, now)
    count = _granted(parameters, call.region, target, memory.switches)
    if parameters.get("DryRun"):
        raise dry_run_succeeded()
    memory.switches.use_capacity(target, count)
    completed = with_metadata_defaults(parameters, call.region, memory)
    reservation = _reserve(completed, call.region, count, memory=memory, now=now)
    token = parameters.get("ClientToken")
    if token:
        launch = Launch(fingerprint=fingerprint(parameters), result=reservation.id)
        memory.tokens[call.region, "RunInstances", token] = launch
    return reservation


def fingerprint(parameters: Parameters) -> str:
    """A hash of what was asked for; equal for equal parameters."""
    asked = {key: value for key, value in parameters.items() if key not in _NOT_OF_THE_LAUNCH}
    text = json.dumps(asked, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def with_template(parameters: Parameters, region: str) -> Parameters:
    """The parameters with those of the launch template filled in where absent."""
    wanted = parameters.get("LaunchTemplate")
    if not wanted:
        return parameters
    version = account.ec2(region)._get_template_from_args(wanted)  # noqa: SLF001 - moto has no other
    return {**version.data, **parameters}


def _known_launch(parameters: Parameters, region: str, memory: Memory) -> Reservation | None:
    """https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html."""
    launch = memory.tokens.get((region, "RunInstances", parameters.get("ClientToken") or ""))
    if launch is None:
        return None
    if launch.fingerprint != fingerprint(parameters):
        raise AwsError(
            "IdempotentParameterMismatch",
            "Arguments on this idempotent request are inconsistent with arguments used in "
            "previous request(s).",
        )
    return account.ec2(region).reservations.get(launch.result)


def target_of(parameters: Parameters, region: str) -> LaunchTarget:
    """What a launch is about: its type, the zone it goes to, its market."""
    subnet = launch_subnet(parameters, region)
    return LaunchTarget(
        instance_type=parameters.get("InstanceType") or DEFAULT_TYPE,
        zone=subnet.availability_zone if subnet else f"{region}a",
        market="spot" if _is_spot(parameters) else "on-demand",
    )


def launch_target(call: Call) -> LaunchTarget | None:
    """What a call launches, where it launches at all."""
    if call.name != "ec2:RunInstances" or call.region not in account.regions():
        return None
    return target_of(call.parameters, call.region)


def _granted(parameters: Parameters, region: str, target: LaunchTarget, switches: Switches) -> int:
    """How many instances there is room for: from MinCount to MaxCount. Raises AwsError.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html, MinCount
    """
    most = int(parameters.get("MaxCount", 1))
    room = switches.capacity(target)
    count = most if room is None else min(room, most)
    if count >= int(parameters.get("MinCount", 1)):
        return count
    if target.market == "spot":
        words = "There is no Spot capacity available that matches your request."
    else:
        others = other_zones(target.instance_type, region, target.zone)
        words = (
            f"We currently do not have sufficient {target.instance_type} capacity in the "
            f"Availability Zone you requested ({target.zone}). Our system will be working on "
            f"provisioning additional capacity. You can currently get {target.instance_type} "
            "capacity by not specifying an Availability Zone in your request or choosing "
            f"{others}."
        )
    raise AwsError("InsufficientInstanceCapacity", words, status=500)


def _check_profile_delay(parameters: Parameters, memory: Memory, now: datetime) -> None:
    """A new instance profile is not known to EC2 at once, where the switch says so."""
    asked = parameters.get("IamInstanceProfile") or {}
    name = asked.get("Name") or asked.get("Arn")
    profile = find_profile(name) if name else None
    made = memory.profiles_made_at.get(profile.name) if profile else None
    if made and (now - made).total_seconds() < memory.switches.profile_delay_seconds:
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({name}) for parameter iamInstanceProfile.name is invalid. "
            "Invalid IAM Instance Profile name",
        )


def _reserve(
    parameters: Parameters, region: str, count: int, *, memory: Memory, now: datetime
) -> Reservation:
    backend = account.ec2(region)
    reservation = Reservation(random_reservation_id(), owner_id=account.ACCOUNT_ID)
    backend.reservations[reservation.id] = reservation
    for index in range(count):
        instance = _instance(parameters, region, index)
        instance.reservation_id = reservation.id
        reservation.instances.append(instance)
        # The instances of one launch are launched at one time.
        instance.launch_time = reservation.instances[0].launch_time
        _tag(parameters, instance)
        doom = disks.attach_disks(parameters, instance)
        _assign_public_address(instance, memory)
        _associate_profile(parameters, instance)
        memory.lives[instance.id] = LAUNCHED
        paint(instance, LAUNCHED, now)  # moto's instances run from the first
        memory.regions[instance.id] = region
        if doom is not None:
            fail_launch(instance, doom, memory, now)
    return reservation


def _instance(parameters: Parameters, region: str, index: int) -> CloudInstance:
    backend = account.ec2(region)
    image = cast("Image", backend.amis[parameters["ImageId"]])
    user_data = parameters.get("UserData")
    instance = CloudInstance(  # type: ignore[abstract]
        backend,
        parameters["ImageId"],
        Base64EncodedString(user_data) if user_data else None,
        [],
        ami_launch_index=index,
        client_token=parameters.get("ClientToken"),
        disable_api_stop=bool(parameters.get("DisableApiStop")),
        disable_api_termination=bool(parameters.get("DisableApiTermination")),
        ebs_optimized=bool(parameters.get("EbsOptimized")),
        hibernation_options={"Configured": is_configured(parameters)},
        instance_initiated_shutdown_behavior=parameters.get("InstanceInitiatedShutdownBehavior"),
        instance_type=parameters.get("InstanceType") or DEFAULT_TYPE,
        key_name=parameters.get("KeyName"),
        lifecycle="spot" if _is_spot(parameters) else None,
        metadata_options=_metadata_options(parameters, image),
        monitoring_state="enabled"
        if (parameters.get("Monitoring") or {}).get("Enabled")
        else "disabled",
        nics=_interfaces(parameters, region),
        region_name=region,
    )
    instance.hypervisor = "nitro"
    if _is_spot(parameters):
        # One request an instance, fulfilled at once: a one-time request lives and ends with it.
        instance.spot_instance_request_id = f"sir-{secrets.token_hex(4)}"
    return instance


def _is_spot(parameters: Parameters) -> bool:
    return (parameters.get("InstanceMarketOptions") or {}).get("MarketType") == "spot"


def _metadata_options(parameters: Parameters, image: Any) -> dict[str, Any]:
    defaults = _IMDS_V2_DEFAULTS if getattr(image, "imds_support", None) == "v2.0" else {}
    return {**defaults, **(parameters.get("MetadataOptions") or {})}


def _interfaces(parameters: Parameters, region: str) -> list[dict[str, Any]]:
    """The interfaces in moto's words; the first is made where none is asked for."""
    specifications: list[dict[str, Any]] = []
    for interface in parameters.get("NetworkInterfaces") or [{}]:
        if interface.get("NetworkInterfaceId"):
            specifications.append({"DeviceIndex": 0, **interface})
            continue
        subnet = _subnet_of(interface, parameters, region)
        taken = [str(s.get("PrivateIpAddress")) for s in specifications]
        specifications.append(
            {
                "DeviceIndex": int(interface.get("DeviceIndex") or 0),
                "SubnetId": subnet.id,
                "Groups": interface.get("Groups") or _group_ids(parameters, region, subnet),
                "PrivateIpAddress": interface.get("PrivateIpAddress")
                or parameters.get("PrivateIpAddress")
                or free_private_address(subnet, taken),
                "AssociatePublicIpAddress": _wants_public(interface, subnet),
                "DeleteOnTermination": interface.get("DeleteOnTermination") is not False,
                "Description": interface.get("Description"),
            }
        )
    return specifications


def _subnet_of(interface: dict[str, Any], parameters: Parameters, region: str) -> Any:
    alone = {"SubnetId": interface.get("SubnetId")}
    return launch_subnet(alone if interface.get("SubnetId") else parameters, region)


def _wants_public(interface: dict[str, Any], subnet: Any) -> bool:
    asked = interface.get("AssociatePublicIpAddress")
    return bool(subnet.map_public_ip_on_launch if asked is None else asked)


def _group_ids(parameters: Parameters, region: str, subnet: Any) -> list[str]:
    """The launch's groups by id and by name, or the VPC's default group."""
    backend: Any = account.ec2(region)
    named = [
        backend.get_security_group_from_name(name)
        for name in parameters.get("SecurityGroups") or []
    ]
    asked = [*(parameters.get("SecurityGroupIds") or []), *(group.id for group in named)]
    return asked or [backend.get_default_security_group(subnet.vpc_id).id]


def _tag(parameters: Parameters, instance: CloudInstance) -> None:
    for specification in parameters.get("TagSpecifications") or []:
        tags = tag_list(specification.get("Tags"))
        match specification.get("ResourceType"):
            case "instance":
                instance.add_tags(tags)
            case "network-interface":
                for interface in instance.nics.values():
                    interface.add_tags(tags)
            case _:
                pass  # "volume" is tagged when the disks are made


def _assign_public_address(instance: CloudInstance, memory: Memory) -> None:
    """An address of the documentation ranges instead of one that could be somebody's."""
    for interface in instance.nics.values():
        if interface.public_ip_auto_assign:
            interface.public_ip = memory.addresses.take()


def _associate_profile(parameters: Parameters, instance: CloudInstance) -> None:
    asked = parameters.get("IamInstanceProfile") or {}
    profile = find_profile(asked.get("Arn") or asked.get("Name") or "")
    if profile is None:
        return
    backend = instance.ec2_backend
    backend.associate_iam_instance_profile(instance.id, iam_instance_profile_name=profile.name)
    instance.iam_instance_profile = {"Arn": profile.arn, "Id": profile.id}
