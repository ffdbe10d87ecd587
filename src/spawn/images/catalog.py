"""The images that spawn knows: who publishes them, what they are called, who logs in."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

import msgspec

ARCHITECTURES = ("x86_64", "arm64")


class Publisher(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes images, and the account that owns them in each partition that is known."""

    name: str
    owners: Mapping[str, str]


class ImageFamily(msgspec.Struct, frozen=True, kw_only=True):
    """Images of one system.

    `patterns` are names as DescribeImages filters them (`*`, `?`), narrow enough to keep variants
    out that are made for something else (minimal, ECS, Neuron).
    """

    name: str
    publisher: Publisher
    patterns: tuple[str, ...]
    login_user: str

    def includes(self, image_name: str) -> bool:
        """Whether an image of that name is one of these."""
        return any(fnmatchcase(image_name, pattern) for pattern in self.patterns)


# AL2023 user guide, "AL2023 on Amazon EC2", and the owners that describe-images shows.
AMAZON = Publisher(
    name="Amazon",
    owners={"aws": "137112412989", "aws-us-gov": "045324592363", "aws-cn": "141808717104"},
)
# Ubuntu on AWS documentation, "Find Ubuntu images on AWS": ownership verification.
CANONICAL = Publisher(
    name="Canonical",
    owners={"aws": "099720109477", "aws-us-gov": "513442679011", "aws-cn": "837727238323"},
)
# Debian wiki, "Cloud/AmazonEC2Image": the account of the Debian cloud team.
DEBIAN = Publisher(name="Debian", owners={"aws": "136693071363"})
PUBLISHERS = (AMAZON, CANONICAL, DEBIAN)

# The kernel stands in the name: 6.1 is the one that AL2023 began with and keeps as its default.
AL2023 = ImageFamily(
    name="al2023",
    publisher=AMAZON,
    patterns=tuple(f"al2023-ami-2023.*-kernel-6.1-{each}" for each in ARCHITECTURES),
    login_user="ec2-user",
)
FAMILIES = (
    AL2023,
    ImageFamily(
        name="amazon-linux",
        publisher=AMAZON,
        patterns=("al2023-ami-*", "amzn2-ami-*", "amzn-ami-*"),
        login_user="ec2-user",
    ),
    ImageFamily(
        name="ubuntu",
        publisher=CANONICAL,
        patterns=("ubuntu/images/*", "ubuntu-minimal/images/*", "ubuntu-pro-server/images/*"),
        login_user="ubuntu",
    ),
    ImageFamily(name="debian", publisher=DEBIAN, patterns=("debian-1?-*",), login_user="admin"),
)


def publisher_of(owner: str, *, alias: str, partition: str) -> Publisher | None:
    """Return the publisher that owns an image, None for a stranger.

    `alias` is the image's ImageOwnerAlias: only AWS sets it, "amazon" on its own accounts alone
    (EC2 user guide, "Verified provider"), in every partition.
    """
    if alias == "amazon":
        return AMAZON
    return next((each for each in PUBLISHERS if each.owners.get(partition) == owner), None)


def login_user(publisher: Publisher | None, image_name: str) -> str | None:
    """Return who logs in, None where it is not known.

    A name says something only under its publisher's account: anybody can call an image ubuntu.
    """
    return next(
        (
            family.login_user
            for family in FAMILIES
            if family.publisher is publisher and family.includes(image_name)
        ),
        None,
    )
