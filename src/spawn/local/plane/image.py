"""What an image brings along, known by who published it: a pure function of owner and name.

All instances share the machine's programs; what differs between images on EC2, and shows to a
client, is decided here: who can log in, whether EC2 Instance Connect works, and how cloud-init
words things. An image of an unknown publisher has every login user and no package.
"""

from __future__ import annotations

import msgspec

from spawn.local.plane.accounts import LOGIN_USERS


class ImageSoftware(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of an image that its instances' behaviour depends on."""

    login_users: tuple[str, ...] = LOGIN_USERS
    has_instance_connect: bool = False
    cloud_init_version: str = "22.2.2"


_AMAZON_SOFTWARE = ImageSoftware(login_users=("ec2-user",), has_instance_connect=True)
_DEBIAN_SOFTWARE = ImageSoftware(login_users=("admin",), cloud_init_version="22.4.2")
_UBUNTU_SOFTWARE = ImageSoftware(
    login_users=("ubuntu",),
    has_instance_connect=True,
    cloud_init_version="25.1.4-0ubuntu0~24.04.1",
)
_DEEP_LEARNING = "898082745236"  # AWS's own account for these; built on the other two
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-connect-prerequisites.html says
# which images have the package; their owners stand in the publishers' own lists of images.
_BY_OWNER = {
    "137112412989": _AMAZON_SOFTWARE,
    "099720109477": _UBUNTU_SOFTWARE,
    "136693071363": _DEBIAN_SOFTWARE,
}


def software_of(owner: str, name: str) -> ImageSoftware:
    """What the image of an owner (account id) with a name brings along."""
    if owner == _DEEP_LEARNING:
        return _UBUNTU_SOFTWARE if "ubuntu" in name.lower() else _AMAZON_SOFTWARE
    return _BY_OWNER.get(owner, ImageSoftware())
