"""`requestParameters` and `responseElements`: names in camel case, EC2's lists as sets of items.

Source: CloudTrail user guide, "CloudTrail record contents", and the examples of events in the
services' own guides. Answers are read again by botocore's models, as a client reads them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET  # it reads this cloud's own answers alone

from botocore.parsers import ResponseParserError, create_parser
from moto.core.utils import get_service_model

from spawn.local.control.messages import Response
from spawn.local.control.operations import Call
from spawn.local.control.trail.hiding import HIDDEN, REMOVED, hidden_in, is_left_out

# EC2's parameters that hold lists -> the set's name, and the name of a member where it is no
# structure. All others are named by the rule in `_set_name`.
_SETS: dict[str, tuple[str, str]] = {
    "BlockDeviceMappings": ("blockDeviceMapping", ""),
    "Filters": ("filterSet", ""),
    "ImageIds": ("imagesSet", "imageId"),
    "InstanceIds": ("instancesSet", "instanceId"),
    "Owners": ("ownersSet", "owner"),
    "Resources": ("resourcesSet", "resourceId"),
    "SecurityGroupIds": ("groupSet", "groupId"),
    "TagSpecifications": ("tagSpecificationSet", ""),
    "Tags": ("tagSet", ""),
    "Values": ("valueSet", "value"),
}
_RUN_INSTANCES_ITEM = ("ImageId", "MinCount", "MaxCount", "KeyName")


def request_parameters(call: Call) -> dict[str, Any] | None:
    """What was asked for, without what is never recorded; None where nothing was."""
    if call.service == "ec2":
        found = _ec2_request(call)
    elif call.service == "s3":
        found = _s3_request(call)
    else:
        shape = get_service_model(call.service).operation_model(call.operation).input_shape
        found = _plain(call.name, shape, call.parameters) if shape is not None else {}
    return found or None


def response_elements(call: Call, response: Response) -> dict[str, Any] | None:
    """What a call answered that changed something; None where it answered nothing."""
    if call.service == "ec2":
        return _ec2_answer(call, response)
    shape = get_service_model(call.service).operation_model(call.operation).output_shape
    parsed = _parsed(call, response)
    parsed.pop("ResponseMetadata", None)
    return _plain(call.name, shape, parsed) or None if shape is not None else None


def error_of(call: Call, response: Response) -> tuple[str, str]:
    """Code and message of a call that failed."""
    error = _parsed(call, response).get("Error") or {}
    code = str(error.get("Code") or response.status)
    return code, str(error.get("Message") or "")


def _parsed(call: Call, response: Response) -> dict[str, Any]:
    operation = get_service_model(call.service).operation_model(call.operation)
    message = {
        "status_code": response.status,
        "headers": {name.lower(): value for name, value in response.headers},
        "body": response.body,
        "context": {"operation_name": call.operation},
    }
    if operation.has_streaming_output and response.status < 400:
        return {}
    try:
        return dict(_parser(call.protocol).parse(message, operation.output_shape))
    except ResponseParserError:  # a body that is no answer of this protocol: nothing to tell of it
        return {}


@functools.cache
def _parser(protocol: str) -> Any:
    return create_parser(protocol)


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def _plain(call_name: str, shape: Any, value: Any) -> Any:
    """A value as JSON has it, by its shape: keys of structures in camel case, of maps as given."""
    if shape.metadata.get("sensitive"):
        return REMOVED if call_name.startswith("ec2:") else HIDDEN
    if isinstance(value, Mapping):
        return _mapping(call_name, shape, value)
    if isinstance(value, list | tuple):
        member = getattr(shape, "member", shape)
        return [_plain(call_name, member, each) for each in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%b %-d, %Y %-I:%M:%S %p")
    if isinstance(value, bytes | bytearray):
        return HIDDEN
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def _mapping(call_name: str, shape: Any, value: Mapping[str, Any]) -> dict[str, Any]:
    if shape.type_name == "map":
        return {str(key): _plain(call_name, shape.value, each) for key, each in value.items()}
    members = getattr(shape, "members", {})
    told: dict[str, Any] = {}
    for name, each in value.items():
        if name not in members or each is None or is_left_out(call_name, name):
            continue
        if call_name.startswith("dynamodb:") and name == "Item":
            told["items"] = sorted(each)  # the names of the attributes, not what is in them
            continue
        hidden = hidden_in(call_name, name)
        told[_lower_first(name)] = hidden or _plain(call_name, members[name], each)
    return told


def _s3_request(call: Call) -> dict[str, Any]:
    """Bucket and key under names of their own, the rest as the wire spells it."""
    shape = get_service_model("s3").operation_model(call.operation).input_shape
    members = shape.members if shape is not None else {}
    told: dict[str, Any] = {}
    for name, value in call.parameters.items():
        if name not in members:
            continue
        serialization = members[name].serialization
        on_wire = serialization.get("location") in {"header", "querystring"}
        spelled = serialization["name"] if on_wire else _lower_first(name)
        spelled = "bucketName" if name == "Bucket" else spelled
        told[spelled] = hidden_in(call.name, name) or _plain(call.name, members[name], value)
    return told


def _ec2_request(call: Call) -> dict[str, Any]:
    parameters = dict(call.parameters)
    told: dict[str, Any] = {}
    if call.operation == "RunInstances":
        item = {name: parameters.pop(name) for name in _RUN_INSTANCES_ITEM if name in parameters}
        told["instancesSet"] = {"items": [_ec2_value(call, item)]}
    return {**told, **_ec2_value(call, parameters)}


def _ec2_value(call: Call, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value if isinstance(value, str | int | float | bool | None) else str(value)
    told: dict[str, Any] = {}
    for name, each in value.items():
        hidden = hidden_in(call.name, name)
        if hidden is not None:
            told[_lower_first(name)] = hidden
        elif not isinstance(each, list):
            told[_lower_first(name)] = _ec2_value(call, each)
        elif name == "Tags" and "ResourceType" in value:
            told["tags"] = [_ec2_value(call, item) for item in each]
        else:
            set_name, member = _SETS.get(name) or _set_name(name)
            items = [
                _ec2_value(call, item) if isinstance(item, Mapping) else {member: item}
                for item in each
            ]
            told[set_name] = {"items": items}
    return told


def _set_name(name: str) -> tuple[str, str]:
    """The rule: VolumeIds is a volumeSet of volumeId, Groups a groupSet of group."""
    single = _lower_first(name.removesuffix("s"))
    return f"{single.removesuffix('Id')}Set", single


def _ec2_answer(call: Call, response: Response) -> dict[str, Any] | None:
    try:
        root = ET.fromstring(response.body)  # noqa: S314 - the answer that was just made here
    except ET.ParseError:
        return None
    told = _xml(call, root)
    return told if isinstance(told, dict) else None


def _xml(call: Call, element: ET.Element) -> Any:
    children = list(element)
    if not children:
        return element.text
    names = [_local_name(child) for child in children]
    if set(names) == {"item"}:
        return {"items": [_xml(call, child) for child in children]}
    return {
        name: hidden_in(call.name, name) or _xml(call, child)
        for name, child in zip(names, children, strict=True)
    }


def _local_name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
