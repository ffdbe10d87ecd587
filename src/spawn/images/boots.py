"""What reads user-data on an image when it boots, as far as an image shows it: pure.

spawn's agent travels in user-data and is started by cloud-init. Where something else reads it,
nothing would start, and the instance would look safe and not be.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fnmatch import fnmatchcase

from spawn.aws.ec2_images import Image


class Boot(enum.StrEnum):
    """What reads user-data."""

    CLOUD_INIT = "cloud-init"
    WINDOWS = "windows"
    IGNITION = "ignition"
    BOTTLEROCKET = "bottlerocket"
    TALOS = "talos"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class System:
    """A system that does not boot by cloud-init, and what shows that an image is one.

    patterns  names of its images, as their makers write them
    owner     the maker's account, "" where that publishes other systems, too
    reading   what becomes of user-data there
    """

    title: str
    boot: Boot
    patterns: tuple[str, ...] = ()
    owner: str = ""
    reading: str


CLOUD_INIT = System(title="Linux", boot=Boot.CLOUD_INIT, reading="cloud-init runs user-data")
WINDOWS = System(
    title="Windows",
    boot=Boot.WINDOWS,
    reading="EC2Launch takes user-data for PowerShell or batch scripts",
)
_IGNITES = "Ignition takes user-data for its own configuration and runs no script"
_SYSTEMS = (
    System(
        title="Bottlerocket",
        boot=Boot.BOTTLEROCKET,
        patterns=("bottlerocket-*",),
        reading="Bottlerocket takes user-data for its settings, in TOML, and has no shell",
    ),
    System(
        title="Flatcar Container Linux",
        boot=Boot.IGNITION,
        patterns=("Flatcar-*",),
        owner="075585003325",
        reading=_IGNITES,
    ),
    System(
        title="Fedora CoreOS",
        boot=Boot.IGNITION,
        patterns=("fedora-coreos-*",),
        reading=_IGNITES,
    ),
    System(
        title="Red Hat Enterprise Linux CoreOS",
        boot=Boot.IGNITION,
        patterns=("rhcos-*",),
        reading=_IGNITES,
    ),
    System(
        title="Talos Linux",
        boot=Boot.TALOS,
        patterns=("talos-v[0-9]*",),
        owner="540036508848",
        reading="Talos takes user-data for its machine configuration and has no shell",
    ),
    System(
        title="FreeBSD",
        boot=Boot.OTHER,
        patterns=("FreeBSD *", "FreeBSD/*"),
        reading="FreeBSD reads user-data by its own scripts and has no systemd",
    ),
    System(
        title="NixOS",
        boot=Boot.OTHER,
        patterns=("nixos/*", "NixOS-*"),
        reading="NixOS takes user-data for its configuration",
    ),
)


def system_of(image: Image) -> System:
    """Return the system that an image is; what can't be recognised is taken for cloud-init.

    A stranger's image is believed, too, when its name says that it can't be served: a copy keeps
    the name, and a wrong name only leads to a refusal.
    """
    if image.platform.casefold() == "windows":
        return WINDOWS
    return next((system for system in _SYSTEMS if _is(system, image)), CLOUD_INIT)


def _is(system: System, image: Image) -> bool:
    if system.owner and image.owner_id == system.owner:
        return True
    return any(fnmatchcase(image.name, pattern) for pattern in system.patterns)
