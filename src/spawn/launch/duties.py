"""What the agent does besides ending the instance on time, from what was asked for. Pure.

Those of its duties that call AWS stand in `aws_duties`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from spawn.core.durations import format_duration
from spawn.core.endings import End
from spawn.core.tags import Tag
from spawn.launch.agent import Duty
from spawn.launch.spec import Completion, Idle, LaunchSpec

# What of the machine is known elsewhere is taken back, and told, before it goes: a name in DNS,
# the last lines of the log. Each takes a second or two.
_LEAVE = timedelta(seconds=10)
_LEAVES_SOMETHING = frozenset({"dns", "ship"})
_POWER_OFF = "power off"


def order_tags(spec: LaunchSpec) -> dict[str, str]:
    """Return the tags by which the agent's duties are told, besides the end date."""
    tags: dict[Tag, str] = {}
    if spec.on_expiry is End.STOP:
        tags[Tag.ON_EXPIRY] = spec.on_expiry.value
    if spec.pre_stop is not None:
        tags[Tag.PRE_STOP_TIMEOUT] = format_duration(spec.pre_stop.timeout)
    if spec.idle is not None:
        tags[Tag.IDLE_TIMEOUT] = format_duration(spec.idle.timeout)
        tags[Tag.ON_IDLE] = spec.idle.action.value
    if spec.completion is not None:
        tags[Tag.ON_COMPLETE] = spec.completion.action.value
    return {key.value: value for key, value in tags.items()}


def own_duties(spec: LaunchSpec, *, has_gpu: bool) -> dict[str, Duty]:
    """Return the duties that need nobody else, by their modules."""
    duties: dict[str, Duty] = {}
    if spec.pre_stop is not None:
        duties["hook"] = Duty(words={"command": spec.pre_stop.command})
    if spec.spot:
        duties["spot"] = Duty()
    able = _able(spec)
    if spec.idle is not None:
        duties["idle"] = _idle(spec.idle, able, has_gpu=has_gpu)
    if spec.completion is not None:
        duties["complete"] = _complete(spec.completion, able)
    return duties


def asks_ec2(spec: LaunchSpec) -> bool:
    """Say whether an end can come that powering off does not bring: EC2 is asked for that."""
    return any(means != _POWER_OFF for means in _able(spec).values())


def pre_stop_time(spec: LaunchSpec, names: Iterable[str]) -> timedelta:
    """Return for how long an end waits for the duties of these names."""
    hook = timedelta() if spec.pre_stop is None else spec.pre_stop.timeout
    leaving = timedelta() if _LEAVES_SOMETHING.isdisjoint(names) else _LEAVE
    return max(hook, leaving)


def _able(spec: LaunchSpec) -> dict[str, str]:
    """Return what each ending that can be ordered means to the agent."""
    asked = [end.action for end in (spec.idle, spec.completion) if end is not None]
    return {action.value: action.value for action in asked} | {spec.on_expiry.value: _POWER_OFF}


def _idle(idle: Idle, able: Mapping[str, str], *, has_gpu: bool) -> Duty:
    more = ("gpu",) if has_gpu else ()
    words = {
        "cpu": idle.cpu_percent,
        "network": idle.network_bytes,
        "processes": idle.processes,
        "ports": idle.ports,
        "able": able,
        "more": more,
    }
    return Duty(words=words, needs=("ordering", *more))


def _complete(completion: Completion, able: Mapping[str, str]) -> Duty:
    delay = int(completion.delay.total_seconds())
    return Duty(words={"file": completion.file, "delay": delay, "able": able}, needs=("ordering",))
