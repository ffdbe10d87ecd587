"""A person of a control plane that enforces IAM, with the permissions that are given to them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.integration.launch.account import ACCOUNT
from tests.integration.launch.conftest import account, control_plane, proxy
from tests.tools.inside import Inside

__all__ = ["account", "control_plane", "proxy"]

ALICE = "alice"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/spawn/boundary"


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user of the account, and their `spawn` behind the proxy."""

    name: str
    spawn: Inside
    administrator: Any

    def may(self, *documents: dict[str, Any]) -> None:
        """Let them do what these policies allow, and nothing else."""
        iam, attached = self.administrator, "printed-{}".format
        names = iam.list_user_policies(UserName=self.name)["PolicyNames"]
        for name in names:
            iam.delete_user_policy(UserName=self.name, PolicyName=name)
        for number, document in enumerate(documents):
            iam.put_user_policy(
                UserName=self.name,
                PolicyName=attached(number),
                PolicyDocument=json.dumps(document),
            )
