"""Orders to instances (start, stop, reboot, terminate) and what the data plane says of them.

The life of an instance is decided in `states`; here moto's object is made to show it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from moto.core.utils import utcnow
from moto.ec2.models.instances import StateReason

from spawn.local.control import account, states
from spawn.local.control.hibernation import check_ready
from spawn.local.control.memory import TERMINATED_ARE_SHOWN_SECONDS, Memory
from spawn.local.control.messages import AwsError, dry_run_succeeded
from spawn.local.control.operations import Call
from spawn.local.control.states import STATE_CODES, Life, Reason, State
from spawn.local.world import DesiredState, Ending


def find_instances(call: Call) -> list[Any]:
    """The instances that a call names, in its order. Raises AwsError where one is unknown.

    One unknown id refuses the whole call: EC2 ends none of the others.
    """
    asked = list(dict.fromkeys(call.parameters.get("InstanceIds") or []))
    if not asked:
        raise AwsError("MissingParameter", "The request must contain the parameter InstanceIds")
    found = {i.id: i for i in account.instances_of(account.ec2(call.region))}
    unknown = [name for name in asked if name not in found]
    for name in unknown:
        if not name.startswith("i-"):
            raise AwsError("InvalidInstanceID.Malformed", f'Invalid id: "{name}"')
    if len(unknown) == 1:
        raise AwsError(
            "InvalidInstanceID.NotFound", f"The instance ID '{unknown[0]}' does not exist"
        )
    if unknown:
        names = ", ".join(unknown)
        raise AwsError("InvalidInstanceID.NotFound", f"The instance IDs '{names}' do not exist")
    return [found[name] for name in asked]


def terminate_instances(call: Call, memory: Memory, now: datetime) -> dict[str, Any]:
    """A protected instance keeps itself and the others of its zone, not those of other zones.

    Raises AwsError, where others were ended too. Source: EC2 API reference, TerminateInstances.
    """
    instances = find_instances(call)
    refusals = {
        instance.availability_zone: refusal
        for instance in reversed(instances)
        if (refusal := _termination_refusal(instance, memory.lives[instance.id])) is not None
    }
    ended = [i for i in instances if i.availability_zone not in refusals]
    changes = _order(call, ended, states.terminate, memory=memory, now=now) if ended else []
    for refusal in refusals.values():
        raise refusal
    return {"TerminatingInstances": changes}


def _termination_refusal(instance: Any, life: Life) -> AwsError | None:
    """Stop protection protects from termination too (EC2 user guide, "Enable stop protection")."""
    for attribute, is_on in (
        ("disableApiTermination", instance.disable_api_termination),
        ("disableApiStop", instance.disable_api_stop),
    ):
        if is_on and not life.is_over:
            return _protected(instance.id, "terminated", attribute)
    return None


def _protected(instance_id: str, what: str, attribute: str) -> AwsError:
    return AwsError(
        "OperationNotPermitted",
        f"The instance '{instance_id}' may not be {what}. Modify its '{attribute}' instance "
        "attribute and try again.",
    )


def stop_instances(call: Call, memory: Memory, now: datetime) -> dict[str, Any]:
    """Stop or hibernate. Raises AwsError, for spot instances too: their requests are one-time."""
    instances = find_instances(call)
    hibernates = bool(call.parameters.get("Hibernate"))
    for instance in instances:
        if instance.lifecycle == "spot":
            raise AwsError(
                "UnsupportedOperation",
                f"You can't stop the Spot Instance '{instance.id}' because it is associated with "
                "a one-time Spot Instance request. You can only stop Spot Instances associated "
                "with persistent Spot Instance requests.",
            )
        if instance.disable_api_stop:
            raise _protected(instance.id, "stopped", "disableApiStop")
        if hibernates:
            check_ready(instance, memory.lives[instance.id])
    order = states.hibernate if hibernates else states.stop
    return {"StoppingInstances": _order(call, instances, order, memory=memory, now=now)}


def start_instances(call: Call, memory: Memory, now: datetime) -> dict[str, Any]:
    """A new boot gets a new public address. Raises AwsError."""
    instances = find_instances(call)
    changes = _order(call, instances, states.start, memory=memory, now=now)
    for instance in instances:
        for interface in instance.nics.values():
            if interface.public_ip_auto_assign and interface.public_ip is None:
                interface.public_ip = memory.addresses.take()
    return {"StartingInstances": changes}


def reboot_instances(call: Call, memory: Memory, now: datetime) -> dict[str, Any]:
    """Raises AwsError."""
    _order(call, find_instances(call), states.reboot, memory=memory, now=now)
    return {}


def _order(
    call: Call,
    instances: list[Any],
    transition: Callable[[Life], Life],
    *,
    memory: Memory,
    now: datetime,
) -> list[dict[str, Any]]:
    """Give every instance the order, or none: the new lives are worked out first."""
    lives: dict[str, Life] = {}
    for instance in instances:
        try:
            lives[instance.id] = transition(memory.lives[instance.id])
        except states.WrongState as error:
            state = memory.lives[instance.id].state
            raise AwsError(
                "IncorrectInstanceState",
                f"The instance '{instance.id}' is not in a state from which it can be "
                f"{call.operation.removesuffix('Instances').lower()}ed: it is {state}.",
            ) from error
    if call.parameters.get("DryRun"):
        raise dry_run_succeeded()
    changes = []
    for instance in instances:
        before = memory.lives[instance.id].state
        live(instance, lives[instance.id], memory, now)
        changes.append(
            {
                "InstanceId": instance.id,
                "CurrentState": _shown(lives[instance.id].state),
                "PreviousState": _shown(before),
            }
        )
    return changes


def _shown(state: State) -> dict[str, Any]:
    return {"Code": STATE_CODES[state], "Name": state.value}


def live(instance: Any, life: Life, memory: Memory, now: datetime) -> None:
    """Make an instance what its life says, in moto and in the memory."""
    before = memory.lives[instance.id]
    memory.lives[instance.id] = life
    if life.state is State.TERMINATED and before.state is not State.TERMINATED:
        _bury(instance, memory, now)
    if life.state is State.STOPPED and before.state is not State.STOPPED:
        for interface in instance.nics.values():
            interface.stop()  # gives the public address back
    if life.boot != before.boot and life.state is State.PENDING:
        instance.launch_time = utcnow()  # EC2 counts it from the last start
    paint(instance, life, now)


def paint(instance: Any, life: Life, now: datetime) -> None:
    """Show a life on moto's object."""
    instance._state.name = life.state.value  # noqa: SLF001 - moto has no setter
    instance._state.code = STATE_CODES[life.state]  # noqa: SLF001
    reason = life.reason
    instance.state_reason = StateReason(reason.message, reason.code) if reason else StateReason()
    by_user = reason in {states.BY_USER, states.HIBERNATED}
    instance._reason = f"User initiated ({now:%Y-%m-%d %H:%M:%S GMT})" if by_user else ""  # noqa: SLF001


def _bury(instance: Any, memory: Memory, now: datetime) -> None:
    """Free what an instance held: interfaces, disks that go with it, profile, credentials."""
    instance.terminate()
    for interface in instance.nics.values():
        if not interface.delete_on_termination:  # moto leaves it in use for ever
            interface.instance, interface.attachment_id = None, None
            interface.status = "available"
    memory.ended_at[instance.id] = now
    memory.credentials.pop(instance.id, None)


def instance_booted(instance_id: str, boot: int, memory: Memory, now: datetime) -> None:
    """The data plane's word that an instance is up."""
    instance = _known(instance_id, memory)
    if instance is None:
        return
    live(instance, states.booted(memory.lives[instance_id], boot), memory, now)


def instance_ended(
    instance_id: str, boot: int, ending: Ending, *, memory: Memory, now: datetime
) -> None:
    """The data plane's word that nothing of an instance runs any more."""
    instance = _known(instance_id, memory)
    if instance is None:
        return
    life = states.ended(
        memory.lives[instance_id],
        boot,
        ending,
        terminates_on_shutdown=instance.instance_initiated_shutdown_behavior == "terminate",
    )
    live(instance, life, memory, now)


def fail_launch(instance: Any, reason: Reason, memory: Memory, now: datetime) -> None:
    """End an instance that EC2 accepted and can't make: pending, then terminated."""
    life = Life(state=State.TERMINATED, desired=DesiredState.TERMINATED, boot=1, reason=reason)
    live(instance, life, memory, now)


def _known(instance_id: str, memory: Memory) -> Any | None:
    region = memory.regions.get(instance_id)
    return account.find_instance(instance_id, region) if region else None


def shown_until(ended: datetime) -> datetime:
    """When a terminated instance is described no more."""
    return ended + timedelta(seconds=TERMINATED_ARE_SHOWN_SECONDS)


def forget_the_long_gone(memory: Memory, now: datetime) -> None:
    """Drop instances that were terminated an hour ago."""
    for instance_id in [i for i, ended in memory.ended_at.items() if shown_until(ended) <= now]:
        backend = account.ec2(memory.regions.pop(instance_id))
        del memory.ended_at[instance_id], memory.lives[instance_id]
        for reservation_id, reservation in list(backend.reservations.items()):
            reservation.instances = [i for i in reservation.instances if i.id != instance_id]
            if not reservation.instances:
                del backend.reservations[reservation_id]
