"""Rules of AWS Config: what it watches and reports. They prevent nothing.

Source: AWS Config developer guide, "List of AWS Config managed rules".
"""

from __future__ import annotations

import json
from collections.abc import Callable

from spawn.iam.guardrails.model import Document, Wishes


def _rule(
    name: str, identifier: str, *types: str, **parameters: str
) -> Callable[[Wishes], Document]:
    """Return what writes a managed rule, for resources of the types where it looks at some."""
    rule: dict[str, object] = {
        "ConfigRuleName": name,
        "Source": {"Owner": "AWS", "SourceIdentifier": identifier},
    }
    if types:
        rule["Scope"] = {"ComplianceResourceTypes": list(types)}
    if parameters:
        rule["InputParameters"] = json.dumps(parameters, sort_keys=True)
    return lambda _: rule


_INSTANCE, _VOLUME = "AWS::EC2::Instance", "AWS::EC2::Volume"

imdsv2 = _rule("spawn-imdsv2", "EC2_IMDSV2_CHECK", _INSTANCE)
encryption_by_default = _rule("spawn-ebs-encryption", "EC2_EBS_ENCRYPTION_BY_DEFAULT")
encrypted_volumes = _rule("spawn-encrypted-volumes", "ENCRYPTED_VOLUMES", _VOLUME)
restricted_ssh = _rule("spawn-restricted-ssh", "INCOMING_SSH_DISABLED", "AWS::EC2::SecurityGroup")
public_snapshots = _rule("spawn-public-snapshots", "EBS_SNAPSHOT_PUBLIC_RESTORABLE_CHECK")
required_tags = _rule(
    "spawn-required-tags", "REQUIRED_TAGS", _INSTANCE, _VOLUME, tag1Key="spawn", tag2Key="owner"
)
no_public_ip = _rule("spawn-no-public-ip", "EC2_INSTANCE_NO_PUBLIC_IP", _INSTANCE)
