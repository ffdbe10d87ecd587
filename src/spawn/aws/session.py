"""Credentials, region and endpoint: botocore's own chain, loaded as fast as it can be.

The chain is botocore's and stays so (environment, shared files, SSO, container, instance):
spawn has no credentials and no opinion of its own.
"""

from __future__ import annotations

import gzip
import threading
from pathlib import Path
from typing import Any, cast

import botocore.session
import msgspec
from botocore import handlers
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.loaders import JSONFileLoader, Loader

from spawn import __version__
from spawn.aws.refusals import translated
from spawn.core.errors import InputError

# Those of the Operation table, and those by which botocore's chain gets credentials.
SERVICES = frozenset({"dynamodb", "ec2", "iam", "kms", "scheduler", "sts"}) | frozenset(
    {"signin", "sso", "sso-oidc"}
)
# Many reads go out in one round, each on a connection of its own.
CONNECTIONS = 48
CONNECT_TIMEOUT_SECONDS = 5
READ_TIMEOUT_SECONDS = 30
# The first attempt and four more: botocore's standard mode backs off up to 20 s in between.
ATTEMPTS = 5


class _FastJsonLoader(JSONFileLoader):  # type: ignore[misc]
    """Reads service models with msgspec: EC2's has 4 MB, and its parsing was most of a start."""

    def load_file(self, file_path: str) -> Any:
        plain, packed = Path(f"{file_path}.json"), Path(f"{file_path}.json.gz")
        if plain.is_file():
            return msgspec.json.decode(plain.read_bytes())
        if packed.is_file():
            return msgspec.json.decode(gzip.decompress(packed.read_bytes()))
        return None


class _OurServices(Loader):  # type: ignore[misc]
    """Knows the services that are called, instead of listing the 400 that could be."""

    def list_available_services(self, type_name: str) -> list[str]:
        return sorted(SERVICES)


class Session:
    """One person's way to AWS: a profile, a region, an endpoint; clients are made when needed.

    `user_agent_extra` goes into every call, and so into CloudTrail: it carries the launch id.
    Raises InputError for a profile that does not exist.
    """

    def __init__(
        self, *, profile: str | None, region: str | None, user_agent_extra: str = ""
    ) -> None:
        self._session = botocore.session.Session(profile=profile)
        self._session.register_component(
            "data_loader",
            _OurServices(file_loader=_FastJsonLoader(), include_default_search_paths=True),
        )
        # UserData goes out as the plan holds it, in base64: botocore would encode it once more.
        self._session.unregister(
            "before-parameter-build.ec2.RunInstances", handlers.base64_encode_user_data
        )
        self._clients: dict[tuple[str, str], Any] = {}
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

    def client(self, service: str, region: str) -> Any:
        """Return botocore's client, the same one for the same service and region."""
        with self._lock:
            known = self._clients.get((service, region))
            if known is None:
                known = self._clients[service, region] = self._make_client(service, region)
            return known

    def _make_client(self, service: str, region: str) -> Any:
        config = Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
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

    def access_key_id(self) -> str | None:
        """Return the id of the access key that would sign, None where there are no credentials."""
        with translated("credentials"):
            credentials = self._session.get_credentials()
            return None if credentials is None else cast("str", credentials.access_key)
