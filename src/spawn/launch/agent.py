"""What of the agent travels to an instance: its files, and what they are told. Pure.

base      ends the instance at its end date: every launch with an agent has it
a duty    a module of the agent's, with words for it: sent where it is asked for
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from spawn.core.tags import Tag
from spawn.launch.bootstrap import BASE, boothook
from spawn.launch.sshd import SshdOrders, sshd_part
from spawn.posture.controls.ending import LONGEST_LIFE

# The agent's modules by name, as they stand in its source.
AgentSource = Mapping[str, str]
# The tags that are orders: the agent reads them again and again.
ORDER_TAGS = (Tag.EXPIRES_AT, Tag.IDLE_TIMEOUT, Tag.ON_IDLE, Tag.ON_COMPLETE)


@dataclass(frozen=True, kw_only=True)
class Duty:
    """One duty: its words, and the modules besides its own that it needs."""

    words: Any = field(default_factory=dict)
    needs: tuple[str, ...] = ()


# Tells what came of them; the modules beside it fetch them, and keep others from metadata.
_SECRETS = Duty(needs=("deliver", "imds", "calling", "signing"))


def read_agent_source() -> AgentSource:
    """Read the agent's source, which is installed beside spawn."""
    modules = (file for file in files("spored").iterdir() if file.name.endswith(".py"))
    return {file.name.removesuffix(".py"): file.read_text(encoding="ascii") for file in modules}


def agent_boothook(
    source: AgentSource,
    tags: Mapping[str, str],
    *,
    now: datetime,
    expires_at: datetime,
    duties: Mapping[str, Duty] = MappingProxyType({}),
    pre_stop: timedelta = timedelta(),
    programs: Sequence[str] = (),
    sshd: SshdOrders | None = None,
    secrets: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the part of user-data that brings the agent.

    tags      those of the instance
    duties    what it does besides ending the instance on time, by the duty's module
    pre_stop  for how long an end waits for what the duties do before it
    programs  modules that travel for no duty
    sshd      what its sshd is to do; None to leave that alone
    secrets   what `spored.deliver` is told: the `user` that they are for, the `services` that they
              are fetched from, each by a key of its own as `spored.calling.call` takes it (of a
              secret in another region, that region's), and the `secrets`, each with its `name`,
              the key of its `service`, its `id`, the `key` of a JSON object or "", and `env`
    """
    if secrets is not None:
        duties = {**duties, "secrets": _SECRETS}
    modules = dict.fromkeys((*BASE, *programs))
    for name, duty in duties.items():
        modules |= dict.fromkeys((*duty.needs, name))
    # A level that admits a longer life than usual means it: it is as far as the agent goes along.
    longest = max(LONGEST_LIFE, expires_at - now)
    orders = {
        "limits": {
            "longest": int(longest.total_seconds()),
            "pre_stop": int(pre_stop.total_seconds()),
        },
        "tags": {key.value: tags[key] for key in ORDER_TAGS if key in tags},
        "duties": {name: duty.words for name, duty in duties.items()},
    }
    if secrets is not None:
        orders["secrets"] = secrets
    then = "" if sshd is None else sshd_part(sshd)
    return boothook({name: source[name] for name in modules}, orders, then=then)
