"""People of a control plane that enforces IAM, who may do what they are given and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.session
import msgspec
import pytest
from botocore.config import Config

from spawn.iam.documents import PolicyDocument
from spawn.iam.guardrails.boundary import boundary
from spawn.iam.guardrails.model import Wishes
from tests.integration.iam.printing import printed, without
from tests.integration.launch.account import ACCOUNT, REGION, Account
from tests.integration.launch.conftest import account, control_plane, proxy
from tests.tools.inside import Inside
from tests.tools.programs import Finished
from tests.tools.proxy import Proxy

__all__ = ["account", "control_plane", "printed", "proxy", "without"]

_SESSION = botocore.session.Session()
# The wire tells only one of two names that S3 has for the same call.
_SAME = {
    "s3:GetBucketLifecycle": "s3:GetBucketLifecycleConfiguration",
    "s3:PutBucketLifecycle": "s3:PutBucketLifecycleConfiguration",
}


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user of the account, and their `spawn` behind the proxy."""

    name: str
    account: Account
    proxy: Proxy
    spawn: Inside
    keys: dict[str, str] = field(repr=False)

    def may(self, *documents: PolicyDocument) -> None:
        """Let them do what these policies allow, and nothing else."""
        iam = self.account.client("iam")
        for name in iam.list_user_policies(UserName=self.name)["PolicyNames"]:
            iam.delete_user_policy(UserName=self.name, PolicyName=name)
        for number, document in enumerate(documents):
            text = json.dumps(msgspec.to_builtins(document))
            iam.put_user_policy(
                UserName=self.name, PolicyName=f"printed-{number}", PolicyDocument=text
            )

    def __call__(self, *words: str) -> tuple[Finished, set[str]]:
        """Run `spawn`; what came of it, and the operations that were called."""
        self.proxy.forget()
        finished = self.spawn(*words)
        calls = {each.call.key for each in self.proxy.records}
        return finished, {_SAME.get(key, key) for key in calls}

    def client(self, service: str) -> Any:
        """Return a client with their keys that goes straight to the cloud."""
        keys = self.keys["AWS_ACCESS_KEY_ID"], self.keys["AWS_SECRET_ACCESS_KEY"]
        return self.with_keys(*keys)(service)

    def with_keys(self, key_id: str, secret: str, token: str | None = None) -> Callable[[str], Any]:
        """Return what makes clients that sign with these."""

        def client(service: str) -> Any:
            return _SESSION.create_client(
                service,
                region_name=REGION,
                endpoint_url=self.account.cloud.endpoint_url,
                aws_access_key_id=key_id,
                aws_secret_access_key=secret,
                aws_session_token=token,
                config=Config(retries={"total_max_attempts": 1}),
            )

        return client


@pytest.fixture
def person(account: Account, proxy: Proxy, home: Path) -> Callable[[str], Person]:
    """Make a user of this name, in an account that has spawn's boundary."""
    iam = account.client("iam")
    document = boundary(Wishes(partition="aws", account=ACCOUNT))
    iam.create_policy(
        PolicyName="boundary",
        Path="/spawn/",
        PolicyDocument=json.dumps(msgspec.to_builtins(document)),
    )

    def make(name: str) -> Person:
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys = {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }
        environment = account.cloud.environment(home) | {"AWS_ENDPOINT_URL": proxy.url} | keys
        spawn = Inside(environment=environment)
        return Person(name=name, account=account, proxy=proxy, spawn=spawn, keys=keys)

    return make
