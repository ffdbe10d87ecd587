"""Every operation that spawn can call: what is not here can't be.

The modules of a service are read when something of that service is asked for: a command speaks to
four services of sixteen, and what is read at every start must be little.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator, Mapping
from typing import Final

from spawn.aws.operation import Operation
from spawn.core.errors import Defect

# botocore's service -> the modules of this room that declare its operations.
_MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    "accessanalyzer": ("access_analyzer",),
    "cloudtrail": ("cloudtrail",),
    "config": ("config",),
    "dynamodb": ("dynamodb",),
    "ec2": (
        "ec2",
        "ec2_changes",
        "ec2_endpoints",
        "ec2_settings",
        "ec2_spot",
        "instance_details",
    ),
    "ec2-instance-connect": ("ec2_instance_connect",),
    "iam": ("iam", "iam_holders", "iam_simulation", "managed_policies", "removal"),
    "kms": ("kms",),
    "logs": ("logs",),
    "organizations": ("organizations",),
    "pricing": ("pricing",),
    "route53": ("route53",),
    "s3": ("s3", "s3_objects"),
    "scheduler": ("scheduler",),
    "secretsmanager": ("secretsmanager",),
    "service-quotas": ("service_quotas",),
    "ssm": ("ssm",),
    "sts": ("denials", "sts"),
}
SERVICES: Final = frozenset(_MODULES)


@functools.cache
def operations_of(service: str) -> Mapping[str, Operation]:
    """Return a service's operations by key, none for a service that spawn does not call."""
    rooms = (importlib.import_module(f"spawn.aws.{name}") for name in _MODULES.get(service, ()))
    declared: Iterator[Operation] = (each for room in rooms for each in room.OPERATIONS)
    return {each.key: each for each in declared if each.service == service}


class _Table(Mapping[str, Operation]):
    """All operations by key: "ec2:RunInstances"."""

    def __getitem__(self, key: str) -> Operation:
        return operations_of(key.partition(":")[0])[key]

    def __iter__(self) -> Iterator[str]:
        return (key for service in _MODULES for key in operations_of(service))

    def __len__(self) -> int:
        return sum(len(operations_of(service)) for service in _MODULES)


OPERATIONS: Final[Mapping[str, Operation]] = _Table()


def operation(key: str) -> Operation:
    """Return the operation of that key. Raises Defect for one that is not in the table."""
    found = OPERATIONS.get(key)
    if found is None:
        raise Defect(f"{key} is not an operation that spawn calls")
    return found
