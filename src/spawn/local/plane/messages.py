"""What the inside of the plane and its hypervisor say to each other: one JSON document a packet."""

from __future__ import annotations

import msgspec

from spawn.local.plane.image import ImageSoftware


class Boot(msgspec.Struct, frozen=True, kw_only=True, tag="boot"):
    """Start an instance; its network namespace is there already, by the name of its id."""

    instance_id: str
    boot: int
    hostname: str
    environment: dict[str, str]
    user_data: bytes | None
    public_keys: tuple[str, ...]
    software: ImageSoftware


class End(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """End an instance: by asking its first process, or by killing it."""

    instance_id: str
    by_force: bool


class Wipe(msgspec.Struct, frozen=True, kw_only=True, tag="wipe"):
    """Throw away the disk of an instance that doesn't run."""

    instance_id: str


Order = Boot | End | Wipe


class ConsoleOpened(msgspec.Struct, frozen=True, kw_only=True, tag="console-opened"):
    """Comes with a file descriptor: the far side of the instance's console."""

    instance_id: str


class Listening(msgspec.Struct, frozen=True, kw_only=True, tag="listening"):
    """The instance's first process runs, and its SSH port is open."""

    instance_id: str
    boot: int


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """The instance could not be started, or its disk not be thrown away; why."""

    instance_id: str
    message: str


class Exited(msgspec.Struct, frozen=True, kw_only=True, tag="exited"):
    """The instance's first process ended, and all others with it. A signal's number is negative."""

    instance_id: str
    boot: int
    exit_code: int


Report = ConsoleOpened | Listening | Failed | Exited

PACKET_LIMIT_BYTES = 256 * 1024
