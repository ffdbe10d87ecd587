"""An instance's agent sends its log to CloudWatch Logs: what it may, and what it is told. Pure."""

from __future__ import annotations

from spawn.core.tags import Tag
from spawn.launch import endpoints
from spawn.launch.agent import Duty
from spawn.launch.spec import LaunchSpec

# Each instance has a stream of its own in it, which bears its id.
LOG_GROUP = "/spawn/spored"
_TEMPLATE = f"logs:WriteOnly@{LOG_GROUP}"


def shipping_templates(spec: LaunchSpec) -> tuple[str, ...]:
    """Return the templates whose statements the role needs."""
    return (_TEMPLATE,) if spec.ship_logs else ()


def shipping_tags(spec: LaunchSpec) -> dict[str, str]:
    """Return the tag that says where the log is, when the instance is not there any more."""
    return {Tag.LOG_GROUP.value: LOG_GROUP} if spec.ship_logs else {}


def shipping_duty(*, partition: str, region: str) -> Duty:
    """Return what the agent is told."""
    words = (endpoints.regional("logs", partition=partition, region=region), LOG_GROUP)
    return Duty(words=words, needs=("errand", "calling", "signing"))
