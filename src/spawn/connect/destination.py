"""An instance by its id: as it is now, and who logs in to it."""

from __future__ import annotations

from dataclasses import dataclass

from spawn.aws import ec2
from spawn.aws.door import Reader
from spawn.aws.instance_details import instance_question
from spawn.aws.questions import Known, Unseen, answer_of, denial_of
from spawn.core.errors import NamedThingNotFound
from spawn.images.catalog import ImageFamily, family_of, publisher_of
from spawn.images.choose import given_image_question

# Where the image does not say: what most images of EC2's that are not known use.
DEFAULT_USER = "ec2-user"


@dataclass(frozen=True, kw_only=True)
class Login:
    """Who logs in; `has_instance_connect`: the image takes keys from EC2 Instance Connect."""

    user: str
    has_instance_connect: bool = False


def find_instance(reader: Reader, instance_id: str, *, region: str) -> ec2.Instance:
    """Return the instance.

    Raises NamedThingNotFound where there is none, AccessDenied where nobody may look, AwsRefusal.
    """
    fact = answer_of(reader, instance_question(instance_id, region=region))
    if isinstance(fact, Unseen):
        raise denial_of(fact)
    if isinstance(fact, Known) and fact.value:
        return fact.value[0]
    raise NamedThingNotFound(
        f"there is no instance {instance_id} in {region}", next_command="spawn list"
    )


def find_login(
    reader: Reader, instance: ec2.Instance, *, region: str, partition: str, user: str | None
) -> Login:
    """Return how one logs in to the instance's image, as `user` where one is given.

    Of an image that is not known, the usual user does. Raises AwsRefusal.
    """
    fact = answer_of(reader, given_image_question(instance.image_id, region=region))
    image = fact.value[0] if isinstance(fact, Known) and fact.value else None
    family: ImageFamily | None = None
    if image is not None:
        publisher = publisher_of(image.owner_id, alias=image.image_owner_alias, partition=partition)
        family = family_of(publisher, image.name)
    if family is None:
        return Login(user=user or DEFAULT_USER)
    return Login(user=user or family.login_user, has_instance_connect=family.has_instance_connect)
