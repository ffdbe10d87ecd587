"""Decisions into steps: what is asked of AWS, in which order. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from spawn.aws import ec2
from spawn.core.endings import alarms
from spawn.core.ids import launch_token
from spawn.core.steps import (
    EACH,
    Alternative,
    Output,
    OutputReference,
    Retry,
    Stage,
    Step,
    Undo,
    Yield,
    text_around,
)
from spawn.core.tags import Tag
from spawn.launch.decisions import Decisions
from spawn.launch.request import InstanceRequest, Spot, run_parameters
from spawn.launch.shortage import SHORTAGE_CODES
from spawn.launch.spec import LaunchSpec
from spawn.lifecycle.backstop import plan_backstop
from spawn.posture.levels import Waiver
from spawn.prices.cost import hourly_tag
from spawn.registry.records import LaunchRecord, plan_record
from spawn.registry.records import Waiver as RecordedWaiver

# IAM user guide, "Troubleshoot IAM": a new profile takes seconds to be seen by EC2.
_SETTLING = (
    Retry(code="InvalidParameterValue", message="iamInstanceProfile", limit_seconds=60),
    Retry(code="InvalidGroup.NotFound", limit_seconds=20),
    Retry(code="InvalidKeyPair.NotFound", limit_seconds=20),
)
_INSTANCE = OutputReference(Output.INSTANCE_ID)


def prepare_stages(made: Decisions) -> tuple[Stage, ...]:
    """Return what must be there first: shared things, made in one stage, filled in the next."""
    create = (
        *made.rights.create,
        *made.place.create,
        *made.key.create,
        *made.schedule_group,
        *made.table.create,
        *made.aws_duties.create,
    )
    fill = (
        *made.rights.fill,
        *made.place.fill,
        *made.table.complete,
        *made.aws_duties.fill,
    )
    return tuple(stage for stage in (create, fill) if stage)


def run_step(spec: LaunchSpec, made: Decisions) -> Step:
    """Return RunInstances for the first type in its best place, all others as alternatives."""
    first, *others = _choices(spec, made)
    many = "" if spec.count == 1 else f"{spec.count} x "
    return Step(
        operation=ec2.RUN_INSTANCES.key,
        region=spec.region,
        parameters=first.parameters,
        sentence=f"launch {many}{first.label}",
        yields=(
            Yield(Output.INSTANCE_ID, ("Instances", EACH, "InstanceId")),
            Yield(Output.INSTANCE_TYPE, ("Instances", 0, "InstanceType")),
            Yield(Output.IMAGE_ID, ("Instances", 0, "ImageId")),
            Yield(Output.SUBNET_ID, ("Instances", 0, "SubnetId")),
        ),
        undo=Undo(
            operation=ec2.TERMINATE_INSTANCES.key,
            parameters={"InstanceIds": [_INSTANCE]},
            sentence="end the instance",
        ),
        retries=_SETTLING,
        alternatives=tuple(others),
        next_on=SHORTAGE_CODES,
    )


def _choices(spec: LaunchSpec, made: Decisions) -> Iterator[Alternative]:
    """Yield what to ask for, in order: each type in each of its places."""
    for candidate in made.candidates.found:
        request = InstanceRequest(
            image_id=candidate.image.image_id,
            disks=candidate.disks,
            groups=made.place.groups,
            public_address=made.place.public_address,
            private_ip=spec.private_ip,
            key_name=made.key.name,
            profile=made.rights.profile,
            metadata=spec.metadata,
            tags=made.tags,
            user_data=made.user_data,
            least=spec.count if spec.min_count is None else spec.min_count,
            most=spec.count,
            spot=Spot(max_price=spec.spot_max_price) if spec.spot else None,
            hibernates=spec.hibernates,
            on_expiry=spec.on_expiry,
        )
        for priced in candidate.places:
            zone, price = priced.place.zone, hourly_tag(priced.price)
            cost_tag = {} if price is None else {Tag.USD_PER_HOUR.value: price}
            yield Alternative(
                label=f"{candidate.instance_type} in {zone}",
                parameters=run_parameters(
                    msgspec.structs.replace(request, tags=made.tags | cost_tag),
                    instance_type=candidate.instance_type,
                    subnet_id=priced.place.subnet_id,
                    client_token=launch_token(made.launch_id, f"{candidate.instance_type}-{zone}"),
                ),
            )


def secure_stage(made: Decisions, record: LaunchRecord, *, region: str) -> Stage:
    """Return what follows the launch at once: its backstop, and the record of it."""
    backstop = plan_backstop(
        _INSTANCE,
        alarms(made.expires_at, made.tags),
        region=region,
        partition=made.caller.partition,
        role_arn=made.rights.backstop.arn(
            partition=made.caller.partition, account=made.caller.account
        ),
        client_token=text_around(_INSTANCE, lambda instance: f"{made.launch_id}-{instance}"),
    )
    if not made.table.is_usable:
        return backstop
    return (*backstop, plan_record(record, table_is_new=bool(made.table.create)))


def launch_record(
    spec: LaunchSpec, made: Decisions, *, now: datetime, plan_digest: str, waivers: Sequence[Waiver]
) -> LaunchRecord:
    """Return what the registry is to remember: never the user-data, only its digest."""
    return LaunchRecord(
        instance_id=_INSTANCE,
        launch_id=made.launch_id,
        account=made.caller.account,
        region=spec.region,
        owner=made.owner,
        name=spec.name or "",
        launched_at=now,
        expires_at=made.expires_at,
        instance_type=OutputReference(Output.INSTANCE_TYPE),
        image_id=OutputReference(Output.IMAGE_ID),
        subnet_id=OutputReference(Output.SUBNET_ID),
        security_group_ids=made.place.groups,
        role=made.rights.role_name,
        security_level=spec.security.value,
        user_data_sha256=hashlib.sha256(made.user_data or b"").hexdigest(),
        plan_digest=plan_digest,
        tags=made.tags,
        waivers=tuple(
            RecordedWaiver(control=one.control, reason=one.reason, by=one.by) for one in waivers
        ),
    )
