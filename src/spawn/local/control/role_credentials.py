"""Credentials of instance roles: real sessions of the cloud's own STS, renewed in time."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from spawn.local.control import account
from spawn.local.control.operations import Call
from spawn.local.control.principals import SourceInstance
from spawn.local.control.trail.identity import Caller, role_taken
from spawn.local.world import RoleCredentials

LIFETIME = timedelta(hours=6)  # as EC2's
RENEWED_BEFORE = timedelta(minutes=30)  # EC2 has new ones at least five minutes before the end
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Assignment:
    """The profile that an instance has, and the profile's role."""

    profile: Any
    role: Any


def assignment_of(instance: Any) -> Assignment | None:
    """The profile as it is associated now, not as it was at launch; None without a role."""
    association = instance.ec2_backend.iam_instance_profile_associations.get(instance.id)
    profile = association.iam_instance_profile if association else None
    if profile is None or not profile.roles:
        return None
    return Assignment(profile=profile, role=profile.roles[0])


def is_current(credentials: RoleCredentials, assignment: Assignment, now: datetime) -> bool:
    """Whether credentials are of this role and far enough from their end."""
    return (
        credentials.role_name == assignment.role.name
        and credentials.instance_profile_arn == assignment.profile.arn
        and now + RENEWED_BEFORE < expiration(credentials)
    )


def expiration(credentials: RoleCredentials) -> datetime:
    """When credentials end."""
    return datetime.strptime(credentials.expiration, _FORMAT).replace(tzinfo=UTC)


def source_of(instance: Any) -> SourceInstance:
    """What calls with an instance's credentials tell of the instance."""
    base = f"arn:{account.PARTITION}:ec2:{instance.region_name}:{account.ACCOUNT_ID}"
    primary = instance.nics[min(instance.nics)]
    return SourceInstance(
        instance_id=instance.id,
        arn=f"{base}:instance/{instance.id}",
        vpc_id=primary.vpc_id,
        private_ip=primary.private_ip_address,
    )


def taken(instance: Any, assignment: Assignment) -> tuple[Call, Caller]:
    """How EC2 took the role for the instance, as CloudTrail tells it."""
    parameters = {"RoleArn": str(assignment.role.arn), "RoleSessionName": str(instance.id)}
    return role_taken(parameters, "ec2.amazonaws.com", str(instance.region_name))


def mint(instance: Any, assignment: Assignment, now: datetime) -> RoleCredentials:
    """A session of the role, named for the instance, as EC2 names them."""
    session = account.sts().assume_role(
        region_name=instance.region_name,
        role_session_name=instance.id,
        role_arn=assignment.role.arn,
        policy="",
        duration=int(LIFETIME.total_seconds()),
        external_id="",
    )
    session.source = source_of(instance)  # type: ignore[attr-defined]  # ours, on moto's object
    return RoleCredentials(
        role_name=assignment.role.name,
        instance_profile_arn=assignment.profile.arn,
        instance_profile_id=assignment.profile.id,
        access_key_id=session.access_key_id,
        secret_access_key=session.secret_access_key,
        token=session.session_token,
        last_updated=now.strftime(_FORMAT),
        expiration=(now + LIFETIME).strftime(_FORMAT),
    )
