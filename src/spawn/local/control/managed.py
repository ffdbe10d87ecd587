"""Which instances Systems Manager manages: those whose agent runs, may speak, and can be heard.

Source: Systems Manager user guide, "Setting up managed instances", and Session Manager's
prerequisites. On EC2 a new instance registers within a minute or so; here it does at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from spawn.local.control import access, account
from spawn.local.control.duty import Duty
from spawn.local.control.memory import Memory
from spawn.local.control.messages import AwsError
from spawn.local.control.operations import Call
from spawn.local.control.principals import find_principal
from spawn.local.control.routes import reaches_service
from spawn.local.control.states import State

AGENT_VERSION = "3.3.2746.0"
# What the agent calls; without one of them there is no session.
AGENT_CALLS = (
    ("ssm", "UpdateInstanceInformation"),
    ("ssmmessages", "CreateControlChannel"),
    ("ssmmessages", "CreateDataChannel"),
    ("ssmmessages", "OpenControlChannel"),
    ("ssmmessages", "OpenDataChannel"),
)
AGENT_SERVICES = ("ssm", "ssmmessages")
LEAST_PAGE, PAGE = 5, 50  # API reference, DescribeInstanceInformation


def managed_instances(region: str, memory: Memory, now: datetime) -> list[Any]:
    """The managed instances of a region that run now, in order of their ids."""
    instances = sorted(account.ec2(region).all_instances(), key=lambda i: str(i.id))
    return [instance for instance in instances if is_managed(instance, memory, now)]


def is_managed(instance: Any, memory: Memory, now: datetime) -> bool:
    """Whether Session Manager would find the instance connected."""
    life = memory.lives.get(instance.id)
    if life is None or life.state is not State.RUNNING:
        return False
    image = instance.ec2_backend.amis.get(instance.image_id)
    if not getattr(image, "has_ssm_agent", True):
        return False
    if instance.metadata_options.http_endpoint != "enabled":
        return False  # no credentials without metadata
    reachable = all(reaches_service(instance, service) for service in AGENT_SERVICES)
    return reachable and _may_speak(instance, memory, now)


def _may_speak(instance: Any, memory: Memory, now: datetime) -> bool:
    """Whether the credentials that metadata vends allow all that the agent calls."""
    credentials = memory.credentials.get(instance.id)
    principal = find_principal(credentials.access_key_id) if credentials else None
    if principal is None:
        return False
    source = instance.public_ip or memory.switches.caller_address
    for service, operation in AGENT_CALLS:
        call = Call(
            service=service,
            operation=operation,
            protocol="json",
            region=instance.region_name,
            parameters={"InstanceId": instance.id},
        )
        try:
            access.authorize(call, principal, source_ip=str(source), now=now)
        except AwsError:
            return False
    return True


def describe_instance_information(duty: Duty) -> dict[str, Any]:
    """The managed instances that the filters let through, a page at a time. Raises AwsError."""
    parameters = duty.call.parameters
    wanted = _wanted(parameters)
    shown = [
        information
        for instance in managed_instances(duty.call.region, duty.memory, duty.now)
        if _matches(information := _information(instance, duty.now), wanted)
    ]
    size = int(parameters.get("MaxResults") or PAGE)
    if not LEAST_PAGE <= size <= PAGE:
        raise AwsError("ValidationException", f"MaxResults must be from {LEAST_PAGE} to {PAGE}.")
    start = _start(parameters.get("NextToken"))
    page = shown[start : start + size]
    following = {"NextToken": str(start + size)} if start + size < len(shown) else {}
    return {"InstanceInformationList": page, **following}


def _start(token: str | None) -> int:
    if token is None:
        return 0
    if not (token.isascii() and token.isdigit()):
        raise AwsError("InvalidNextToken", "The specified token is not valid.")
    return int(token)


_FILTERS = {
    "InstanceIds": "InstanceId",
    "PingStatus": "PingStatus",
    "PlatformTypes": "PlatformType",
    "AgentVersion": "AgentVersion",
    "ResourceType": "ResourceType",
}


def _wanted(parameters: dict[str, Any]) -> dict[str, list[str]]:
    """Both forms of filters as member -> values. Raises AwsError."""
    wanted: dict[str, list[str]] = {}
    pairs = [(f.get("Key"), f.get("Values")) for f in parameters.get("Filters") or []]
    old = parameters.get("InstanceInformationFilterList") or []
    for key, values in [*pairs, *((f.get("key"), f.get("valueSet")) for f in old)]:
        if key not in _FILTERS:
            raise AwsError("InvalidFilterKey", f"The filter key {key} is not valid.")
        wanted[_FILTERS[key]] = [str(value) for value in values or []]
    return wanted


def _matches(information: dict[str, Any], wanted: dict[str, list[str]]) -> bool:
    return all(information[member] in values for member, values in wanted.items())


def _information(instance: Any, now: datetime) -> dict[str, Any]:
    image = instance.ec2_backend.amis.get(instance.image_id)
    is_windows = instance.platform == "windows"
    return {
        "InstanceId": instance.id,
        "PingStatus": "Online",
        "LastPingDateTime": now,
        "AgentVersion": AGENT_VERSION,
        "IsLatestVersion": True,
        "PlatformType": "Windows" if is_windows else "Linux",
        "PlatformName": _platform_name(str(image.name) if image else ""),
        "ResourceType": "EC2Instance",
        "IPAddress": instance.private_ip,
        "ComputerName": instance.private_dns_name,
        "SourceId": instance.id,
        "SourceType": "AWS::EC2::Instance",
    }


def _platform_name(image_name: str) -> str:
    for part, name in (
        ("ubuntu", "Ubuntu"),
        ("windows", "Microsoft Windows Server"),
        ("bottlerocket", "Bottlerocket"),
    ):
        if part in image_name.lower():
            return name
    return "Amazon Linux"
