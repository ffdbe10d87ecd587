"""Credentials, region and endpoint: botocore's own chain, loaded as fast as it can be.

The chain is botocore's and stays so (environment, shared files, SSO, container, instance):
spawn has no credentials and no opinion of its own.
"""

from __future__ import annotations

import functools
import re
import threading
from datetime import datetime
from typing import Any, cast

import botocore.session
import msgspec
from botocore import handlers
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from spawn import __version__
from spawn.aws.assumed import assumed_role
from spawn.aws.refusals import translated
from spawn.aws.service_models import Called, ServiceModels
from spawn.core.errors import InputError

# Many reads go out in one round, each on a connection of its own.
CONNECTIONS = 48

# EC2 API Reference, "Error codes", "Server error codes".
_SHORTAGE_CODES = frozenset({"InsufficientHostCapacity", "InsufficientInstanceCapacity"})
# IAM user guide, "IAM identifiers"; STS API Reference, AssumeRole, RoleSessionName.
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,576}", re.ASCII)
_UNNAMEABLE = re.compile(r"[^\w+=,.@-]", re.ASCII)


class _Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long a service is waited for, and how often it is asked."""

    connect_timeout_seconds: int
    read_timeout_seconds: int
    attempts: int
    mode: str = "standard"


# The first attempt and four more: botocore's standard mode backs off up to 20 s in between.
_PATIENCE = _Patience(connect_timeout_seconds=5, read_timeout_seconds=30, attempts=5)
# Those that a command can do without must not hold it up.
_HASTE = _Patience(connect_timeout_seconds=2, read_timeout_seconds=4, attempts=1)
_PATIENCE_WITH = {
    "pricing": _HASTE,
    # LookupEvents is answered twice a second, to all of an account together: whoever asks more
    # often is told to wait, and adaptive retries find the pace.
    "cloudtrail": _Patience(
        connect_timeout_seconds=5, read_timeout_seconds=30, attempts=10, mode="adaptive"
    ),
}


def _botocore_session(profile: str | None, called: Called | None) -> Any:
    session = botocore.session.Session(profile=profile)
    session.register_component("data_loader", ServiceModels(called))
    # UserData goes out as the plan holds it, in base64: botocore would encode it once more.
    session.unregister("before-parameter-build.ec2.RunInstances", handlers.base64_encode_user_data)
    session.register("needs-retry.ec2.RunInstances", _leave_shortage_to_us)
    return session


def _leave_shortage_to_us(response: Any, **_: Any) -> None:
    """Keep botocore from asking again where there is no capacity.

    EC2 says so with status 500, which botocore takes for a fault that passes and waits out; a
    launch has other zones to try meanwhile. This runs before botocore's own handler decides.
    """
    if response is None:
        return
    answer, understood = response
    if understood.get("Error", {}).get("Code") in _SHORTAGE_CODES:
        answer.status_code = 400


def _session_name(arn: str) -> str:
    """Name the session after the user or session that assumes the role."""
    return _UNNAMEABLE.sub("-", arn.rpartition("/")[2].rpartition(":")[2])[:64].ljust(2, "-")


def profile_names() -> tuple[str, ...]:
    """Return the profiles of the AWS configuration."""
    with translated("profiles"):
        return tuple(_botocore_session(None, None).available_profiles)


class CredentialSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where the credentials come from, and nothing of what they are.

    method        the name of the source in botocore's chain: "env", "sso", "assume-role" …
    is_temporary  whether they are a session's, which ends; else an access key that does not
    expires_at    when they end, None where that is not known or they don't
    """

    method: str
    is_temporary: bool
    expires_at: datetime | None = None


class Session:
    """One person's way to AWS: a profile, a region, an endpoint; clients are made when needed.

    `assume_role` is the ARN of a role to act as, by the right of the profile's credentials.
    `user_agent_extra` goes into every call, and so into CloudTrail: it carries the launch id.
    `called` says which operations of a service will be called, None for any: knowing them saves
    most of the time that a client takes to make.
    With `assume_role` STS is asked at once whose right that is: the role's sessions are named
    after them. Raises InputError for a profile that does not exist, and for an ARN that is not a
    role's; what STS refuses is an AwsRefusal.
    """

    def __init__(
        self,
        *,
        profile: str | None,
        region: str | None,
        assume_role: str | None = None,
        user_agent_extra: str = "",
        called: Called | None = None,
    ) -> None:
        self._session = _botocore_session(profile, called)
        self._clients: dict[tuple[str, str, bool], Any] = {}
        # Whether the caller may have EC2's denials decoded: so until STS says otherwise.
        self.decodes_denials = True
        self._assumed_by = ""
        self._lock = threading.Lock()
        self._user_agent = " ".join(filter(None, (f"spawn/{__version__}", user_agent_extra)))
        try:
            # Looked at in any event: a region that is given must not hide a missing profile.
            self._session.get_scoped_config()
            self.region = region or cast("str | None", self._session.get_config_variable("region"))
        except BotoCoreError as error:
            raise InputError(
                f"the AWS profile {self._session.profile!r} can't be used",
                why=str(error),
                next_command="aws configure list-profiles",
            ) from error
        if assume_role is not None:
            self._assume(assume_role, profile)

    def _assume(self, role_arn: str, profile: str | None) -> None:
        """Sign with the role's credentials from now on; the person's own only ask for them."""
        if not _ROLE_ARN.fullmatch(role_arn):
            raise InputError(
                f"--assume-role {role_arn!r} is not the ARN of a role",
                why="write one like arn:aws:iam::123456789012:role/launcher",
            )
        own = _botocore_session(profile, None)
        region = self.region or "us-east-1"
        with translated("credentials", profile=self.profile):
            source = own.get_credentials()
            if source is None:
                return
            self._assumed_by = f"{source.access_key} {role_arn}"
        with translated("sts:GetCallerIdentity", profile=self.profile):
            caller = own.create_client("sts", region_name=region).get_caller_identity()
        chain = assumed_role(
            role_arn,
            source=source,
            client_creator=functools.partial(own.create_client, region_name=region),
            session_name=_session_name(str(caller["Arn"])),
        )
        self._session.register_component("credential_provider", chain)

    @property
    def profile(self) -> str | None:
        """The profile that was named, by a flag or in the environment."""
        return cast("str | None", self._session.profile)

    def client(self, service: str, region: str, *, in_haste: bool = False) -> Any:
        """Return botocore's client, the same one for the same service and region.

        One that is `in_haste` is for what nothing depends on.
        """
        key = (service, region, in_haste)
        with self._lock:
            known = self._clients.get(key)
            if known is None:
                known = self._clients[key] = self._make_client(service, region, in_haste=in_haste)
            return known

    def _make_client(self, service: str, region: str, *, in_haste: bool) -> Any:
        patience = _HASTE if in_haste else _PATIENCE_WITH.get(service, _PATIENCE)
        config = Config(
            connect_timeout=patience.connect_timeout_seconds,
            read_timeout=patience.read_timeout_seconds,
            retries={"mode": patience.mode, "total_max_attempts": patience.attempts},
            max_pool_connections=CONNECTIONS,
            user_agent_extra=self._user_agent,
        )
        with translated(f"{service}:*"):
            return self._session.create_client(service, region_name=region, config=config)

    def endpoint(self, service: str, region: str) -> str:
        """Return the URL that calls of the service go to."""
        return cast("str", self.client(service, region).meta.endpoint_url)

    def partition(self, region: str) -> str:
        """Return the partition of a region, such as "aws" or "aws-us-gov"."""
        with translated("partition"):
            return cast("str", self._session.get_partition_for_region(region))

    def known_regions(self) -> tuple[str, ...]:
        """Return the regions in which botocore knows EC2, without asking the account."""
        with translated("regions"):
            return tuple(self._session.get_available_regions("ec2"))

    def access_key_id(self) -> str | None:
        """Return the id of the access key that would sign, None where there are no credentials."""
        with translated("credentials", profile=self.profile):
            credentials = self._session.get_credentials()
            return None if credentials is None else cast("str", credentials.access_key)

    def credential_source(self) -> CredentialSource | None:
        """Return where the credentials come from, None where there are none.

        Raises CredentialsRefused where the source that won can't give any.
        """
        with translated("credentials", profile=self.profile):
            credentials = self._session.get_credentials()
            if credentials is None:
                return None
            frozen = credentials.get_frozen_credentials()  # asks for a session where one is needed
        return CredentialSource(
            method=str(credentials.method),
            is_temporary=frozen.token is not None,
            # botocore keeps it where nobody else may look, and says it nowhere else.
            expires_at=getattr(credentials, "_expiry_time", None),
        )

    def credentials_id(self) -> str:
        """Return what tells the credentials from others in files of our own; "" where none are.

        Those of a role that is assumed are new each time: it is told by who assumes it.
        """
        return self._assumed_by or self.access_key_id() or ""
