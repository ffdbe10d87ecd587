"""What the cloud remembers beyond moto: lives, launches' tokens, switches, addresses.

One object, guarded by one lock: moto is not made for threads, and a call that is authorised,
performed and shown to the data plane as one step leaves no gap for another to see.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from spawn.local.control.network import PublicAddresses
from spawn.local.control.schedules import Fired
from spawn.local.control.states import Life
from spawn.local.control.switches import Switches
from spawn.local.control.trail.history import EventHistory
from spawn.local.world import EphemeralKey, RoleCredentials

TERMINATED_ARE_SHOWN_SECONDS = 3600.0  # EC2 describes terminated instances for about an hour


@dataclasses.dataclass(frozen=True, kw_only=True)
class Launch:
    """What a ClientToken was used for: the request's fingerprint and what came of it."""

    fingerprint: str
    result: str  # reservation id, schedule ARN


@dataclasses.dataclass(frozen=True, kw_only=True)
class Session:
    """A session of Session Manager that was started and not yet ended."""

    session_id: str
    target: str
    document: str
    owner_arn: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class ConnectEndpoint:
    """An EC2 Instance Connect Endpoint."""

    endpoint_id: str
    region: str
    vpc_id: str
    subnet_id: str
    zone: str
    interface_id: str
    group_ids: tuple[str, ...]
    preserves_client_ip: bool
    created_at: datetime
    client_token: str | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class RegionSettings:
    """What the account has set for a region, in AWS's words; at first it has set nothing."""

    metadata: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    snapshot_block: str = "unblocked"
    image_block: str = "unblocked"
    allowed_images: str = "disabled"
    image_criteria: tuple[Any, ...] = ()


@dataclasses.dataclass(kw_only=True)
class Memory:
    """Everything that is not moto's. Change it only while holding `lock`."""

    lock: threading.RLock = dataclasses.field(default_factory=threading.RLock)
    lives: dict[str, Life] = dataclasses.field(default_factory=dict)
    regions: dict[str, str] = dataclasses.field(default_factory=dict)  # of instances
    ended_at: dict[str, datetime] = dataclasses.field(default_factory=dict)
    tokens: dict[tuple[str, str, str], Launch] = dataclasses.field(default_factory=dict)
    credentials: dict[str, RoleCredentials] = dataclasses.field(default_factory=dict)
    seeded_regions: set[str] = dataclasses.field(default_factory=set)
    profiles_made_at: dict[str, datetime] = dataclasses.field(default_factory=dict)
    ssh_keys: dict[str, tuple[EphemeralKey, ...]] = dataclasses.field(default_factory=dict)
    sessions: dict[str, Session] = dataclasses.field(default_factory=dict)
    connect_endpoints: dict[str, ConnectEndpoint] = dataclasses.field(default_factory=dict)
    region_settings: dict[str, RegionSettings] = dataclasses.field(default_factory=dict)
    fired: set[Fired] = dataclasses.field(default_factory=set)  # schedules
    dns_changes: dict[str, datetime] = dataclasses.field(default_factory=dict)  # by id
    history: EventHistory = dataclasses.field(default_factory=EventHistory)  # of CloudTrail
    troubles: list[str] = dataclasses.field(default_factory=list)
    addresses: PublicAddresses = dataclasses.field(default_factory=PublicAddresses)
    switches: Switches = dataclasses.field(default_factory=Switches)

    def clear(self) -> None:
        """Forget everything, the lock apart."""
        fresh = Memory()
        for field in dataclasses.fields(self):
            if field.name != "lock":
                setattr(self, field.name, getattr(fresh, field.name))
