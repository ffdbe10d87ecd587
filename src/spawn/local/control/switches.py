"""Switches for tests: what AWS does to people at times, made to happen on purpose.

The administrator sets them by signed requests to `/_spawn/switches`; each is off in a new cloud.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from spawn.iam.evaluation import readable_policy
from spawn.local.control.messages import AwsError
from spawn.local.control.principals import Levels
from spawn.local.world import SpotNotice

DEFAULT_CALLER_ADDRESS = "203.0.113.10"  # RFC 5737, TEST-NET-3


@dataclasses.dataclass(frozen=True, kw_only=True)
class LaunchTarget:
    """What a launch is about, as far as switches tell launches apart."""

    instance_type: str
    zone: str
    market: str  # "spot" | "on-demand"


class _Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which launches are meant; None means any."""

    instance_type: str | None = None
    zone: str | None = None
    market: Literal["spot", "on-demand"] | None = None

    def meets(self, target: LaunchTarget | None) -> bool:
        """Whether a call is meant. One that is no launch is meant where nothing is named."""
        wanted = (self.instance_type, self.zone, self.market)
        if target is None:
            return wanted == (None, None, None)
        found = (target.instance_type, target.zone, target.market)
        return all(want in {None, value} for want, value in zip(wanted, found, strict=True))


class InjectedError(_Match, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The next `times` calls of an operation fail so, before anything is done."""

    operation: str  # "ec2:RunInstances"
    code: str
    message: str
    status: int = 400
    times: int = 1


class NoCapacity(_Match, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """RunInstances finds capacity for `left` more of these instances; None means for none."""

    left: int | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The switches as a request sends them: what is absent stays as it was."""

    caller_address: str | None = None
    profile_delay_seconds: float | None = None
    no_capacity: list[NoCapacity] | None = None
    errors: list[InjectedError] | None = None
    metadata_fails: dict[str, bool] | None = None  # by instance id
    metadata_seconds_ahead: dict[str, float] | None = None  # of its Date, by instance id
    console_stalls: dict[str, bool] | None = None  # by instance id
    spot_notices: dict[str, SpotNotice | None] | None = None
    rebalance_notices: dict[str, str | None] | None = None
    lookups_per_second: int | None = None  # of CloudTrail's LookupEvents; 2 is AWS's limit
    # Of the organisation that the account is a member of: levels, the root's first, of documents.
    service_control_policies: list[list[dict[str, Any]]] | None = None
    foreign_buckets: list[str] | None = None  # made at once, in another account


@dataclasses.dataclass(kw_only=True)
class Switches:
    """Where the switches stand. `profile_delay_seconds` is 0 for none."""

    caller_address: str = DEFAULT_CALLER_ADDRESS
    profile_delay_seconds: float = 0.0
    no_capacity: Sequence[NoCapacity] = ()
    errors: list[InjectedError] = dataclasses.field(default_factory=list)
    metadata_fails: dict[str, bool] = dataclasses.field(default_factory=dict)
    metadata_seconds_ahead: dict[str, float] = dataclasses.field(default_factory=dict)
    console_stalls: dict[str, bool] = dataclasses.field(default_factory=dict)
    spot_notices: dict[str, SpotNotice | None] = dataclasses.field(default_factory=dict)
    rebalance_notices: dict[str, str | None] = dataclasses.field(default_factory=dict)
    lookups_per_second: int = 0  # no limit
    service_control_policies: Sequence[Sequence[Mapping[str, Any]]] = ()
    levels: Levels | None = None  # the same, compiled; None outside an organisation
    foreign_buckets: Sequence[str] = ()

    def set(self, settings: Settings) -> None:
        """Set what the request names; an empty list or mapping turns its switch off.

        Raises ValueError for a policy that is none.
        """
        if settings.service_control_policies is not None:
            self.levels = compiled_levels(settings.service_control_policies) or None
        for field in settings.__struct_fields__:
            value = getattr(settings, field)
            if value is not None:
                setattr(self, field, value)

    def fail_if_told(self, operation: str, target: LaunchTarget | None = None) -> None:
        """Raise the injected AwsError of an operation, where one is left for such a launch."""
        for index, error in enumerate(self.errors):
            if error.operation == operation and error.times > 0 and error.meets(target):
                left = msgspec.structs.replace(error, times=error.times - 1)
                self.errors[index : index + 1] = [left] if left.times else []
                raise AwsError(error.code, error.message, status=error.status)

    def capacity(self, target: LaunchTarget) -> int | None:
        """For how many such instances there is room; None where no switch limits them."""
        rooms = [lack.left or 0 for lack in self.no_capacity if lack.meets(target)]
        return min(rooms, default=None)

    def use_capacity(self, target: LaunchTarget, count: int) -> None:
        """Count launched instances off what is left."""
        self.no_capacity = [
            msgspec.structs.replace(lack, left=(lack.left or 0) - count)
            if lack.meets(target)
            else lack
            for lack in self.no_capacity
        ]


def compiled_levels(documents: Sequence[Sequence[Mapping[str, Any]]]) -> Levels:
    """Service control policies, ready to be asked. Raises ValueError."""
    return tuple(
        tuple(
            readable_policy(document, name=f"service control policy {depth}.{number}")
            for number, document in enumerate(level, 1)
        )
        for depth, level in enumerate(documents, 1)
    )
