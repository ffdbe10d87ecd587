"""An instance by its id: as it is now, and who logs in to it."""

from __future__ import annotations

from spawn.aws import ec2
from spawn.aws.door import Reader
from spawn.aws.instance_details import instance_question
from spawn.aws.questions import Known, answer_of
from spawn.core.errors import NamedThingNotFound
from spawn.images.catalog import login_user, publisher_of
from spawn.images.choose import given_image_question

# Where the image does not say: what most images of EC2's that are not known use.
DEFAULT_USER = "ec2-user"


def find_instance(reader: Reader, instance_id: str, *, region: str) -> ec2.Instance:
    """Return the instance. Raises NamedThingNotFound where there is none, AwsRefusal."""
    fact = answer_of(reader, instance_question(instance_id, region=region))
    if isinstance(fact, Known) and fact.value:
        return fact.value[0]
    raise NamedThingNotFound(
        f"there is no instance {instance_id} in {region}", next_command="spawn list"
    )


def find_login_user(reader: Reader, instance: ec2.Instance, *, region: str, partition: str) -> str:
    """Return who logs in to the instance's image; the usual one where that is not known."""
    fact = answer_of(reader, given_image_question(instance.image_id, region=region))
    image = fact.value[0] if isinstance(fact, Known) and fact.value else None
    if image is None:
        return DEFAULT_USER
    publisher = publisher_of(image.owner_id, alias=image.image_owner_alias, partition=partition)
    return login_user(publisher, image.name) or DEFAULT_USER
