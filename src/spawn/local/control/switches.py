"""Switches for tests: what AWS does to people at times, made to happen on purpose.

The administrator sets them by signed requests to `/_spawn/switches`; each is off in a new cloud.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import msgspec

from spawn.local.control.messages import AwsError
from spawn.local.world import SpotNotice

DEFAULT_CALLER_ADDRESS = "203.0.113.10"  # RFC 5737, TEST-NET-3


class InjectedError(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The next `times` calls of an operation fail so, before anything is done."""

    operation: str  # "ec2:RunInstances"
    code: str
    message: str
    status: int = 400
    times: int = 1


class NoCapacity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """RunInstances finds no capacity for this type in this zone; None means any."""

    instance_type: str | None = None
    zone: str | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The switches as a request sends them: what is absent stays as it was."""

    caller_address: str | None = None
    profile_delay_seconds: float | None = None
    no_capacity: list[NoCapacity] | None = None
    errors: list[InjectedError] | None = None
    metadata_fails: dict[str, bool] | None = None  # by instance id
    spot_notices: dict[str, SpotNotice | None] | None = None
    rebalance_notices: dict[str, str | None] | None = None


@dataclasses.dataclass(kw_only=True)
class Switches:
    """Where the switches stand. `profile_delay_seconds` is 0 for none."""

    caller_address: str = DEFAULT_CALLER_ADDRESS
    profile_delay_seconds: float = 0.0
    no_capacity: Sequence[NoCapacity] = ()
    errors: list[InjectedError] = dataclasses.field(default_factory=list)
    metadata_fails: dict[str, bool] = dataclasses.field(default_factory=dict)
    spot_notices: dict[str, SpotNotice | None] = dataclasses.field(default_factory=dict)
    rebalance_notices: dict[str, str | None] = dataclasses.field(default_factory=dict)

    def set(self, settings: Settings) -> None:
        """Set what the request names; an empty list or mapping turns its switch off."""
        for field in settings.__struct_fields__:
            value = getattr(settings, field)
            if value is not None:
                setattr(self, field, value)

    def fail_if_told(self, operation: str) -> None:
        """Raise the injected AwsError of an operation, where one is left."""
        for index, error in enumerate(self.errors):
            if error.operation == operation and error.times > 0:
                left = msgspec.structs.replace(error, times=error.times - 1)
                self.errors[index : index + 1] = [left] if left.times else []
                raise AwsError(error.code, error.message, status=error.status)

    def check_capacity(self, instance_type: str, zone: str) -> None:
        """Raise EC2's InsufficientInstanceCapacity where told."""
        for lack in self.no_capacity:
            if lack.instance_type in {None, instance_type} and lack.zone in {None, zone}:
                raise AwsError(
                    "InsufficientInstanceCapacity",
                    f"We currently do not have sufficient {instance_type} capacity in the "
                    f"Availability Zone you requested ({zone}).",
                    status=500,
                )
