"""ARNs taken apart: `arn:partition:service:region:account:resource`.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

import msgspec

_PARTS = 6


class Arn(msgspec.Struct, frozen=True, kw_only=True):
    """An ARN, or a pattern of one; `region` and `account` may be empty."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def parse_arn(text: str) -> Arn:
    """Take an ARN apart. Raises ValueError for a text of another shape."""
    head, *parts = text.split(":", _PARTS - 1)
    if head != "arn" or len(parts) != _PARTS - 1 or not (parts[0] and parts[1] and parts[4]):
        raise ValueError(f"not an ARN: {text!r}")
    partition, service, region, account, resource = parts
    return Arn(
        partition=partition, service=service, region=region, account=account, resource=resource
    )
