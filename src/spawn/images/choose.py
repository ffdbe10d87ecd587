"""The image of a launch: the newest of a system that fits the instance type, or a named one.

Both are asked for by one call without knowing the instance type, so they fit in the facts round;
which architecture is right, and whether it is a Deep Learning image, is decided when the type's
answer is there too.
"""

from __future__ import annotations

from collections.abc import Iterable

from spawn.aws.ec2 import DESCRIBE_IMAGES, InstanceType
from spawn.aws.ec2_images import Image, images
from spawn.aws.questions import Question
from spawn.core.errors import AccountError, InputError, NamedThingNotFound
from spawn.core.ids import is_resource_id
from spawn.images.accelerators import missing_drivers, wants_deep_learning
from spawn.images.boots import system_of
from spawn.images.catalog import (
    ARCHITECTURES,
    DEEP_LEARNING,
    PLAIN,
    ImageFamily,
    OperatingSystem,
)
from spawn.images.chosen import ChosenImage, Onlooker, chosen_from, is_deprecated, publisher_seen
from spawn.images.refusals import (
    refuse_agentless,
    refuse_other_architecture,
    refuse_unlaunchable,
    root_of,
)


def image_question(
    os: OperatingSystem, *, may_be_accelerated: bool, region: str, partition: str
) -> Question[tuple[Image, ...]]:
    """Ask for all current images of a system, of every architecture.

    With its Deep Learning images, too, where the type's name leaves GPUs possible. By the
    publisher's account, in partitions where that is not known by the alias that AWS keeps for its
    own accounts: without owners, anybody's image of that name would be in the answer. Raises
    InputError where neither is known.
    """
    families = [PLAIN[os]]
    if may_be_accelerated and os in DEEP_LEARNING:
        families.append(DEEP_LEARNING[os])
    owners = [family.owner(partition) for family in families]
    if None in owners:
        raise InputError(
            f"--os {os} can't be found in {region}",
            why=f"whose account publishes {os.label} in the partition {partition} is not known to "
            f"spawn, and anybody may use its name: take --os {OperatingSystem.AL2023}, or name an "
            "image with --ami",
        )
    return Question(
        operation=DESCRIBE_IMAGES,
        parameters={
            "Owners": list(dict.fromkeys(owners)),
            "Filters": [
                {
                    "Name": "name",
                    "Values": [pattern for family in families for pattern in family.patterns],
                },
                {"Name": "state", "Values": ["available"]},
            ],
        },
        region=region,
        understand=images,
    )


def given_image_question(image_id: str, *, region: str) -> Question[tuple[Image, ...]]:
    """Ask for the image that a person names; deprecated and disabled ones are looked at, too."""
    return Question(
        operation=DESCRIBE_IMAGES,
        parameters={"ImageIds": [image_id], "IncludeDeprecated": True, "IncludeDisabled": True},
        region=region,
        understand=images,
        absent_codes=(
            "InvalidAMIID.Malformed",
            "InvalidAMIID.NotFound",
            "InvalidAMIID.Unavailable",
        ),
    )


def parse_image_id(text: str, *, flag: str = "--ami") -> str:
    """Return the id. Raises InputError, naming `flag`, for anything else."""
    if is_resource_id(text, "ami"):
        return text
    raise InputError(
        f"{flag} {text!r} is not the id of an image",
        why=f"write an id such as ami-0123456789abcdef0, or leave {flag} out for the newest "
        "Amazon Linux 2023",
    )


def architecture_of(instance_type: InstanceType) -> str:
    """Return the architecture to boot the type with. Raises InputError where spawn has none."""
    supported = instance_type.processor_info.supported_architectures
    for architecture in ARCHITECTURES:
        if architecture in supported:
            return architecture
    raise InputError(
        f"--instance-type {instance_type.instance_type} can't be launched by spawn",
        why=f"it is {' or '.join(supported) or 'of an unknown architecture'}, and spawn launches "
        f"Linux on {' and '.join(ARCHITECTURES)}",
    )


def newest_image(
    found: Iterable[Image],
    instance_type: InstanceType,
    onlooker: Onlooker,
    os: OperatingSystem = OperatingSystem.AL2023,
) -> ChosenImage:
    """Return the newest image of the system that boots on the type.

    That is one of AWS's Deep Learning images where the type has GPUs that these drive; the note
    says what drivers a plain one lacks. `found` is the answer to `image_question`, and is not
    believed beyond it. Raises AccountError where there is none.
    """
    architecture = architecture_of(instance_type)
    fitting = [image for image in found if _is_current(image, architecture, onlooker)]
    if os in DEEP_LEARNING and wants_deep_learning(instance_type):
        with_drivers = _newest(fitting, DEEP_LEARNING[os], onlooker)
        if with_drivers is not None:
            return chosen_from(with_drivers, onlooker)
    plain = _newest(fitting, PLAIN[os], onlooker)
    if plain is not None:
        return chosen_from(plain, onlooker, note=missing_drivers(instance_type, os))
    raise AccountError(
        f"no {os.label} image for {architecture} is to be seen in {onlooker.region}",
        why="name an image with --ami",
        next_command=f"aws ec2 describe-images --region {onlooker.region} --owners "
        f"{PLAIN[os].owner(onlooker.partition) or 'self'} "
        f"--filters Name=architecture,Values={architecture}",
    )


def _is_current(image: Image, architecture: str, onlooker: Onlooker) -> bool:
    return (
        image.architecture == architecture
        and image.state == "available"
        and root_of(image) is not None
        and not is_deprecated(image, onlooker.now)
    )


def _newest(fitting: Iterable[Image], family: ImageFamily, onlooker: Onlooker) -> Image | None:
    return max(
        (
            image
            for image in fitting
            if family.includes(image.name) and publisher_seen(image, onlooker) is family.publisher
        ),
        # The name carries version and date, and so decides where two were registered at once.
        key=lambda image: (family.prefers(image.name), image.creation_date, image.name),
        default=None,
    )


def given_image(
    found: Iterable[Image],
    image_id: str,
    instance_type: InstanceType,
    *,
    onlooker: Onlooker,
    no_agent: bool,
) -> ChosenImage:
    """Return the image that a person names.

    Raises NamedThingNotFound where it does not exist or is not shared with the caller, InputError
    where it can't be launched on the type, or where the agent would not start on it: with
    `no_agent` nothing has to.
    """
    image = next((image for image in found if image.image_id == image_id), None)
    if image is None:
        raise NamedThingNotFound(
            f"--ami {image_id}: there is no such image in {onlooker.region}",
            why="images belong to one region, and private ones must be shared with your account; "
            "leave --ami out for the newest Amazon Linux 2023",
            next_command=f"aws ec2 describe-images --region {onlooker.region} --owners self",
        )
    refuse_unlaunchable(image)
    refuse_other_architecture(image, instance_type)
    if not no_agent:
        refuse_agentless(image, system_of(image), instance_type)
    return chosen_from(image, onlooker)
