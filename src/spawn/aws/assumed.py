"""Another role's credentials in place of one's own, renewed before they end.

The session is named after the caller, since its name is all that CloudTrail, and the tag `owner`,
will say of who it was (IAM user guide, "View information about IAM roles in CloudTrail").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)

# What a role allows at least, and what AWS grants where one role is assumed from another.
_SESSION_SECONDS = 3600


class _AssumedRole(CredentialProvider):  # type: ignore[misc]
    """The one provider of a chain that has nothing else."""

    METHOD = "assume-role"
    CANONICAL_NAME = None

    def __init__(self, fetch: Callable[[], Any]) -> None:
        super().__init__()
        self._fetch = fetch

    def load(self) -> Any:
        return DeferredRefreshableCredentials(self._fetch, self.METHOD)


def assumed_role(
    role_arn: str, *, source: Any, client_creator: Callable[..., Any], session_name: str
) -> Any:
    """Return botocore's credential chain that holds this role alone.

    `source` are the credentials that assume it; `client_creator` makes the STS client for that.
    Nothing is asked before the first call is signed.
    """
    fetcher = AssumeRoleCredentialFetcher(
        client_creator,
        source,
        role_arn,
        extra_args={"RoleSessionName": session_name, "DurationSeconds": _SESSION_SECONDS},
    )
    return CredentialResolver(providers=[_AssumedRole(fetcher.fetch_credentials)])
