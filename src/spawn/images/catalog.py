"""The images that spawn knows: who publishes them, what they are called, who logs in."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from fnmatch import fnmatchcase

import msgspec

ARCHITECTURES = ("x86_64", "arm64")


class OperatingSystem(enum.StrEnum):
    """What a person asks for by name; which image that is, is looked up."""

    AL2023 = "al2023"
    UBUNTU_24_04 = "ubuntu-24.04"
    UBUNTU_22_04 = "ubuntu-22.04"
    DEBIAN_12 = "debian-12"

    @property
    def label(self) -> str:
        """Its name in a sentence."""
        return _LABELS[self]


_LABELS = {
    OperatingSystem.AL2023: "Amazon Linux 2023",
    OperatingSystem.UBUNTU_24_04: "Ubuntu 24.04",
    OperatingSystem.UBUNTU_22_04: "Ubuntu 22.04",
    OperatingSystem.DEBIAN_12: "Debian 12",
}


class Publisher(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes images.

    accounts  what owns them: for each line of images its account by partition, where it is known
    alias     the ImageOwnerAlias that AWS keeps for this publisher alone, in every partition
    """

    name: str
    accounts: tuple[Mapping[str, str], ...]
    alias: str = ""

    def owns(self, account: str, *, partition: str) -> bool:
        """Whether the account of that partition is one of the publisher's."""
        return any(each.get(partition) == account for each in self.accounts)


class ImageFamily(msgspec.Struct, frozen=True, kw_only=True):
    """Images of one line.

    accounts              whose they are by partition, out of the publisher's accounts
    patterns              names as DescribeImages filters them (`*`, `?`), narrow enough to keep
                          out variants that are made for something else (minimal, ECS, Neuron)
    preferred             which of those names are taken before the others, however old
    has_instance_connect  EC2 Instance Connect's package is on the image
    """

    name: str
    publisher: Publisher
    accounts: Mapping[str, str]
    patterns: tuple[str, ...]
    preferred: tuple[str, ...] = ()
    login_user: str
    has_instance_connect: bool = False

    def includes(self, image_name: str) -> bool:
        """Whether an image of that name is one of these."""
        return _is_one_of(image_name, self.patterns)

    def prefers(self, image_name: str) -> bool:
        """Whether an image of that name is taken before the others."""
        return _is_one_of(image_name, self.preferred)

    def owner(self, partition: str) -> str | None:
        """Return what DescribeImages takes as their owner, None where that is not known."""
        return self.accounts.get(partition) or self.publisher.alias or None


def _is_one_of(image_name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(image_name, pattern) for pattern in patterns)


# AL2023 user guide, "AL2023 on Amazon EC2", and the owners that describe-images shows.
_AMAZON_LINUX = {"aws": "137112412989", "aws-us-gov": "045324592363", "aws-cn": "141808717104"}
# As describe-images shows it; elsewhere Amazon's alias finds them.
_DEEP_LEARNING = {"aws": "898082745236"}
# Ubuntu on AWS documentation, "Find Ubuntu images on AWS": ownership verification.
_CANONICAL = {"aws": "099720109477", "aws-us-gov": "513442679011", "aws-cn": "837727238323"}
# Debian wiki, "Cloud/AmazonEC2Image": the account of the Debian cloud team.
_DEBIAN = {"aws": "136693071363"}

AMAZON = Publisher(name="Amazon", accounts=(_AMAZON_LINUX, _DEEP_LEARNING), alias="amazon")
CANONICAL = Publisher(name="Canonical", accounts=(_CANONICAL,))
DEBIAN = Publisher(name="Debian", accounts=(_DEBIAN,))
PUBLISHERS = (AMAZON, CANONICAL, DEBIAN)


def _deep_learning(name: str, system: str, login_user: str) -> ImageFamily:
    """AWS's Base images of a system: NVIDIA's open driver, CUDA and no framework.

    Named so in the DLAMI release notes, "Base GPU AMI" and "ARM64 Base GPU AMI".
    """
    return ImageFamily(
        name=name,
        publisher=AMAZON,
        accounts=_DEEP_LEARNING,
        patterns=tuple(
            f"Deep Learning {kind} OSS Nvidia Driver GPU AMI ({system}) 20*"
            for kind in ("Base", "ARM64 Base")
        ),
        login_user=login_user,
        has_instance_connect=True,
    )


def _ubuntu(codename: str, release: str) -> ImageFamily:
    """Canonical's server images, whether their first disk is gp2 or gp3."""
    return ImageFamily(
        name=f"ubuntu-{release}",
        publisher=CANONICAL,
        accounts=_CANONICAL,
        patterns=tuple(
            f"ubuntu/images/{disk}/ubuntu-{codename}-{release}-{architecture}-server-20*"
            for disk in ("hvm-ssd", "hvm-ssd-gp3")
            for architecture in ("amd64", "arm64")
        ),
        login_user="ubuntu",
        has_instance_connect=True,
    )


# Each release comes with several kernels, named in the image. 6.18 is the default since August 2026
# (the public parameters al2023-ami-kernel-default-*); when Amazon ends it, another one boots.
AL2023 = ImageFamily(
    name="al2023",
    publisher=AMAZON,
    accounts=_AMAZON_LINUX,
    patterns=tuple(f"al2023-ami-2023.*-kernel-*-{each}" for each in ARCHITECTURES),
    preferred=tuple(f"al2023-ami-2023.*-kernel-6.18-{each}" for each in ARCHITECTURES),
    login_user="ec2-user",
    has_instance_connect=True,
)
PLAIN: Mapping[OperatingSystem, ImageFamily] = {
    OperatingSystem.AL2023: AL2023,
    OperatingSystem.UBUNTU_24_04: _ubuntu("noble", "24.04"),
    OperatingSystem.UBUNTU_22_04: _ubuntu("jammy", "22.04"),
    OperatingSystem.DEBIAN_12: ImageFamily(
        name="debian-12",
        publisher=DEBIAN,
        accounts=_DEBIAN,
        patterns=tuple(f"debian-12-{each}-20*" for each in ("amd64", "arm64")),
        login_user="admin",
    ),
}
# With NVIDIA's drivers; AWS makes none of Debian.
DEEP_LEARNING: Mapping[OperatingSystem, ImageFamily] = {
    OperatingSystem.AL2023: _deep_learning("dlami-al2023", "Amazon Linux 2023", "ec2-user"),
    OperatingSystem.UBUNTU_24_04: _deep_learning("dlami-ubuntu-24.04", "Ubuntu 24.04", "ubuntu"),
    OperatingSystem.UBUNTU_22_04: _deep_learning("dlami-ubuntu-22.04", "Ubuntu 22.04", "ubuntu"),
}

# What else is recognised when it is named, the first that fits. Which images bring Instance
# Connect: EC2 user guide, "Install EC2 Instance Connect" (not AL2023's minimal and ECS images,
# Amazon Linux 2 from 2.0.20190618 on, Ubuntu from 20.04 on).
_RECOGNISED = (
    ImageFamily(
        name="amazon-linux",
        publisher=AMAZON,
        accounts=_AMAZON_LINUX,
        patterns=("al2023-ami-2023.*", "amzn2-ami-hvm-2.0.202*", "amzn2-ami-kernel-*-hvm-2.0.202*"),
        login_user="ec2-user",
        has_instance_connect=True,
    ),
    ImageFamily(
        name="amazon-linux-variant",
        publisher=AMAZON,
        accounts=_AMAZON_LINUX,
        patterns=("al2023-ami-*", "amzn2-ami-*", "amzn-ami-*"),
        login_user="ec2-user",
    ),
    ImageFamily(
        name="dlami-amazon-linux",
        publisher=AMAZON,
        accounts=_DEEP_LEARNING,
        patterns=("Deep Learning *(Amazon Linux 2*)*",),
        login_user="ec2-user",
        has_instance_connect=True,
    ),
    ImageFamily(
        name="dlami-ubuntu",
        publisher=AMAZON,
        accounts=_DEEP_LEARNING,
        patterns=("Deep Learning *(Ubuntu 2?.04)*",),
        login_user="ubuntu",
        has_instance_connect=True,
    ),
    ImageFamily(
        name="windows",
        publisher=AMAZON,
        accounts={},
        patterns=("Windows_Server-*",),
        login_user="Administrator",
    ),
    ImageFamily(
        name="ubuntu-server",
        publisher=CANONICAL,
        accounts=_CANONICAL,
        patterns=(
            "ubuntu/images/*/ubuntu-*-2?.*-server-20*",
            "ubuntu-pro-server/images/*/ubuntu-*-2?.*-pro-server-20*",
        ),
        login_user="ubuntu",
        has_instance_connect=True,
    ),
    ImageFamily(
        name="ubuntu-variant",
        publisher=CANONICAL,
        accounts=_CANONICAL,
        patterns=("ubuntu/images*", "ubuntu-minimal/images*", "ubuntu-pro-server/images*"),
        login_user="ubuntu",
    ),
    ImageFamily(
        name="debian",
        publisher=DEBIAN,
        accounts=_DEBIAN,
        patterns=("debian-1?-*",),
        login_user="admin",
    ),
)
FAMILIES = (*PLAIN.values(), *DEEP_LEARNING.values(), *_RECOGNISED)


def publisher_of(owner: str, *, alias: str, partition: str) -> Publisher | None:
    """Return the publisher that owns an image, None for a stranger.

    `alias` is the image's ImageOwnerAlias: only AWS sets it, "amazon" on its own accounts alone
    (EC2 user guide, "Verified provider"), in every partition.
    """
    for publisher in PUBLISHERS:
        if alias and alias == publisher.alias:
            return publisher
        if publisher.owns(owner, partition=partition):
            return publisher
    return None


def family_of(publisher: Publisher | None, image_name: str) -> ImageFamily | None:
    """Return the line that a publisher's image belongs to, None where it is not known.

    A name says something only under its publisher's account: anybody can call an image ubuntu.
    """
    return next(
        (
            family
            for family in FAMILIES
            if family.publisher is publisher and family.includes(image_name)
        ),
        None,
    )


def login_user(publisher: Publisher | None, image_name: str) -> str | None:
    """Return who logs in, None where it is not known or where nobody can (Bottlerocket)."""
    family = family_of(publisher, image_name)
    return None if family is None else family.login_user
