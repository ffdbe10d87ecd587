"""What may be launched, in the order in which it is tried: types, their images, disks and places.

A plan holds every type and every zone that will do. Each type brings its own image, since the
architecture decides which one boots, and so its own disks.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime

import msgspec

from spawn.aws import ec2
from spawn.aws.questions import Known, Unseen
from spawn.core.errors import AccessDenied, InputError, NamedThingNotFound
from spawn.images.catalog import OperatingSystem
from spawn.images.choose import given_image, newest_image
from spawn.images.chosen import ChosenImage, Onlooker
from spawn.launch.disks import billed_volumes, choose_disks, planned_disks
from spawn.launch.facts import AccountFacts
from spawn.launch.hibernation import check_hibernation
from spawn.launch.request import Disk
from spawn.launch.spec import LaunchSpec
from spawn.network.subnets import SubnetChoice, SubnetOption, SubnetRequest, choose_subnets
from spawn.posture.model import Disk as DiskPosture
from spawn.prices.hourly import HourlyPrice, dearest, hourly_price


@dataclass(frozen=True, kw_only=True)
class PricedPlace:
    """One place for a type, what an instance costs there now, and the most that it may cost."""

    place: SubnetOption
    price: HourlyPrice
    highest: HourlyPrice


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One type of instance, with what it boots from and where it may go, best place first."""

    instance_type: str
    image: ChosenImage
    disks: tuple[Disk, ...]
    disk_postures: tuple[DiskPosture, ...]
    choice: SubnetChoice
    places: tuple[PricedPlace, ...]
    has_gpu: bool


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """The types that will do, in order, never none; and why the others will not."""

    found: tuple[Candidate, ...]
    passed_over: tuple[str, ...]

    @property
    def first(self) -> Candidate:
        """The one that is tried first."""
        return self.found[0]

    @property
    def dearest(self) -> HourlyPrice:
        """The price that bounds those of all that may be launched."""
        return dearest(priced.highest for candidate in self.found for priced in candidate.places)


def choose_candidates(spec: LaunchSpec, facts: AccountFacts, *, now: datetime) -> Candidates:
    """Return what to try. A type that is not offered where it has to go is passed over.

    Raises InputError, NamedThingNotFound, AccountError and AccessDenied, naming the flag.
    """
    found: list[Candidate] = []
    unfit: list[InputError] = []
    for kind in _types(spec, facts):
        try:
            check_hibernation(spec, kind)
            choice = choose_subnets(_subnet_request(spec, kind.instance_type), facts.network)
        except InputError as error:
            unfit.append(error)
        else:
            found.append(_candidate(spec, facts, kind, choice, now=now))
    if not found:
        raise unfit[0]
    passed_over = tuple(f"{error.what}: it is not tried" for error in unfit)
    return Candidates(found=tuple(found), passed_over=passed_over)


def _types(spec: LaunchSpec, facts: AccountFacts) -> tuple[ec2.InstanceType, ...]:
    """Return the types in the order in which they were asked for."""
    match facts.instance_types:
        case Unseen(operation=operation, why=why):
            raise AccessDenied(f"AWS denied {operation}", why=why, operation=operation)
        case Known(value=shown):
            known = {kind.instance_type: kind for kind in shown}
        case _:
            known = {}
    for name in spec.instance_types:
        if name not in known:
            raise NamedThingNotFound(
                f"--instance-type {name}: there is no such type in {spec.region}",
                next_command=f"aws ec2 describe-instance-types --region {spec.region} --query "
                "'InstanceTypes[].InstanceType' --output text",
            )
    return tuple(known[name] for name in dict.fromkeys(spec.instance_types))


def _subnet_request(spec: LaunchSpec, instance_type: str) -> SubnetRequest:
    return SubnetRequest(
        region=spec.region,
        instance_type=instance_type,
        level=spec.security,
        no_public_ip=spec.public_ip is False,
        vpc_id=spec.vpc,
        subnet_id=spec.subnet,
        zones=spec.zones,
        private_ip=spec.private_ip,
        addresses=spec.min_count or spec.count,
    )


def _candidate(
    spec: LaunchSpec,
    facts: AccountFacts,
    kind: ec2.InstanceType,
    choice: SubnetChoice,
    *,
    now: datetime,
) -> Candidate:
    image = _image(spec, facts, kind, now=now)
    disks = choose_disks(spec, image, facts.disks, memory_mib=kind.memory_info.size_in_mib)
    price = functools.partial(
        hourly_price,
        facts.prices,
        instance_type=kind.instance_type,
        platform=image.platform,
        volumes=billed_volumes(disks, image),
        public_ipv4=choice.public_address,
    )
    return Candidate(
        instance_type=kind.instance_type,
        image=image,
        disks=disks,
        disk_postures=planned_disks(disks, image, facts.disks),
        choice=choice,
        has_gpu=bool(kind.gpu_info.gpus),
        places=tuple(
            PricedPlace(
                place=place,
                price=price(zone=place.zone, spot=spec.spot),
                highest=_highest(spec, price(zone=place.zone, spot=False)),
            )
            for place in choice.options
        ),
    )


def _highest(spec: LaunchSpec, listed: HourlyPrice) -> HourlyPrice:
    """Return the most that it may cost, `listed` being the price on demand.

    A spot price follows demand up to the maximum that is given, else up to the price on demand
    (EC2 API Reference, SpotMarketOptions, MaxPrice).
    """
    if spec.spot_max_price is None:
        return listed
    return msgspec.structs.replace(listed, instance=spec.spot_max_price)


def _image(
    spec: LaunchSpec, facts: AccountFacts, kind: ec2.InstanceType, *, now: datetime
) -> ChosenImage:
    caller = facts.caller.identity
    onlooker = Onlooker(
        account=caller.account, partition=caller.partition, region=spec.region, now=now
    )
    match facts.images:
        case Unseen(operation=operation, why=why):
            raise AccessDenied(f"AWS denied {operation}", why=why, operation=operation)
        case Known(value=found):
            images = found
        case _:
            images = ()
    if spec.ami is None:
        return newest_image(images, kind, onlooker, spec.os or OperatingSystem.AL2023)
    return given_image(images, spec.ami, kind, onlooker=onlooker, no_agent=not spec.agent)
