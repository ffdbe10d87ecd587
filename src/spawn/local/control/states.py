"""The life of an instance as a table: (state, what happens) -> (state, what is wanted, why).

Pure. Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
Orders come from API calls, facts from the data plane. Facts of an older boot change nothing.
"""

from __future__ import annotations

import dataclasses
import enum

from spawn.local.world import DesiredState, Ending


class State(enum.StrEnum):
    """EC2's instance states."""

    PENDING = "pending"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    SHUTTING_DOWN = "shutting-down"
    TERMINATED = "terminated"


STATE_CODES = {
    State.PENDING: 0,
    State.RUNNING: 16,
    State.SHUTTING_DOWN: 32,
    State.TERMINATED: 48,
    State.STOPPING: 64,
    State.STOPPED: 80,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reason:
    """Why an instance is in its state: EC2's StateReason."""

    code: str
    message: str


BY_USER = Reason(
    code="Client.UserInitiatedShutdown",
    message="Client.UserInitiatedShutdown: User initiated shutdown",
)
HIBERNATED = Reason(
    code="Client.UserInitiatedHibernate",
    message="Client.UserInitiatedHibernate: User initiated hibernate",
)
BY_ITSELF = Reason(
    code="Client.InstanceInitiatedShutdown",
    message="Client.InstanceInitiatedShutdown: Instance initiated shutdown",
)
BROKEN_ON_LAUNCH = Reason(
    code="Server.InternalError", message="Server.InternalError: Internal error on launch"
)
BROKEN = Reason(code="Server.InternalError", message="Server.InternalError: The instance crashed")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Life:
    """Where an instance is in its life. `boot` counts starts and reboots."""

    state: State
    desired: DesiredState
    boot: int
    reason: Reason | None = None

    @property
    def is_over(self) -> bool:
        return self.state in {State.SHUTTING_DOWN, State.TERMINATED}


LAUNCHED = Life(state=State.PENDING, desired=DesiredState.RUNNING, boot=1)


class WrongState(Exception):
    """The order can't be given to an instance in this state: EC2's IncorrectInstanceState."""


def start(life: Life) -> Life:
    """StartInstances: nothing to do where it runs already. Raises WrongState."""
    if life.state in {State.PENDING, State.RUNNING}:
        return life
    if life.state is not State.STOPPED:
        raise WrongState
    return Life(state=State.PENDING, desired=DesiredState.RUNNING, boot=life.boot + 1)


def stop(life: Life, reason: Reason = BY_USER) -> Life:
    """StopInstances: nothing to do where it stops already. Raises WrongState."""
    if life.state in {State.STOPPING, State.STOPPED}:
        return life
    if life.is_over:
        raise WrongState
    return dataclasses.replace(
        life, state=State.STOPPING, desired=DesiredState.STOPPED, reason=reason
    )


def hibernate(life: Life) -> Life:
    """StopInstances with Hibernate: a stop that says so. Raises WrongState."""
    return stop(life, HIBERNATED)


def reboot(life: Life) -> Life:
    """RebootInstances: only what runs. Raises WrongState."""
    if life.state not in {State.PENDING, State.RUNNING}:
        raise WrongState
    return dataclasses.replace(life, boot=life.boot + 1)


def terminate(life: Life) -> Life:
    """TerminateInstances: always possible. What has no process left is gone at once."""
    if life.is_over:
        return life
    gone = life.state is State.STOPPED
    return dataclasses.replace(
        life,
        state=State.TERMINATED if gone else State.SHUTTING_DOWN,
        desired=DesiredState.TERMINATED,
        reason=BY_USER,
    )


def booted(life: Life, boot: int) -> Life:
    """The data plane says that the instance is up."""
    if life.state is State.PENDING and boot == life.boot:
        return dataclasses.replace(life, state=State.RUNNING)
    return life


def ended(life: Life, boot: int, ending: Ending, *, terminates_on_shutdown: bool) -> Life:
    """The data plane says that nothing of the instance runs any more."""
    if life.state in {State.STOPPING, State.SHUTTING_DOWN}:
        over = State.STOPPED if life.state is State.STOPPING else State.TERMINATED
        return dataclasses.replace(life, state=over)
    if life.state not in {State.PENDING, State.RUNNING} or boot != life.boot:
        return life
    match ending:
        case Ending.REBOOT | Ending.ORDERED:
            return life  # it boots again, or the order that it followed is already superseded
        case Ending.POWER_OFF:
            return _over(life, BY_ITSELF, terminates=terminates_on_shutdown)
        case Ending.CRASHED:
            launching = life.state is State.PENDING and life.boot == 1
            return _over(life, BROKEN_ON_LAUNCH if launching else BROKEN, terminates=launching)


def _over(life: Life, reason: Reason, *, terminates: bool) -> Life:
    return dataclasses.replace(
        life,
        state=State.TERMINATED if terminates else State.STOPPED,
        desired=DesiredState.TERMINATED if terminates else DesiredState.STOPPED,
        reason=reason,
    )
