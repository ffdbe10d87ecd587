"""What a launch tells the agent, and which of its files it sends along. Pure, but for reading them.

base      ends the instance at its end date: every launch with an agent has it
a duty    a module of the agent's, with words for it: sent where it is asked for
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from typing import Any

from spawn.core.durations import format_duration
from spawn.core.endings import End
from spawn.core.tags import Tag
from spawn.launch.bootstrap import BASE, boothook
from spawn.launch.spec import Completion, Idle, LaunchSpec
from spawn.posture.controls.ending import LONGEST_LIFE

# The agent's modules by name, as they stand in its source.
AgentSource = Mapping[str, str]
# The tags that are orders: the agent reads them again and again.
ORDER_TAGS = (Tag.EXPIRES_AT, Tag.IDLE_TIMEOUT, Tag.ON_IDLE, Tag.ON_COMPLETE)


@dataclass(frozen=True, kw_only=True)
class Duty:
    """One duty: its words, and the modules besides its own that it needs."""

    words: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


def read_agent_source() -> AgentSource:
    """Read the agent's source, which is installed beside spawn."""
    modules = (file for file in files("spored").iterdir() if file.name.endswith(".py"))
    return {file.name.removesuffix(".py"): file.read_text(encoding="ascii") for file in modules}


def agent_boothook(
    spec: LaunchSpec,
    source: AgentSource,
    tags: Mapping[str, str],
    *,
    now: datetime,
    expires_at: datetime,
    has_gpu: bool,
) -> bytes:
    """Return the part of user-data that brings the agent; `tags` are the instance's."""
    duties = duties_of(spec, has_gpu=has_gpu)
    modules = dict.fromkeys(
        (*BASE, *(name for key, duty in duties.items() for name in (*duty.needs, key)))
    )
    # A level that admits a longer life than usual means it: it is as far as the agent goes along.
    longest = max(LONGEST_LIFE, expires_at - now)
    pre_stop = 0 if spec.pre_stop is None else int(spec.pre_stop.timeout.total_seconds())
    orders = {
        "limits": {"longest": int(longest.total_seconds()), "pre_stop": pre_stop},
        "tags": {key.value: tags[key] for key in ORDER_TAGS if key in tags},
        "duties": {name: duty.words for name, duty in duties.items()},
    }
    return boothook({name: source[name] for name in modules}, orders)


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


def duties_of(spec: LaunchSpec, *, has_gpu: bool) -> dict[str, Duty]:
    """Return what the agent does besides ending the instance on time, by the duty's module."""
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


def _able(spec: LaunchSpec) -> dict[str, str]:
    """Return what each ending that can be ordered means to the agent.

    One of them is what powering off does; the others are asked of EC2.
    """
    asked = [end.action for end in (spec.idle, spec.completion) if end is not None]
    return {action.value: action.value for action in asked} | {spec.on_expiry.value: "power off"}


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
