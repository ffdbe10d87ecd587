"""Which instances can be hibernated, and what their disk must hold then: pure.

Source: EC2 User Guide, "Prerequisites for EC2 instance hibernation".
"""

from __future__ import annotations

from spawn.aws import ec2
from spawn.core.errors import InputError
from spawn.images.catalog import OperatingSystem
from spawn.launch.spec import LaunchSpec

_MIB_A_GIB = 1024
MOST_MEMORY_GIB = 150
# The images of the others have no hibernation agent.
_SYSTEMS = frozenset(
    {OperatingSystem.AL2023, OperatingSystem.UBUNTU_22_04, OperatingSystem.UBUNTU_24_04}
)


def memory_gib(memory_mib: int) -> int:
    """Return what memory needs on disk: whole GiB, rounded up."""
    return -(-memory_mib // _MIB_A_GIB)


def check_hibernation(spec: LaunchSpec, kind: ec2.InstanceType) -> None:
    """Raise InputError, naming the flag, for a type or system that can't be hibernated.

    Of an image of one's own nobody can tell beforehand.
    """
    if not spec.hibernates:
        return
    flag = "--hibernation" if spec.hibernation else "hibernate"
    if not kind.hibernation_supported:
        raise InputError(
            f"{flag}: {kind.instance_type} can't be hibernated",
            why="EC2 offers it for some types only: t3, m5, c5, r5 and their successors",
        )
    if memory_gib(kind.memory_info.size_in_mib) > MOST_MEMORY_GIB:
        raise InputError(
            f"{flag}: {kind.instance_type} has too much memory to be hibernated",
            why=f"EC2 hibernates up to {MOST_MEMORY_GIB} GiB",
        )
    if spec.ami is None and (spec.os or OperatingSystem.AL2023) not in _SYSTEMS:
        raise InputError(
            f"{flag}: {spec.os} can't be hibernated",
            why=f"write one of {', '.join(sorted(_SYSTEMS))} after --os",
        )
