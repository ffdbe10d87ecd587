"""The one door to moto's backends: the account's state, service by service.

Everything else in this room that needs moto's objects gets them here, so that a new release of
moto is met in one place. moto's backends are not safe for threads: callers hold the cloud's lock.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

# Read when moto is imported: its own list holds 700 old images, of which each costs time.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
# AWS's managed policies exist in every account; moto leaves them out unless told.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

from moto.cloudtrail.models import CloudTrailBackend, Trail, cloudtrail_backends
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ecr.models import ECRBackend, ecr_backends
from moto.iam.models import IAMBackend, iam_backends
from moto.kms.models import KmsBackend, kms_backends
from moto.logs.models import LogsBackend, logs_backends
from moto.organizations.models import OrganizationsBackend, organizations_backends
from moto.route53.models import Route53Backend, route53_backends
from moto.s3.models import S3Backend, s3_backends
from moto.scheduler.models import EventBridgeSchedulerBackend, scheduler_backends
from moto.secretsmanager.models import SecretsManagerBackend, secretsmanager_backends
from moto.sqs.models import SQSBackend, sqs_backends
from moto.ssm.models import SimpleSystemManagerBackend, ssm_backends
from moto.sts.models import STSBackend, sts_backends

ACCOUNT_ID = "123456789012"  # AWS's own example account, which the documentation uses too
STRANGER_ID = "210987654321"  # somebody whom the account does not know
PARTITION = "aws"
HOME_REGION = "us-east-1"


def iam() -> IAMBackend:
    """Users, groups, roles, policies, instance profiles."""
    return iam_backends[ACCOUNT_ID][PARTITION]


def sts() -> STSBackend:
    """Role sessions."""
    return sts_backends[ACCOUNT_ID][PARTITION]


def s3() -> S3Backend:
    """Buckets, of every region."""
    return s3_backends[ACCOUNT_ID][PARTITION]


def bucket_owner(name: str) -> str | None:
    """The account of a bucket; None where there is no such bucket."""
    bucket = s3().buckets.get(name)
    return str(bucket.account_id) if bucket is not None else None


def bucket_policy(name: str) -> str | None:
    """A bucket's policy as it was put; None where there is none."""
    bucket = s3().buckets.get(name)
    text = bucket.policy if bucket is not None else None
    return text.decode() if isinstance(text, bytes) else text


def cloudtrail(region: str) -> CloudTrailBackend:
    """Trails of a region."""
    return cloudtrail_backends[ACCOUNT_ID][region]


def trails() -> list[Trail]:
    """The trails of all regions."""
    backends = cloudtrail_backends[ACCOUNT_ID].values()
    return [trail for backend in backends for trail in backend.trails.values()]


def organizations() -> OrganizationsBackend:
    """The organisation that the account manages, where it does."""
    return organizations_backends[ACCOUNT_ID][PARTITION]


def route53() -> Route53Backend:
    """Hosted zones and their records."""
    return route53_backends[ACCOUNT_ID][PARTITION]


def ec2(region: str) -> EC2Backend:
    """Instances, networks, disks and images of a region."""
    return ec2_backends[ACCOUNT_ID][region]


def ec2_regions_in_use() -> list[tuple[str, EC2Backend]]:
    """The regions that have been spoken to, with their backends."""
    return [(str(region), backend) for region, backend in ec2_backends[ACCOUNT_ID].items()]


def regions() -> list[str]:
    """The regions of the account's partition."""
    return [region.name for region in ec2(HOME_REGION).describe_regions()]


def dynamodb(region: str) -> DynamoDBBackend:
    """Tables of a region."""
    return dynamodb_backends[ACCOUNT_ID][region]


def logs(region: str) -> LogsBackend:
    """Log groups of a region."""
    return logs_backends[ACCOUNT_ID][region]


def kms(region: str) -> KmsBackend:
    """Keys and aliases of a region."""
    return kms_backends[ACCOUNT_ID][region]


def ssm(region: str) -> SimpleSystemManagerBackend:
    """Parameters of a region."""
    return ssm_backends[ACCOUNT_ID][region]


def secrets(region: str) -> SecretsManagerBackend:
    """Secrets of a region."""
    return secretsmanager_backends[ACCOUNT_ID][region]


def sqs(region: str) -> SQSBackend:
    """Queues of a region."""
    return sqs_backends[ACCOUNT_ID][region]


def ecr(region: str) -> ECRBackend:
    """Repositories of a region."""
    return ecr_backends[ACCOUNT_ID][region]


def scheduler(region: str) -> EventBridgeSchedulerBackend:
    """Schedules of a region."""
    return scheduler_backends[ACCOUNT_ID][region]


def scheduler_regions_in_use() -> list[tuple[str, EventBridgeSchedulerBackend]]:
    """The regions that have schedules, or had."""
    return [(str(region), b) for region, b in scheduler_backends[ACCOUNT_ID].items()]


def forget_everything() -> None:
    """An empty account again. moto keeps some counters outside its backends; they may stay."""
    BackendDict.reset()
    # For its dashboard moto tracks every object that was ever made, each with its backend.
    reset_model_data()


def instances_of(backend: Any) -> Iterator[Any]:
    """A region's instances; moto's own way to them copies every reservation first."""
    for reservation in backend.reservations.values():
        yield from reservation.instances


def find_instance(instance_id: str, region: str) -> Any | None:
    """The instance of an id; None where the region has none."""
    return next((i for i in instances_of(ec2(region)) if i.id == instance_id), None)


def find_key_pair(name_or_id: str, region: str) -> Any | None:
    """A key pair by its name or its id."""
    pairs = ec2(region).key_pairs
    return pairs.get(name_or_id) or next(
        (pair for pair in pairs.values() if pair.id == name_or_id), None
    )


def tags_of(resource: Any) -> dict[str, str]:
    """An EC2 resource's tags, as a mapping; moto's own way to them goes by everything's tags."""
    return dict(resource.ec2_backend.tags.get(resource.id, {}))
