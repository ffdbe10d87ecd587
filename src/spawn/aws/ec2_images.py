"""EC2's images: what DescribeImages answers."""

from __future__ import annotations

from spawn.aws.operation import Answer
from spawn.aws.shapes import Shape, Tagged, many


class ImageEbs(Shape, frozen=True, kw_only=True):
    """The disk of a block-device mapping of an image."""

    volume_size: int | None = None
    volume_type: str = "gp2"
    encrypted: bool = False
    delete_on_termination: bool = True
    snapshot_id: str = ""


class ImageMapping(Shape, frozen=True, kw_only=True):
    """A block-device mapping of an image; `ebs` is None for instance store."""

    device_name: str
    ebs: ImageEbs | None = None


class ProductCode(Shape, frozen=True, kw_only=True):
    """A product whose maker charges for the image."""

    product_code_id: str = ""


class Image(Tagged, frozen=True, kw_only=True):
    """An AMI. `creation_date` is text as AWS gives it (RFC 3339 with milliseconds).

    `platform` is "windows" or empty; `platform_details` names what AWS bills ("Linux/UNIX").
    """

    image_id: str
    name: str = ""
    owner_id: str = ""
    image_owner_alias: str = ""
    architecture: str
    root_device_name: str = ""
    root_device_type: str = ""
    virtualization_type: str = "hvm"
    platform: str = ""
    platform_details: str = ""
    product_codes: tuple[ProductCode, ...] = ()
    public: bool = False
    state: str = "available"
    creation_date: str = ""
    deprecation_time: str = ""
    block_device_mappings: tuple[ImageMapping, ...] = ()


def images(answer: Answer) -> tuple[Image, ...]:
    """Understand DescribeImages."""
    return many(answer, "Images", Image)
